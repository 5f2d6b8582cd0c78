import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { at, FlowClient, type ImageBody, LANDSCAPE, PORTRAIT, reasonOf, type VideoBody } from './client.ts'
import { instantImage } from './files.ts'
import { type Emulator, startEmulator } from './index.ts'

let strict: Emulator
let lenient: Emulator
let client: FlowClient
beforeAll(async () => {
  strict = await startEmulator()
  lenient = await startEmulator({ strict: false })
  client = await FlowClient.open(strict)
})
afterAll(() => Promise.all([strict.stop(), lenient.stop()]))

/** Every object inside a JSON value with its place in Google's notation. */
function objectsOf(value: unknown, place = ''): { readonly place: string; readonly object: object }[] {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([key, each]) =>
    objectsOf(each, Array.isArray(value) ? `${place}[${key}]` : place === '' ? key : `${place}.${key}`),
  )
  return Array.isArray(value) ? inside : [{ place, object: value }, ...inside]
}

const unknownNames = fc.stringMatching(/^[a-z]{3,8}X$/)

describe('unknown fields', () => {
  const refusesAnywhere = (bodyOf: () => object, send: (body: object) => Promise<Response>) =>
    fc.assert(
      fc.asyncProperty(unknownNames, fc.nat(), async (name, pick) => {
        const body = bodyOf()
        const objects = objectsOf(body)
        const chosen = objects[pick % objects.length]
        Reflect.set(chosen?.object ?? {}, name, 1)
        const response = await send(body)
        expect(response.status).toBe(400)
        const error = at(await response.json(), 'error')
        const place = chosen?.place === '' ? '' : ` at '${chosen?.place}'`
        expect(at(error, 'status')).toBe('INVALID_ARGUMENT')
        expect(at(error, 'message')).toBe(
          `Invalid JSON payload received. Unknown name "${name}"${place}: Cannot find field.`,
        )
        expect(at(error, 'details', 0, 'fieldViolations', 0, 'field')).toBe(chosen?.place)
      }),
      { numRuns: 60 },
    )

  test('are refused by name and place in every object of an image request', () =>
    refusesAnywhere(
      () => client.imageBody('a boat'),
      body => client.image(body as ImageBody), // the same body with one field more
    ))

  test('are refused by name and place in every object of a video request', () =>
    refusesAnywhere(
      () => client.videoBody('a boat'),
      body => client.video(body as VideoBody), // the same body with one field more
    ))

  /** A right body of every call that takes one, and where it goes. */
  const rightBodies = async (sender: FlowClient) => {
    const [image, video, other] = [await sender.imageId(), await sender.finishedVideo(), await sender.finishedVideo()]
    const request = (fields: Record<string, unknown>) => sender.videoBodyWith(fields)
    const part = { mediaGenerationId: video, length: '8000000000', startTimeOffset: '0s', endTimeOffset: '8s' }
    const frame = { mediaId: image, cropCoordinates: { top: 0, left: 0, bottom: 1, right: 1 } }
    const reference = { imageUsageType: 'IMAGE_USAGE_TYPE_ASSET', mediaId: image }
    const video_ = (ending: string) => `video:batchAsyncGenerateVideo${ending}`
    return {
      'flow/uploadImage': sender.uploadBody(await instantImage()),
      'flow/upsampleImage': sender.upsampleImageBody(image),
      [video_('StartImage')]: request({ videoModelKey: 'veo_3_1_i2v_s_fast', startImage: frame }),
      [video_('StartAndEndImage')]: request({
        videoModelKey: 'veo_3_1_i2v_s_fast_fl',
        startImage: frame,
        endImage: frame,
      }),
      [video_('ReferenceImages')]: request({
        videoModelKey: 'veo_3_1_r2v_fast_landscape',
        referenceImages: [reference, reference],
      }),
      [video_('ExtendVideo')]: sender.extendBody(video),
      [video_('UpsampleVideo')]: sender.upsampleVideoBody(video),
      'video:batchCheckAsyncVideoGenerationStatus': { media: [{ name: video, projectId: sender.projectId }] },
      ':runVideoFxConcatenation': { inputVideos: [part, { ...part, mediaGenerationId: other }] },
      'flow:batchDeleteAssets': { mediaIds: [image] },
    }
  }

  test('are refused by name and place in every object of every other call, which is right without', async () => {
    await using server = await startEmulator({ videoPolls: 1 })
    const sender = await FlowClient.open(server)
    for (const [path, right] of Object.entries(await rightBodies(sender))) {
      // Anew, so that no object stands in it twice.
      const body: object = JSON.parse(JSON.stringify(right))
      for (const { place, object } of objectsOf(body)) {
        Reflect.set(object, 'fooX', 1)
        const error = at(await (await sender.api(path, body)).json(), 'error')
        Reflect.deleteProperty(object, 'fooX')
        const where = place === '' ? '' : ` at '${place}'`
        expect(at(error, 'message')).toBe(
          `Invalid JSON payload received. Unknown name "fooX"${where}: Cannot find field.`,
        )
      }
      expect([path, (await sender.api(path, body)).status]).toEqual([path, 200])
    }
  })

  test('are as good as absent to a lenient emulator', async () => {
    const other = await FlowClient.open(lenient)
    const body = other.imageBody('a boat')
    for (const { object } of objectsOf(body)) Reflect.set(object, 'foo', 1)
    expect((await other.image(body)).status).toBe(200)
    delete body.requests[0]?.['seed']
    expect((await other.image(body)).status).toBe(400)
  })

  test('are refused in labs calls, in their form', async () => {
    const body = { json: { projectTitle: 'x', toolName: 'PINHOLE', foo: 1 } }
    const response = await client.labs('trpc/project.createProject', body)
    expect(response.status).toBe(400)
    expect(at(await response.json(), 'error', 'json', 'message')).toContain('"foo" at \'json\'')
  })
})

