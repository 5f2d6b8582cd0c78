/** Media by id: lookup with the file in the answer, deletion, answers with addresses. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { at, FlowClient, jsonOf } from './client.ts'
import { instantImage } from './files.ts'
import { type Emulator, startEmulator } from './index.ts'

let emulator: Emulator
let client: FlowClient
let stranger: FlowClient
beforeAll(async () => {
  emulator = await startEmulator({ videoPolls: 1 })
  client = await FlowClient.open(emulator)
  stranger = await FlowClient.open(emulator, 'emulator-session-free')
})
afterAll(() => emulator.stop())

describe('lookup', () => {
  const lookUp = (id: string, query = '', asker = client) => asker.api(`media/${id}${query}`)

  test('a video comes with its file, or with addresses alone', async () => {
    const id = await client.finishedVideo()
    const answer = await jsonOf(await lookUp(id, '?clientContext.tool=PINHOLE'))
    expect(answer['mediaGenerationId']).toMatchObject({ mediaType: 'VIDEO', projectId: client.projectId })
    const file = await client.download(id)
    expect(Uint8Array.fromBase64(String(at(answer, 'video', 'encodedVideo')))).toEqual(file)
    const short = await jsonOf(await lookUp(id, '?returnUriOnly=true'))
    expect(at(short, 'video', 'encodedVideo')).toBeUndefined()
    expect(await (await fetch(String(at(short, 'video', 'fifeUrl')))).bytes()).toEqual(file)
    const still = await fetch(String(at(short, 'video', 'servingBaseUri')))
    expect(still.headers.get('content-type')).toBe('image/jpeg')
  })

  test('a picture likewise, generated or uploaded', async () => {
    const generated = await client.imageId()
    const encoded = String(at(await (await lookUp(generated)).json(), 'image', 'encodedImage'))
    expect(Uint8Array.fromBase64(encoded)).toEqual(await client.download(generated))
    const uploaded = await jsonOf(await lookUp(await client.uploadId()))
    expect(Uint8Array.fromBase64(String(at(uploaded, 'userUploadedImage', 'image')))).toEqual(await instantImage())
  })

  test('what is not finished, of others or unknown is not found', async () => {
    expect((await lookUp(await client.videoId('a boat'))).status).toBe(404)
    expect((await lookUp(await client.imageId(), '', stranger)).status).toBe(404)
    expect((await lookUp(crypto.randomUUID())).status).toBe(404)
  })
})

describe('deletion', () => {
  const ways = {
    'the web page': (names: readonly string[], asker = client) =>
      asker.labs('trpc/media.deleteMedia', { json: { names } }),
    'the API': (mediaIds: readonly string[], asker = client) => asker.api('flow:batchDeleteAssets', { mediaIds }),
  }
  for (const [way, remove] of Object.entries(ways))
    test(`by ${way}: gone everywhere, all or nothing, one's own alone`, async () => {
      const ids = [await client.finishedVideo(), await client.imageId()]
      expect((await remove(ids, stranger)).status).toBe(404)
      expect((await remove([...ids, crypto.randomUUID()])).status).toBe(404)
      expect((await remove([])).status).toBe(400)
      expect((await client.redirect(ids[0] ?? '')).status).toBe(302)
      expect((await remove(ids)).status).toBe(200)
      for (const id of ids) expect((await client.redirect(id)).status).toBe(404)
      expect((await client.poll(ids[0] ?? '')).status).toBe(404)
    })
})

test('answers may carry the address of a finished video, as an older variant did', async () => {
  await using other = await startEmulator({ videoPolls: 1, videoAnswers: 'inline' })
  const asker = await FlowClient.open(other)
  const submitted = await jsonOf(await asker.video('a boat'))
  expect(at(submitted, 'media', 0, 'video', 'fifeUrl')).toBeUndefined()
  const polled = await (await asker.poll(String(at(submitted, 'media', 0, 'name')))).json()
  const file = await fetch(String(at(polled, 'media', 0, 'video', 'fifeUrl')))
  expect(file.headers.get('content-type')).toBe('video/mp4')
})
