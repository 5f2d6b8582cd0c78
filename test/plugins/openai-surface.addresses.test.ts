/** Pictures that a caller points at: what is fetched, what is read from disk, and what is refused before anything is paid. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { join } from 'node:path'
import { domainFault, type GuardedWant } from 'flow2api/contracts'
import { errAsync, type Fault, okAsync } from 'flow2api/plugin'
import { PNG } from './openai-surface.fixtures.ts'
import { inputsOf, openWorld, pictureFile, type World } from './openai-surface.world.ts'

const KEPT = `${'0123456789abcdef'.repeat(2)}.png`
const marked = (mark: number) => new Uint8Array([...PNG, mark])

let world: World
let fetched: { readonly url: string; readonly want: GuardedWant }[]
let answer: { readonly status: number; readonly bytes: Uint8Array } | Fault

beforeEach(async () => {
  fetched = []
  answer = { status: 200, bytes: marked(9) }
  world = await openWorld({
    guard: {
      fetch: (url, want) => {
        fetched.push({ url, want })
        return 'code' in answer ? errAsync(answer) : okAsync({ mime: 'image/png', ...answer })
      },
      check: () => okAsync(undefined),
    },
    media: {
      keep: () => expect.unreachable(),
      locate: file =>
        file === KEPT
          ? okAsync({ path: join(world.kernel.tmpDir, file), mime: 'image/png' })
          : errAsync(domainFault('not_found', 'It has expired.')),
    },
  })
  await Bun.write(join(world.kernel.tmpDir, KEPT), marked(5))
})
afterEach(() => world.kernel.stop())

const edit = (image: unknown) => world.post('/v1/images/edits', { prompt: 'x', image })
const refusal = async (response: Response) => {
  const { error } = (await response.json()) as { error: { code: string; param: string; message: string } } // the envelope
  expect(world.engine.submitted).toHaveLength(0)
  return [response.status, error.code, error.param, error.message]
}

test('web addresses go through the guarded fetch, with limits, among files and data', async () => {
  const images = ['https://example.test/a.png', marked(2).toBase64(), { url: 'http://example.test/b' }]
  expect((await edit(images)).status).toBe(200)
  expect(inputsOf(world.engine)).toEqual([
    ['reference', 9],
    ['reference', 2],
    ['reference', 9],
  ])
  expect(fetched.map(({ url }) => url)).toEqual(['https://example.test/a.png', 'http://example.test/b'])
  expect(fetched[0]?.want).toMatchObject({ maxBytes: 50 * 1024 ** 2, types: expect.arrayContaining(['image/']) })
})

test('our own finished pictures are read from disk, by whatever host they are known', async () => {
  for (const base of [world.kernel.url, 'https://media.example'])
    expect((await edit(`${base}/tmp/${KEPT}`)).status).toBe(200)
  expect([inputsOf(world.engine, 0), inputsOf(world.engine, 1), fetched]).toEqual([
    [['reference', 5]],
    [['reference', 5]],
    [],
  ])
})

test('one of ours that has expired is refused; one of another gateway is fetched', async () => {
  const gone = `/tmp/${'f'.repeat(32)}.png`
  expect(await refusal(await edit(`${world.kernel.url}${gone}`))).toEqual([
    400,
    'invalid_value',
    'image',
    expect.stringContaining('not kept here any more'),
  ])
  expect((await edit(`https://other.example${gone}`)).status).toBe(200)
  expect(fetched).toHaveLength(1)
})

test.each([
  ['a private address', domainFault('url_refused', 'It is private.'), 'url_refused', 'It is private.'],
  ['a server that is down', domainFault('upstream_unreachable', 'It is down.'), 'invalid_value', 'data URL'],
  ['another status', { status: 404, bytes: PNG }, 'invalid_value', 'status 404'],
  ['no picture', { status: 200, bytes: new TextEncoder().encode('<html>') }, 'invalid_image_file', 'not a picture'],
] as const)('%s is the caller’s mistake, which no retry mends', async (_, found, code, message) => {
  answer = found
  expect(await refusal(await edit('https://example.test/a.png'))).toEqual([
    400,
    code,
    'image',
    expect.stringContaining(message),
  ])
})

test('nothing is fetched where there is no place for it, or something else is wrong', async () => {
  const input_reference = 'https://example.test/a.png'
  for (const body of [
    { prompt: 'x', model: 'vid-1', input_reference },
    { prompt: '', model: 'vid-frames', input_reference },
    { prompt: 'x', model: 'vid-frames', input_reference, seed: 'x' },
  ])
    expect((await world.post('/v1/videos', body)).status).toBe(400)
  expect(fetched).toEqual([])
})

const sized = (width: number, height: number) => {
  const bytes = marked(1)
  const view = new DataView(bytes.buffer)
  view.setUint32(16, width)
  view.setUint32(20, height)
  return bytes.toBase64()
}

test.each([
  [sized(16_385, 10), '16385x10'],
  [sized(0, 10), 'not a picture that can be read'],
  [PNG.slice(0, 20).toBase64(), 'not a picture that can be read'],
  [new Uint8Array([...PNG, ...new Uint8Array(50 * 1024 ** 2)]).toBase64(), '51 MB'],
])('dimensions, completeness and size are looked at before anything is paid (%#)', async (image, message) => {
  expect(await refusal(await edit(image))).toEqual([
    400,
    'invalid_image_file',
    'image',
    expect.stringContaining(message),
  ])
})

test('sixteen pictures, and no more', async () => {
  const files = Array.from({ length: 17 }, (_, index) => ['image[]', pictureFile(index)] as const)
  const response = await world.send('/v1/images/edits', [['prompt', 'x'], ...files])
  expect(await refusal(response)).toEqual([400, 'invalid_value', 'image', expect.stringContaining('at most 16')])
})
