/** Requests that no client library would send: HTTP itself is wrong, or says two things at once. */
import net from 'node:net'
import fc from 'fast-check'
import { API_KEY } from '../fixtures/accounts.ts'

const BODY = JSON.stringify({ prompt: 'a fox', n: 'two' })
const head = (...lines: readonly string[]) =>
  ['POST /v1/images/generations HTTP/1.1', 'host: x', `authorization: Bearer ${API_KEY}`, ...lines, '', ''].join('\r\n')

const TRICKS = [
  head('content-length: 5') + BODY,
  head(`content-length: ${BODY.length + 50}`) + BODY,
  head('content-length: -1') + BODY,
  head('content-length: 1e3') + BODY,
  head('content-length: 5', `content-length: ${BODY.length}`) + BODY,
  `${head('transfer-encoding: chunked')}zz\r\n${BODY}`,
  `${head('transfer-encoding: chunked')}ffffffffffffffff\r\n${BODY}`,
  `${head('transfer-encoding: chunked', `content-length: ${BODY.length}`)}0\r\n\r\n${BODY}`,
  `${head('transfer-encoding: gzip, chunked')}5\r\nhello\r\n0\r\n\r\n`,
  head('expect: 100-continue', `content-length: ${BODY.length}`) + BODY,
  head('upgrade: websocket', 'connection: upgrade', 'content-length: 0'),
  head('upgrade: h2c', 'http2-settings: x', 'content-length: 0'),
  head(`x-long: ${'a'.repeat(70_000)}`, 'content-length: 0'),
  head(...Array.from({ length: 300 }, (_, index) => `x-${index}: ${index}`), 'content-length: 0'),
  head('idempotency-key: a', 'idempotency-key: b', `content-length: ${BODY.length}`) + BODY,
  head('no colon here', 'content-length: 0'),
  `${head('content-type: multipart/form-data; boundary=x', 'content-length: 3')}--x`,
  'POST /v1/images/generations HTTP/1.1\nhost: x\n\n',
  'POST /v1/images/generations HTTP/9.9\r\nhost: x\r\n\r\n',
  'GET /v1/models\r\n\r\n',
  'GET http://other.example/v1/models HTTP/1.1\r\nhost: x\r\n\r\n',
  'GET //v1//models HTTP/1.1\r\nhost: x\r\n\r\n',
  'GET /v1/../admin/api/tokens HTTP/1.1\r\nhost: x\r\n\r\n',
  'GET /v1/models HTTP/1.1\r\nhost: \r\n\r\n',
  'GET /v1/models HTTP/1.1\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
]

export const tricks: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TRICKS) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(...TRICKS), fc.nat()).map(([text, at]) => text.slice(0, at % text.length)),
  },
)

/** Long enough for an answer; what waits for more of a request gets none, which is right. */
const PATIENCE_MS = 150

/** All that came back until the other side closed, or nothing more came. */
export function exchange(url: string, latin1: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise(resolve => {
    const socket = net.connect(Number(port), hostname)
    let received = ''
    socket.setTimeout(PATIENCE_MS, () => socket.destroy())
    socket.on('data', chunk => {
      received += chunk.toString('latin1')
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
    socket.write(Buffer.from(latin1, 'latin1'))
  })
}