describe('shape', () => {
  test('the content type does not matter, the JSON does', async () => {
    const send = (contentType: string, body: string) =>
      fetch(`${strict.apiBaseUrl}/video:batchCheckAsyncVideoGenerationStatus`, {
        method: 'POST',
        headers: { authorization: `Bearer ${client.access}`, 'content-type': contentType },
        body,
      })
    const id = await client.videoId('a boat')
    const body = JSON.stringify({ media: [{ name: id, projectId: client.projectId }] })
    for (const type of ['application/json', 'text/plain;charset=UTF-8', 'image/png'])
      expect((await send(type, body)).status).toBe(200)
    for (const broken of ['', '{', 'null', '[]', '"x"'])
      expect((await send('application/json', broken)).status).toBe(400)
  })

  const imageMistakes: Record<string, (body: ImageBody) => void> = {
    'no requests': body => body.requests.splice(0),
    'short form of an aspect': body => Object.assign(body.requests[0] ?? {}, { imageAspectRatio: 'PORTRAIT_3_4' }),
    'seed as text': body => Object.assign(body.requests[0] ?? {}, { seed: '4711' }),
    'batch id that is no UUID': body => Object.assign(body.mediaGenerationContext, { batchId: '1' }),
    'session id without semicolon': body => Object.assign(body.clientContext, { sessionId: '1769888782642' }),
    'other tool': body => Object.assign(body.clientContext, { tool: 'ASSET_MANAGER' }),
    'older verification field': body => Object.assign(body.clientContext, { recaptchaToken: 'x' }),
    'prompt in the older form': body => Object.assign(body.requests[0] ?? {}, { prompt: 'a boat' }),
    'empty prompt': body => Object.assign(body.requests[0] ?? {}, { structuredPrompt: { parts: [{ text: ' ' }] } }),
    'input that does not exist': body =>
      Object.assign(body.requests[0] ?? {}, {
        imageInputs: [{ name: 'gone', imageInputType: 'IMAGE_INPUT_TYPE_REFERENCE' }],
      }),
  }
  for (const [mistake, make] of Object.entries(imageMistakes))
    test(`image: ${mistake}`, async () => {
      const body = client.imageBody('a boat')
      make(body)
      const response = await client.image(body)
      expect(response.status).toBe(400)
      expect(at(await response.json(), 'error', 'status')).toBe('INVALID_ARGUMENT')
    })

  test('video: two requests, or the context inside the request, are refused', async () => {
    const two = client.videoBody('a boat')
    two.requests.push(...two.requests)
    expect((await client.video(two)).status).toBe(400)
    const nested = client.videoBody('a boat')
    Object.assign(nested.requests[0] ?? {}, { clientContext: nested.clientContext })
    expect((await client.video(nested)).status).toBe(400)
  })

  test('the path and the body must name the same project', async () => {
    const other = await FlowClient.open(strict)
    const body = other.imageBody('a boat')
    expect((await client.image(body)).status).toBe(400)
  })
})

