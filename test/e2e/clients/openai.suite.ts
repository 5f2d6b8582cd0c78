/** What the official client has to be able to do here, whatever its version. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { imageSize } from 'image-size'
import type OpenAI from 'openai'
import { API_KEY, startWorld, type World } from '../../fixtures/world.ts'
import { Contract } from './contract.ts'
import { dataUrl, picture } from './pictures.ts'

/** Ids of models here; the SDK's type of videos names OpenAI's alone. */
const FAST = 'veo_3_1_t2v_fast' as 'sora-2'

const SETTINGS = '[server]\nmax_body_mb = 2\n'

/** Every kind of answer that the document knows and the suite is to have brought about. */
const KINDS = [
  'GET /models 200 application/json',
  'GET /models/{id} 200 application/json',
  'GET /models/{id} 404 application/json',
  'POST /images/generations 200 application/json',
  'POST /images/generations 200 text/event-stream',
  'POST /images/generations 400 application/json',
  'POST /images/generations 502 application/json',
  'POST /images/edits 200 application/json',
  'POST /images/edits 200 text/event-stream',
  'POST /images/edits 400 application/json',
  'POST /images/variations 200 application/json',
  'POST /videos 200 application/json',
  'POST /videos 400 application/json',
  'GET /videos 200 application/json',
  'GET /videos/{id} 200 application/json',
  'GET /videos/{id} 404 application/json',
  'DELETE /videos/{id} 200 application/json',
  'GET /videos/{id}/content 200 video/mp4',
  'POST /videos/{id}/remix 200 application/json',
  'POST /videos/edits 200 application/json',
  'POST /videos/extensions 200 application/json',
  'POST /chat/completions 200 application/json',
  'POST /chat/completions 200 text/event-stream',
  'POST /chat/completions 400 application/json',
]

