/**
 * Every model id and every generic name, through the whole gateway to a delivered file, against the strict emulator; what
 * the emulator received is compared with the reference catalogue.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { imageSize } from 'image-size'
import { encode } from 'jpeg-js'
import { SAMPLE_ACCOUNTS } from '../emulator/index.ts'
import type { RecordedRequest } from '../emulator/record.ts'
import { API_KEY } from '../fixtures/accounts.ts'
import reference from '../fixtures/flow-models.data.json'
import { type Inside, startInside } from '../fixtures/inside.ts'

type Facts = (typeof reference.models)[number]

/** Much money, and one account of each plan. */
const accounts = SAMPLE_ACCOUNTS.map(account => ({ ...account, credits: 1_000_000 }))
const tierOf = new Map<string, string>(accounts.map(({ email, tier }) => [email, tier]))

let world: Inside
beforeAll(async () => {
  world = await startInside({ emulator: { seedAccounts: accounts, videoPolls: 1 }, accounts })
})
afterAll(() => world[Symbol.asyncDispose]())

/** Small pictures that differ, landscape. */
const picture = (shade: number) =>
  new File(
    [new Uint8Array(encode({ width: 64, height: 36, data: new Uint8Array(64 * 36 * 4).fill(shade) }, 70).data)],
    `${shade}.jpg`,
  )
const pictures = [picture(40), picture(120), picture(200)]

interface Answer {
  readonly id: string
  readonly data?: readonly { readonly url: string }[]
  readonly error?: { readonly message: string } | null
}

async function post(
  path: string,
  fields: Record<string, string>,
  files: readonly [name: string, file: File][] = [],
): Promise<Answer> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  for (const [name, file] of files) form.append(name, file)
  const answer = await world.whileTimePasses(
    fetch(`${world.kernel.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}` },
      body: form,
    }),
  )
  const body = (await answer.json()) as Answer // the documented answers
  if (!answer.ok) throw new Error(`${answer.status}: ${body.error?.message}`)
  return body
}

interface Job {
  readonly status: string
  readonly media: readonly { readonly url: string; readonly mime: string }[]
  readonly error: unknown
  readonly delivered: { readonly size?: string; readonly seconds?: number } | null
}