describe('what the account may', () => {
  const submit = async (st: string, key: string, aspect = LANDSCAPE) => {
    const other = await FlowClient.open(strict, st)
    return other.video(other.videoBody('a boat', key, aspect))
  }

  test('unknown models and projects of others are not found', async () => {
    const body = client.imageBody('a boat')
    Object.assign(body.requests[0] ?? {}, { imageModelName: 'WALRUS' })
    expect((await client.image(body)).status).toBe(404)
    expect((await submit('emulator-session-pro', 'veo_9')).status).toBe(404)
    const stranger = await FlowClient.open(strict, 'emulator-session-free')
    stranger.projectId = client.projectId
    expect((await stranger.image('a boat')).status).toBe(404)
    expect((await stranger.video('a boat')).status).toBe(404)
  })

  test('a key must suit the path and the aspect', async () => {
    expect((await submit('emulator-session-pro', 'veo_3_1_i2v_s_fast')).status).toBe(400)
    expect((await submit('emulator-session-pro', 'veo_3_1_t2v_fast', PORTRAIT)).status).toBe(400)
    expect((await submit('emulator-session-pro', 'veo_3_1_t2v_fast_portrait', PORTRAIT)).status).toBe(200)
  })

  test('keys of another tier are denied', async () => {
    const denied = await submit('emulator-session-pro', 'veo_3_1_t2v_fast_ultra')
    expect(denied.status).toBe(403)
    expect(await reasonOf(denied)).toBe('PUBLIC_ERROR_MODEL_ACCESS_DENIED')
    expect((await submit('emulator-session-ultra', 'veo_3_1_t2v_fast')).status).toBe(403)
    expect((await submit('emulator-session-ultra', 'veo_3_1_t2v_fast_ultra')).status).toBe(200)
  })

  test('what costs more than is left is refused and costs nothing', async () => {
    const refused = await submit('emulator-session-free', 'veo_3_1_t2v')
    expect(refused.status).toBe(429)
    expect(await reasonOf(refused)).toBe('PUBLIC_ERROR_USER_QUOTA_REACHED')
    expect(strict.accounts.get('free@flow.example').credits).toBe(50)
  })

  test('a prompt against the policy is refused', async () => {
    for (const response of [await client.image('a boat [refuse]'), await client.video('a boat [refuse]')]) {
      expect(response.status).toBe(400)
      expect(await reasonOf(response)).toBe('PUBLIC_ERROR_UNSAFE_GENERATION')
    }
  })
})

test('of several mistakes, the one that is checked first is answered', async () => {
  const guarded = await startEmulator({ requireVerification: true })
  const guest = await FlowClient.open(guarded, 'emulator-session-free')
  /** In the order of the checks, with the status that each gives. */
  const mistakes: readonly (readonly [status: number, make: (body: VideoBody, sender: FlowClient) => void])[] = [
    [401, (_body, sender) => Object.assign(sender, { access: 'wrong' })],
    [400, body => Object.assign(body, { foo: 1 })],
    [403, body => Object.assign(body.clientContext, { recaptchaContext: { token: '' } })],
    [404, body => Object.assign(body.requests[0] ?? {}, { videoModelKey: 'veo_9' })],
    [
      429,
      body =>
        body.requests[0]?.['videoModelKey'] === 'veo_9'
          ? 0
          : Object.assign(body.requests[0] ?? {}, { videoModelKey: 'veo_3_1_t2v' }),
    ],
    [
      400,
      body =>
        Object.assign(body.requests[0] ?? {}, { textInput: { structuredPrompt: { parts: [{ text: '[refuse]' }] } } }),
    ],
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(
        mistakes.map((_, index) => index),
        { minLength: 1 },
      ),
      async chosen => {
        const sender = Object.assign(new FlowClient(guarded, guest.st), {
          access: guest.access,
          projectId: guest.projectId,
        })
        const body = sender.videoBody('a boat')
        for (const index of chosen) mistakes[index]?.[1](body, sender)
        expect((await sender.video(body)).status).toBe(mistakes[Math.min(...chosen)]?.[0] ?? 0)
      },
    ),
    { numRuns: 63 },
  )
  await guarded.stop()
})

test('a verification value serves once', async () => {
  await using guarded = await startEmulator({ requireVerification: true })
  const guest = await FlowClient.open(guarded)
  const body = guest.imageBody('a boat')
  expect((await guest.image(body)).status).toBe(200)
  const again = await guest.image(body)
  expect(again.status).toBe(403)
  expect(await reasonOf(again)).toBe('PUBLIC_ERROR_UNUSUAL_ACTIVITY')
  expect((await guest.image(guest.imageBody('a boat'))).status).toBe(200)
})

test('every paid call looks at the verification, and no other one', async () => {
  await using guarded = await startEmulator({ requireVerification: true, videoPolls: 1 })
  const guest = await FlowClient.open(guarded)
  const [image, video, upload] = [await guest.imageId(), await guest.finishedVideo(), await guest.uploadId()]
  const { recaptchaContext: _, ...bare } = guest.videoBody('a boat').clientContext
  const without = (body: object) => ({ ...body, clientContext: bare })
  const start = guest.videoBodyWith({ videoModelKey: 'veo_3_1_i2v_s_fast', startImage: { mediaId: upload } })
  for (const [path, body] of [
    ['flow/upsampleImage', guest.upsampleImageBody(image)],
    ['video:batchAsyncGenerateVideoStartImage', start],
    ['video:batchAsyncGenerateVideoExtendVideo', guest.extendBody(video)],
    ['video:batchAsyncGenerateVideoUpsampleVideo', guest.upsampleVideoBody(video)],
  ] as const) {
    expect([path, (await guest.api(path, without(body))).status]).toEqual([path, 403])
    expect([path, (await guest.api(path, body)).status]).toEqual([path, 200])
    expect([path, (await guest.api(path, body)).status]).toEqual([path, 403])
  }
})