export function openaiSuite(title: string, Client: typeof OpenAI): void {
  describe(title, () => {
    let world: World
    let client: OpenAI
    const contract = new Contract()
    beforeAll(async () => {
      world = await startWorld({ settings: SETTINGS })
      // What goes on with a video stays on its account, which has to be able to pay for it.
      for (const account of world.emulator.accounts.list()) account.credits = 25_000
      client = clientOf()
    })
    afterAll(() => world[Symbol.asyncDispose]())

    const clientOf = (options: { readonly apiKey?: string; readonly maxRetries?: number } = {}) =>
      new Client({ baseURL: `${world.url}/v1`, apiKey: API_KEY, maxRetries: 0, fetch: contract.fetch, ...options })
    /** What a call was refused with. */
    const refusal = (call: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> =>
      Promise.resolve(call).then(
        () => expect.unreachable('the call was not refused'),
        (cause: InstanceType<typeof OpenAI.APIError>) => cause,
      )
    const paid = () => world.emulator.record.paid().length
    async function settled(id: string) {
      for (;;) {
        const video = await client.videos.retrieve(id)
        if (video.status === 'completed' || video.status === 'failed') return video
        await Bun.sleep(20)
      }
    }
    const film = async (prompt: string) => {
      const { id } = await client.videos.create({ model: FAST, prompt, size: '1280x720' })
      return settled(id)
    }

    describe('models', () => {
      test('are listed, and found by the names that programs hard-code', async () => {
        const ids = (await Array.fromAsync(await client.models.list())).map(({ id }) => id)
        expect(ids).toEqual(expect.arrayContaining(['gpt-image-1', 'dall-e-3', 'sora-2', 'gpt-image-2.6-flare']))
        for (const id of ['gpt-image-1', 'GPT-IMAGE-2', 'openai/sora-2'])
          expect(await client.models.retrieve(id)).toMatchObject({ object: 'model' })
        const unknown = await refusal(client.models.retrieve('gemini-3.0-pro-imgae'))
        expect(unknown).toBeInstanceOf(Client.NotFoundError)
        expect(unknown.message).toContain('gemini-3.0-pro-image')
      })
    })

    describe('images', () => {
      test('b64_json by default, in the nearest size that there is, which is told', async () => {
        const answer = await client.images.generate({ model: 'gpt-image-1', prompt: 'A boat', size: '1536x1024' })
        const { width, height, type } = imageSize(Buffer.from(answer.data?.[0]?.b64_json ?? '', 'base64'))
        expect([answer.size as string, answer.output_format as string]).toEqual([`${width}x${height}`, 'jpeg'])
        expect([type, width > height]).toEqual(['jpg', true])
      })

      test('another format where it is asked for', async () => {
        const answer = await client.images.generate({ prompt: 'A boat', output_format: 'png', size: 'auto' })
        expect(imageSize(Buffer.from(answer.data?.[0]?.b64_json ?? '', 'base64')).type).toBe('png')
        expect(answer.output_format).toBe('png')
      })

      test('by address, open to players and browsers: no key, ranges, other origins', async () => {
        const answer = await client.images.generate({ prompt: 'Two boats', n: 2, response_format: 'url' })
        expect(new Set(answer.data?.map(({ url }) => url)).size).toBe(2)
        const headers = { range: 'bytes=0-1', origin: 'https://app.example' }
        const part = await fetch(answer.data?.[0]?.url ?? '', { headers })
        expect([part.status, (await part.bytes()).toHex()]).toEqual([206, 'ffd8'])
        expect(part.headers.get('access-control-allow-origin')).toBe('*')
        expect(part.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
      })

      test('what has no effect is named, and what is wrong is refused by its name', async () => {
        const body = { prompt: 'A boat', style: 'vivid', moderation: 'low', negative_prompt: 'rain' } as const
        const { response } = await client.images.generate(body).withResponse()
        expect(response.headers.get('x-flow2api-ignored')).toBe('style, moderation, negative_prompt')
        const before = paid()
        expect(await refusal(client.images.generate({ prompt: 'x', n: 11 }))).toMatchObject({ status: 400, param: 'n' })
        expect(paid()).toBe(before)
      })

      test('streamed, with partial pictures asked for', async () => {
        const stream = await client.images.generate({ prompt: 'A stream', stream: true, partial_images: 2, n: 2 })
        const pictures: number[] = []
        for await (const event of stream) {
          expect(event.type).toBe('image_generation.completed')
          pictures.push(event.b64_json.length)
        }
        expect(pictures).toHaveLength(2)
      })

      test('edited: one picture, and several in order', async () => {
        await client.images.edit({ prompt: 'at night', image: picture(40), size: '1024x1024' })
        const image = [picture(80), picture(120), picture(160)]
        const answer = await client.images.edit({ model: 'gpt-image-1', prompt: 'all of them', image })
        expect(answer.data?.[0]?.b64_json).toBeString()
        expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(3)
        const masked = client.images.edit({ prompt: 'x', image: picture(40), mask: picture(41) })
        expect(await refusal(masked)).toMatchObject({ status: 400, param: 'mask' })
      })

      test('edited in a stream', async () => {
        const stream = await client.images.edit({ prompt: 'at noon', image: picture(40), stream: true })
        const types = []
        for await (const { type } of stream) types.push(type)
        expect(types).toEqual(['image_edit.completed'])
      })

      test('varied', async () => {
        // Version 7 has no method for the retired endpoint; its programs post to it by hand.
        const body = new FormData()
        body.set('image', picture(90))
        const headers = { authorization: `Bearer ${API_KEY}` }
        const answer = await contract.fetch(`${world.url}/v1/images/variations`, { method: 'POST', headers, body })
        expect(await answer.json()).toMatchObject({ data: [{ b64_json: expect.any(String) }] })
      })
    })

    describe('videos', () => {
      test('created, polled, downloaded whole and in part', async () => {
        const prompt = '{"scene": "a paper boat"}'
        const { data: created, response } = await client.videos
          .create({ model: 'sora-2', prompt, seconds: '8', size: '1280x720' })
          .withResponse()
        expect(created).toMatchObject({ object: 'video', prompt, error: null, seconds: '8' })
        expect(response.headers.get('openai-poll-after-ms')).toBe('5000')
        expect(await settled(created.id)).toMatchObject({ status: 'completed', progress: 100, size: '1280x720' })
        const content = await client.videos.downloadContent(created.id)
        expect([content.status, content.headers.get('content-type')]).toEqual([200, 'video/mp4'])
        expect(new TextDecoder().decode((await content.bytes()).slice(4, 8))).toBe('ftyp')
        const headers = { range: 'bytes=4-7' }
        const part = await client.videos.downloadContent(created.id, {}, { headers })
        expect([part.status, part.headers.get('accept-ranges'), await part.text()]).toEqual([206, 'bytes', 'ftyp'])
      })

      test('from a picture, as a file and by an object', async () => {
        const upright = picture(60, 'first.jpg', 36, 64)
        for (const input_reference of [upright, { image_url: await dataUrl(upright) }]) {
          const { id } = await client.videos.create({ model: 'sora-2', prompt: 'It moves', input_reference })
          expect(await settled(id)).toMatchObject({ status: 'completed', size: '720x1280' })
        }
      })

      test('remixed, edited and extended', async () => {
        const { id } = await film('A tower')
        const remix = await client.videos.remix(id, { prompt: 'In the rain' })
        expect(remix).toMatchObject({ remixed_from_video_id: id, prompt: 'In the rain' })
        const edited = await client.videos.edit({ prompt: 'At night', video: { id } })
        expect(edited.remixed_from_video_id).toBe(id)
        const longer = await client.videos.extend({ prompt: 'It falls', seconds: '8', video: { id } })
        for (const each of [remix, edited, longer])
          expect(await settled(each.id)).toMatchObject({ status: 'completed', error: null })
      })

      test('listed page by page, deleted, and gone', async () => {
        const made = [await film('One'), await film('Two')].map(({ id }) => id)
        const listed: string[] = []
        for await (const { id } of client.videos.list({ limit: 2 })) listed.push(id)
        expect(listed.slice(0, 2)).toEqual(made.toReversed())
        expect(new Set(listed).size).toBe(listed.length)
        for (const id of made) {
          expect(await client.videos.delete(id)).toEqual({ id, object: 'video.deleted', deleted: true })
          expect(await refusal(client.videos.retrieve(id))).toBeInstanceOf(Client.NotFoundError)
        }
      })

      test('that fail say why, and those that cannot be are refused', async () => {
        const { id } = await client.videos.create({ model: FAST, prompt: 'Something [fail]' })
        expect(await settled(id)).toMatchObject({ status: 'failed', error: { message: expect.any(String) } })
        const wrong = await refusal(client.videos.create({ prompt: 'x', seconds: 'soon' as '8' }))
        expect(wrong).toMatchObject({ status: 400, param: 'seconds' })
      })
    })

    describe('chat', () => {
      test('a picture, and the same once more in the next turn', async () => {
        const messages = [{ role: 'user' as const, content: 'A cat on a roof' }]
        const first = await client.chat.completions.create({ model: 'gpt-image-1', messages })
        const [choice] = first.choices
        const content = choice?.message.content ?? ''
        expect([choice?.finish_reason, first.usage?.total_tokens]).toEqual(['stop', 0])
        expect((await fetch(/\((\S+)\)/.exec(content)?.[1] ?? '')).headers.get('content-type')).toBe('image/jpeg')
        await client.chat.completions.create({
          model: 'gpt-image-1',
          messages: [...messages, { role: 'assistant', content }, { role: 'user', content: 'Now in the rain' }],
        })
        expect(world.emulator.record.paid({ kind: 'image' }).at(-1)?.inputs).toHaveLength(1)
      })

      test('a video, streamed: progress, one id, one end, and usage where it is asked for', async () => {
        const url = await dataUrl(picture(70))
        const stream = await client.chat.completions.create({
          model: 'sora-2',
          messages: [
            {
              role: 'user',
              content: [
                { type: 'text', text: 'The boat leaves' },
                { type: 'image_url', image_url: { url } },
              ],
            },
          ],
          stream: true,
          stream_options: { include_usage: true },
        })
        const chunks = await Array.fromAsync(stream)
        expect(new Set(chunks.map(({ id, created }) => `${id} ${created}`)).size).toBe(1)
        const choices = chunks.flatMap(chunk => chunk.choices)
        const deltas = choices.map(({ delta }) => delta as { content?: string; reasoning_content?: string }) // a field of ours
        expect(deltas.some(({ reasoning_content }) => reasoning_content)).toBe(true)
        expect(deltas.map(({ content }) => content ?? '').join('')).toMatch(/^\[video\.mp4\]\(http\S+\.mp4\)$/)
        expect(choices.filter(({ finish_reason }) => finish_reason !== null)).toHaveLength(1)
        expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 0 } })
      })

      test('without a prompt is refused by name', async () => {
        const refused = await refusal(client.chat.completions.create({ model: 'gpt-image-1', messages: [] }))
        expect(refused).toMatchObject({ status: 400, param: 'messages' })
      })
    })

    describe('what goes wrong', () => {
      test('a wrong key', async () => {
        const refused = await refusal(clientOf({ apiKey: 'sk-wrong' }).images.generate({ prompt: 'x' }))
        expect(refused).toBeInstanceOf(Client.AuthenticationError)
        expect(refused.code).toBe('invalid_api_key')
      })

      test('a refused prompt is not asked again, though the client would', async () => {
        const before = world.emulator.record.of('image').length
        const refused = await refusal(clientOf({ maxRetries: 2 }).images.generate({ prompt: 'Something [refuse]' }))
        expect(refused).toBeInstanceOf(Client.BadRequestError)
        expect(refused).toMatchObject({ code: 'moderation_blocked', requestID: expect.stringMatching(/^req_/) })
        expect(world.emulator.record.of('image')).toHaveLength(before + 1)
      })

      test('an upstream that cannot says when to come again', async () => {
        const down = await refusal(client.images.generate({ prompt: 'A boat [[fault:unavailable]]' }))
        expect(down).toBeInstanceOf(Client.InternalServerError)
        expect([down.status, down.headers?.get('retry-after')]).toEqual([502, '5'])
      })

      test('in a stream, as an error that is thrown', async () => {
        const stream = await client.images.generate({ prompt: 'Something [refuse]', stream: true })
        const broken = await refusal(Array.fromAsync(stream))
        expect(broken).toBeInstanceOf(Client.APIError)
        expect(broken.code).toBe('moderation_blocked')
      })

      test('a body that is too large, an unknown model', async () => {
        const large = await refusal(clientOf({ maxRetries: 2 }).images.generate({ prompt: 'x'.repeat(3 * 1024 ** 2) }))
        expect([large.status, large.code]).toEqual([413, 'payload_too_large'])
        const unknown = await refusal(client.images.generate({ model: 'gemini-3.0-pro-imgae', prompt: 'x' }))
        expect(unknown).toBeInstanceOf(Client.NotFoundError)
        expect(unknown.message).toContain('Did you mean `gemini-3.0-pro-image`?')
      })
    })

    test('every answer kept to OpenAI’s document', async () => {
      expect(await contract.mistakes()).toEqual([])
      expect([...contract.seen]).toEqual(expect.arrayContaining(KINDS))
    })
  })
}
