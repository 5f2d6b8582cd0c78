/** The requests that the playground hands out: what a terminal, Python and TypeScript would make of them. */
import { describe, expect, test } from 'bun:test'
import { snippet } from '../../plugins/admin/console/pages/playground/snippets.ts'
import type { PlayBody } from '../../plugins/admin/playground.ts'

const origin = 'http://gateway.test'
const image: PlayBody = { kind: 'image', model: 'painter', prompt: 'a fox' }
const video: PlayBody = { kind: 'video', model: 'veo', prompt: 'a fox runs' }
const wanted = (body: PlayBody, files: readonly string[] = []) => ({ body, files, origin })

/** What a shell makes of it: the arguments of the first command. */
async function argumentsOf(command: string): Promise<string[]> {
  const script = `curl() { printf '%s\\0' "$@"; exit; }\nFLOW2API_API_KEY=key\n${command}`
  const output = await new Response(Bun.spawn(['sh', '-c', script]).stdout).text()
  return output.split('\0').slice(0, -1)
}

describe('curl', () => {
  test('a prompt with every kind of quote arrives as it is', async () => {
    const prompt = `it's "a" \`fox\` $HOME \\n \n!`
    const sent = await argumentsOf(snippet('curl', wanted({ ...image, prompt })))
    expect(sent[0]).toBe('http://gateway.test/v1/images/generations')
    expect(sent).toContain('Authorization: Bearer key')
    expect(JSON.parse(sent.at(-1) ?? '')).toEqual({ model: 'painter', prompt, response_format: 'url' })
  })

  test('parameters are sent under the names of the API', async () => {
    const body: PlayBody = {
      ...video,
      aspect_ratio: '9:16',
      resolution: '1080p',
      seconds: 8,
      seed: 3,
      allow_downgrade: true,
    }
    const sent = await argumentsOf(snippet('curl', wanted(body)))
    expect(sent[0]).toBe('http://gateway.test/v1/videos')
    expect(JSON.parse(sent.at(-1) ?? '')).toEqual({
      model: 'veo',
      prompt: 'a fox runs',
      seconds: '8',
      aspect_ratio: '9:16',
      resolution: '1080p',
      seed: 3,
      allow_downgrade: true,
    })
  })

  test('files make a form, and pictures lead to edits', async () => {
    const sent = await argumentsOf(snippet('curl', wanted({ ...image, count: 2 }, ["it's.png", 'b.png'])))
    expect(sent[0]).toBe('http://gateway.test/v1/images/edits')
    expect(sent).toContain("image[]=@it's.png")
    expect(sent).toContain('n=2')
    expect(await argumentsOf(snippet('curl', wanted(video, ['a.png'])))).toContain('input_reference=@a.png')
  })

  test('a video is gone on with by its id', async () => {
    const body: PlayBody = { ...video, inputs: [{ role: 'source_video', job: 'job_0a' }] }
    const sent = await argumentsOf(snippet('curl', wanted(body)))
    expect(sent[0]).toBe('http://gateway.test/v1/videos/extensions')
    expect(JSON.parse(sent.at(-1) ?? '')).toMatchObject({ video: { id: 'video_0a' } })
  })
})

const BODIES: readonly (readonly [string, PlayBody, readonly string[]])[] = [
  ['an image', { ...image, prompt: `it's "a" \n fox`, aspect_ratio: '1:1' }, []],
  ['an edit', { ...image, count: 3 }, ['a.png', 'b.png']],
  ['a video', { ...video, seconds: 8, seed: 1 }, []],
  ['a video from a picture', video, ['a.png']],
  ['an extension', { ...video, inputs: [{ role: 'source_video', job: 'job_0a' }] }, []],
]

test.each(BODIES)('TypeScript: %s compiles', (_, body, files) => {
  const text = snippet('typescript', wanted(body, files))
  expect(() => new Bun.Transpiler({ loader: 'ts' }).transformSync(text)).not.toThrow()
  expect(text).toContain("baseURL: 'http://gateway.test/v1'")
})

const python = Bun.which('python3')
test.skipIf(!python).each(BODIES)(
  `Python: %s compiles${python ? '' : ' (SKIPPED: no python3 here)'}`,
  async (_, body, files) => {
    const text = snippet('python', wanted(body, files))
    const check = Bun.spawn(['python3', '-c', 'import ast, sys; ast.parse(sys.stdin.read())'], {
      stdin: new Blob([text]),
      stderr: 'pipe',
    })
    expect(await new Response(check.stderr).text()).toBe('')
    expect(await check.exited).toBe(0)
  },
)

test('Python: an extension names the video, the model and what else was chosen', () => {
  const body = { ...video, model: 'vid', seed: 7, inputs: [{ role: 'source_video' as const, job: 'job_0a' }] }
  const text = snippet('python', wanted(body))
  expect(text).toContain('client.post("/videos/extensions", cast_to=Video, body={')
  for (const line of ['"video": {"id":"video_0a"},', '"model": "vid",', '"seed": 7,']) expect(text).toContain(line)
})

test('no key is in any of them', () => {
  for (const language of ['curl', 'python', 'typescript'] as const)
    expect(snippet(language, wanted(image))).toMatch(/YOUR_API_KEY|\$FLOW2API_API_KEY/)
})
