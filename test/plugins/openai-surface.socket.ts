/** HTTP by hand, to hang up in the middle; and a proxy that does so by itself. */
import net from 'node:net'
import { authorization } from './openai-surface.world.ts'

export interface RawClient {
  /** Everything that has come. */
  readonly received: string
  /** The same without the head and the framing of chunks. */
  readonly body: string
  /** Whether the other side has ended the answer or the connection. */
  readonly ended: boolean
  write(text: string): void
  hangUp(): void
}

/** Posts JSON over a connection of its own and lets the answer come. Headers that are empty are left out. */
export function rawPost(base: string, path: string, body: unknown, headers: Record<string, string> = {}): RawClient {
  const { hostname, port } = new URL(base)
  const text = body === undefined ? '' : JSON.stringify(body)
  const head = Object.entries({
    host: hostname,
    authorization,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  })
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}: ${value}\r\n`)
  const socket = net.connect(Number(port), hostname)
  let received = ''
  let closed = false
  socket.setEncoding('utf8')
  socket.on('data', chunk => {
    received += chunk
  })
  socket.on('close', () => {
    closed = true
  })
  socket.on('error', () => {})
  socket.write(`POST ${path} HTTP/1.1\r\n${head.join('')}\r\n${text}`)
  return {
    get received() {
      return received
    },
    get body() {
      return unchunked(received.slice(received.indexOf('\r\n\r\n') + 4))
    },
    get ended() {
      return closed || received.endsWith('\r\n0\r\n\r\n')
    },
    write: text => void socket.write(text),
    hangUp: () => void socket.destroy(),
  }
}

/** The data of all chunks that are complete; lengths are in bytes, and what is tested here is ASCII. */
function unchunked(payload: string): string {
  const [head, length = ''] = /^([0-9a-f]+)\r\n/i.exec(payload) ?? []
  if (head === undefined) return ''
  const end = head.length + Number.parseInt(length, 16)
  return payload.length < end ? '' : payload.slice(head.length, end) + unchunked(payload.slice(end + 2))
}

export interface ImpatientProxy extends Disposable {
  readonly url: string
  /** How many connections it has cut. */
  readonly cut: number
}

/** Hands everything on and cuts a connection on which nothing has moved for `idleMs`, as reverse proxies do. */
export async function impatientProxy(target: string, idleMs: number): Promise<ImpatientProxy> {
  const upstream = new URL(target)
  let cut = 0
  const server = net.createServer(near => {
    const far = net.connect(Number(upstream.port), upstream.hostname)
    const end = () => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      socket.on('close', end)
      socket.on('error', end)
    }
    near.setTimeout(idleMs, () => {
      cut++
      end()
    })
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
  return {
    url: `http://127.0.0.1:${address.port}`,
    get cut() {
      return cut
    },
    [Symbol.dispose]: () => void server.close(),
  }
}
