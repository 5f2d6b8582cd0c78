/** Clients that make videos: what each was seen to send, and whether it could use what it gets (api-surfaces C.1). */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startWorld, type World } from '../../fixtures/world.ts'
import { Contract } from './contract.ts'
import { dataUrl, picture } from './pictures.ts'
import { initOf, type Part, type Recorded, stainless } from './recorded.ts'

let world: World
const contract = new Contract()
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world[Symbol.asyncDispose]())

interface Video {
  readonly id: string
  readonly object: string
  readonly status: string
  readonly progress: number
  readonly error: { readonly code: string; readonly message: string } | null
  readonly remixed_from_video_id: string | null
}

const ask = (request: Recorded) => contract.fetch(`${world.url}${request.path}`, initOf(request))
const create = async (request: Omit<Recorded, 'path'>, path = '/v1/videos'): Promise<Video> => {
  const response = await ask({ ...request, path })
  const text = await response.text()
  expect([response.status, response.status === 200 ? '' : text]).toEqual([200, ''])
  return JSON.parse(text) as Video // the documented object; the contract checks it
}
/** Until `ended` says so, as each client decides for itself. */
async function poll({ id }: Video, ended: (video: Video) => boolean, headers: Record<string, string> = {}) {
  for (;;) {
    const response = await ask({ method: 'GET', path: `/v1/videos/${id}`, headers })
    const video = (await response.json()) as Video // the documented object
    if (ended(video)) return { video, response }
    await Bun.sleep(20)
  }
}
const terminal = ({ status }: Video) => status === 'completed' || status === 'failed'
const inputs = () => world.emulator.record.paid({ kind: 'video' }).at(-1)?.inputs.length
const still = picture(50, 'a.png', 36, 64)

test('openai JS 7: a form even without a file, and nested text fields', async () => {
  const headers = stainless('js', '7.57.0')
  const form: Part[] = [
    ['model', 'sora-2'],
    ['prompt', 'A boat'],
    ['seconds', '4'],
    ['size', '720x1280'],
  ]
  await poll(await create({ headers, form }), terminal)
  expect(inputs()).toBe(0)
  const nested: Part = ['input_reference[image_url]', await dataUrl(still)]
  const { video } = await poll(await create({ headers, form: [...form, nested] }), terminal)
  expect([video.status, inputs()]).toEqual(['completed', 1])
  const extension: Part[] = [
    ['prompt', 'on'],
    ['seconds', '8'],
    ['video[id]', video.id],
  ]
  await poll(await create({ headers, form: extension }, '/v1/videos/extensions'), terminal)
})

test('openai JS 6.3: JSON where there is no file, a reference by address', async () => {
  const json = { model: 'sora-2', prompt: 'A boat', input_reference: { image_url: await dataUrl(still) } }
  const { video } = await poll(await create({ headers: stainless('js', '6.3.0'), json }), terminal)
  expect([video.status, inputs()]).toEqual(['completed', 1])
})

test('openai Python: `create_and_poll`, and the bytes as `application/binary`', async () => {
  const headers = stainless('python', '3.22.1')
  const form: Part[] = [
    ['prompt', 'A boat [[fault:slow]]'],
    ['model', 'sora-2'],
    ['aspect_ratio', '16:9'],
    ['fps', '24'],
  ]
  const created = await create({ headers, form })
  const polling = { ...headers, 'x-stainless-poll-helper': 'true' }
  const { response } = await poll(created, () => true, polling)
  // Read once, as an int; without it the helper asks every second.
  expect(Number.parseInt(response.headers.get('openai-poll-after-ms') ?? '', 10)).toBe(5000)
  const { video } = await poll(created, terminal, polling)
  const path = `/v1/videos/${video.id}/content`
  const content = await ask({ method: 'GET', path, headers: { ...headers, accept: 'application/binary' } })
  expect([content.status, content.headers.get('content-type')]).toEqual([200, 'video/mp4'])
})

test('n8n: decides by `error` alone, and reads the type of the content', async () => {
  const reference: Part = ['input_reference', await still.bytes(), 'data.png', 'image/png']
  const form: Part[] = [['model', 'sora-2'], ['prompt', 'A boat'], ['seconds', '4'], ['size', '720x1280'], reference]
  const decided = (video: Video) => Boolean(video.error) || video.status === 'completed'
  const { video } = await poll(await create({ form }), decided)
  expect(video.error).toBeNull()
  const content = await ask({ method: 'GET', path: `/v1/videos/${video.id}/content` })
  expect(content.headers.get('content-type')).toBe('video/mp4')
  const failing: Part[] = [
    ['model', 'sora-2'],
    ['prompt', 'A boat [fail]'],
    ['seconds', '4'],
  ]
  expect((await poll(await create({ form: failing }), decided)).video.error).toMatchObject({
    message: expect.any(String),
  })
})

test('LiteLLM: JSON, its object checked, and the remix of it', async () => {
  const json = { model: 'sora-2', prompt: 'A boat', seconds: '8', size: '1280x720' }
  const created = await create({ json })
  expect(created.object).toBe('video')
  await poll(created, terminal)
  const remix = await create({ json: { prompt: 'In the rain' } }, `/v1/videos/${created.id}/remix`)
  expect([remix.object, remix.remixed_from_video_id]).toEqual(['video', created.id])
})

test('new-api: a client’s request with the model replaced, polled by id, status and progress', async () => {
  const json = { model: 'veo_3_1_t2v_fast', prompt: 'A boat', size: '1920x1080', seconds: 8, metadata: { a: 1 } }
  const { video } = await poll(await create({ json }), ({ status }) =>
    ['completed', 'failed', 'cancelled'].includes(status),
  )
  expect([video.status, video.progress]).toEqual(['completed', 100])
})

test('every answer kept to OpenAI’s document', async () => {
  expect(await contract.mistakes()).toEqual([])
})