async function finished(id: string): Promise<Job> {
  const job = id.replace('video_', 'job_')
  const look = async (): Promise<Job> => {
    for (;;) {
      const body = (await (await world.call(`/v1/jobs/${job}`)).json()) as Job // the documented shape
      if (!['queued', 'starting', 'running', 'delivering'].includes(body.status)) return body
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  return world.whileTimePasses(look())
}

/** Asks for it and waits for its file. */
async function make(model: Pick<Facts, 'id' | 'kind' | 'mode'>, images: number) {
  const fields = { model: model.id, prompt: `All of ${model.id}` }
  const files = pictures.slice(0, images)
  if (model.kind === 'image') {
    const { data } =
      images === 0
        ? await post('/v1/images/generations', { ...fields, response_format: 'url' })
        : await post(
            '/v1/images/edits',
            { ...fields, response_format: 'url' },
            files.map(file => ['image[]', file]),
          )
    const file = await fetch(data?.[0]?.url ?? '')
    const { width, height } = imageSize(await file.bytes())
    return { mime: file.headers.get('content-type'), size: `${width}x${height}` }
  }
  const source =
    model.mode === 'extend'
      ? await post('/v1/videos', {
          model: 'veo_3_1_t2v_fast',
          prompt: 'A source',
          size: model.id.includes('portrait') ? '720x1280' : '1280x720',
        })
      : undefined
  if (source) expect(await finished(source.id)).toMatchObject({ status: 'completed' })
  world.emulator.record.clear()
  const video = source
    ? await post('/v1/videos/extensions', { ...fields, 'video[id]': source.id })
    : await post(
        '/v1/videos',
        fields,
        files.map(file => ['input_reference', file]),
      )
  const job = await finished(video.id)
  if (job.status !== 'completed') throw new Error(JSON.stringify(job.error))
  const file = await fetch(job.media[0]?.url ?? '')
  return { mime: file.headers.get('content-type'), size: job.delivered?.size }
}

/** The one paid call that made the clip or the picture, beside later steps. */
const SUBMISSIONS = ['image', 'videoText', 'videoStart', 'videoStartEnd', 'videoReferences', 'videoExtend'] as const
function submission(): RecordedRequest {
  const all = SUBMISSIONS.flatMap(name => world.emulator.record.of(name))
  expect(all.map(({ status }) => status)).toEqual([200])
  const [only] = all
  if (!only) throw new Error('nothing was submitted')
  return only
}

/** What of a request the catalogue speaks of. */
function received(request: RecordedRequest) {
  const [unit] = (request.body as { requests: Record<string, unknown>[] }).requests // the strict emulator has checked it
  const references = unit?.['referenceImages'] ?? unit?.['imageInputs'] ?? []
  const single = ['startImage', 'endImage'].flatMap(name => (unit?.[name] === undefined ? [] : [unit[name]]))
  return {
    key: unit?.['imageModelName'] ?? unit?.['videoModelKey'],
    aspect: unit?.['imageAspectRatio'] ?? unit?.['aspectRatio'],
    inputs: [...single, ...(references as object[])].map(input =>
      String(Reflect.get(input as object, 'mediaId') ?? Reflect.get(input as object, 'name')),
    ),
    path: request.path.replace(/projects\/[^/]+/, 'projects/{projectId}'),
  }
}

/** Media ids of the uploads, in their order. */
const uploaded = () => world.emulator.record.of('upload').length

const UPSAMPLED: Record<string, (size: string) => string> = {
  '2K': size => times(size, 2),
  '4K': size => times(size, 4),
}
const times = (size: string, factor: number) =>
  size
    .split('x')
    .map(side => Number(side) * factor)
    .join('x')

describe('each model id', () => {
  for (const model of reference.models as readonly Facts[]) {
    // The fewest pictures, and every number of them that changes the call.
    const counts = model.requests.map(({ pictures: [min = 0] }) => min)
    for (const min of model.kind === 'image' ? [...counts, 3] : counts)
      test(`${model.id}${min > 0 ? ` with ${min} picture${min > 1 ? 's' : ''}` : ''}`, async () => {
        world.emulator.record.clear()
        const file = await make(model, model.mode === 'extend' ? 0 : min)
        expect(file.mime).toBe(model.kind === 'image' ? 'image/jpeg' : 'video/mp4')
        const request = submission()
        const tier = tierOf.get(request.account ?? '') ?? ''
        const row = model.requests.find(({ pictures: [least = 0, most = 0] }) => least <= min && min <= most)
        const seen = received(request)
        expect(seen.path).toEndWith(row?.call ?? 'no such call')
        expect(seen.aspect).toBe(model.aspect)
        expect(seen.key).toBe((row?.keys as Record<string, string> | undefined)?.[tier]) // by the plan of the account that served it
        expect([seen.inputs.length, uploaded()]).toEqual([min, min])
        expect(new Set(seen.inputs).size).toBe(min)
        if (model.upsample) expect(world.emulator.record.of('upsample').map(({ status }) => status)).toEqual([200])
        else expect(world.emulator.record.of('upsample')).toEqual([])
        const bigger =
          model.kind === 'image' && model.upsample ? UPSAMPLED[model.upsample.resolution]?.('1x1') : undefined
        if (bigger) expect(Number(file.size?.split('x')[0])).toBeGreaterThan(Number(bigger.split('x')[0]) * 700)
      })
  }
})

describe('each generic name', () => {
  const byId = new Map((reference.models as readonly Facts[]).map(model => [model.id, model]))
  for (const name of reference.generic)
    test(name, async () => {
      const listed = (await (await world.call(`/v1/models/${name}`)).json()) as {
        capabilities: { kind: 'image' | 'video'; inputs: { role: string; min: number }[] }
      } // documented
      const images = listed.capabilities.inputs.reduce(
        (sum, { role, min }) => sum + (role === 'source_video' ? 0 : min),
        0,
      )
      const extend = listed.capabilities.inputs.some(({ role }) => role === 'source_video')
      world.emulator.record.clear()
      const file = await make({ id: name, kind: listed.capabilities.kind, mode: extend ? 'extend' : 'any' }, images)
      expect(file.mime).toBe(listed.capabilities.kind === 'image' ? 'image/jpeg' : 'video/mp4')
      // The default is landscape; it is one of the concrete models that the catalogue has.
      const { key, aspect } = received(submission())
      expect(aspect).toEndWith('LANDSCAPE')
      expect(
        [...byId.values()].some(({ requests }) =>
          requests.some(({ keys }) => Object.values(keys).includes(String(key))),
        ),
      ).toBe(true)
    })
})
