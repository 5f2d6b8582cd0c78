/** `plugins/README.md`, followed line by line in an empty folder outside of the repository. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { decode } from 'fast-png'

const ROOT = resolve(import.meta.dir, '../..')
const MOST_LINES = 60

interface Block {
  readonly language: string
  /** The file that it is, or `gateway`: the terminal that it is for. */
  readonly label: string
  readonly text: string
}

const page = await Bun.file(join(ROOT, 'plugins/README.md')).text()
const blocks: readonly Block[] = [...page.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm)].map(
  ([, language = '', label = '', text = '']) => ({ language, label, text }),
)
const written = blocks.filter(({ language, label }) => language !== 'sh' && label !== '')

let folder = ''
let port = 0
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'flow2api-author-'))
  const free = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  port = free.port
  free.stop(true)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** All that differs from what a reader types: where the repository is, and which port is free here. */
const here = (text: string) =>
  text.replaceAll('"$HOME/Flow2API"', `"${ROOT}"`).replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`)

const env = () => ({
  PATH: `${dirname(process.execPath)}:${join(ROOT, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`,
  HOME: folder,
  FLOW2API_PORT: String(port),
})

const shell = (text: string) =>
  Bun.spawn(['sh', '-eu', '-c', here(text)], {
    cwd: folder,
    env: env(),
    stdout: 'pipe',
    stderr: 'pipe',
    detached: true,
  })

test('whoever follows it gets a picture of his own', async () => {
  let gateway: ReturnType<typeof shell> | undefined
  // One terminal: what it exports holds for all that follows.
  let exported = ''
  const outputs: string[] = []
  try {
    for (const { language, label, text } of blocks) {
      if (language === 'sh' && label === 'gateway') {
        gateway = shell(text)
        await servingOf(gateway)
      } else if (language === 'sh') {
        const run = shell(`${exported}${text}`)
        const [output, errors, code] = await Promise.all([
          new Response(run.stdout).text(),
          new Response(run.stderr).text(),
          run.exited,
        ])
        expect({ text, code, ...(code !== 0 && { output, errors }) }).toEqual({ text, code: 0 })
        exported += text
          .split('\n')
          .filter(line => line.startsWith('export '))
          .map(line => `${line}\n`)
          .join('')
        outputs.push(output)
      } else if (label !== '') await Bun.write(join(folder, label), text)
    }
    const { width, height, data } = decode(await Bun.file(join(folder, 'picture.png')).bytes())
    const hash = new Bun.CryptoHasher('sha256').update('A lighthouse at dusk').digest()
    const pixel = (x: number, y: number) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)]
    expect([width, height]).toEqual([256, 256])
    expect(pixel(128, 100)).toEqual([...hash.subarray(0, 3)])
    expect(pixel(0, 0)).toEqual([...hash.subarray(3, 6)])
    expect(pixel(0, 255)).toEqual([...hash.subarray(6, 9)])
    // The reload took the new setting.
    expect(outputs.join('\n')).toMatch(/"id":"lab","outcome":"reloaded","generation":2/)
  } finally {
    // The whole of its group: the shell waits for the gateway, which waits for nobody.
    if (gateway) process.kill(-gateway.pid, 'SIGTERM')
    await gateway?.exited
  }
}, 120_000)

async function servingOf({ stdout, stderr }: ReturnType<typeof shell>): Promise<void> {
  let seen = ''
  const serves = Promise.withResolvers<void>()
  const read = async (stream: ReadableStream<Uint8Array>) => {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      seen += decoder.decode(chunk, { stream: true })
      if (seen.includes('serves at')) serves.resolve()
    }
  }
  const ended = Promise.all([read(stdout), read(stderr)]).then(() => {
    throw new Error(`the gateway ended:\n${seen}`)
  })
  ended.catch(() => {})
  await Promise.race([serves.promise, ended])
}

test(`in at most ${MOST_LINES} lines of own code`, () => {
  expect(written.map(({ label }) => label)).toEqual(['lab/index.ts', 'setting.toml'])
  const lines = written.flatMap(({ text }) => text.trimEnd().split('\n'))
  expect(lines.length).toBeLessThanOrEqual(MOST_LINES)
})
