/** Where Flow wants a verification value, an operator's own plugin may have one; the gateway never makes any. */
import { describe, expect, test } from 'bun:test'
import { domainFault, type Json, type Unit, type VerificationSource, type VerificationWant } from 'flow2api/contracts'
import { errAsync, okAsync, ResultAsync } from 'flow2api/plugin'
import { at } from '../../plugins/flow-provider/json.ts'
import {
  accepted,
  account,
  base64,
  input,
  json,
  PICTURES,
  PROJECT,
  picture,
  provider,
  session,
  unit,
  upstream,
  videoUnit,
} from './flow-provider.fixtures.ts'

type Value = VerificationSource['value']

/** Starts the work with these sources; tells what was sent and what was logged. */
async function started(work: Unit, reply: Response, ...sources: readonly Value[]) {
  const lines: Readonly<Record<string, unknown>>[] = []
  const flow = upstream(reply)
  const all = () => sources.map((value, index) => ({ plugin: `source-${index}`, service: { value } }))
  const one = provider({}, { verification: { all }, warn: fields => lines.push(fields) })
  const result = await one.start(work, session(flow.fetch, { account: account({ tier: 'PAYGATE_TIER_TWO' }) }))
  return { result, sent: flow.sent, lines }
}

/** A new value each time, as Flow wants it; remembers what was asked. */
function source() {
  const wants: VerificationWant[] = []
  const value: Value = want => okAsync(`value-${wants.push(want)}`)
  return { wants, value }
}

const step = (kind: string, model: string): Json => ({ kind, model, projectId: PROJECT, mediaId: 'm', seconds: 8 })
const FRAME = { inputs: [input('first_frame')], prepared: { media: [{ role: 'first_frame', id: 'f' }] } }
const enlarged = json({ encodedImage: base64(PICTURES['image/jpeg']) })

const CALLS: readonly (readonly [VerificationWant['action'], Unit, () => Response])[] = [
  ['image', unit(), () => picture()],
  ['image_upsample', unit({ step: step('image_upsample', 'gemini-3.0-pro-image-square-2k') }), () => enlarged],
  ['video', videoUnit(), () => accepted()],
  ['video', videoUnit({ model: 'veo_3_1_i2v_lite_landscape', ...FRAME }), () => accepted()],
  ['video_upsample', videoUnit({ step: step('video_upsample', 'veo_3_1_t2v_4k') }), () => accepted()],
]

const contextOf = (value: string) => ({ token: value, applicationType: 'RECAPTCHA_APPLICATION_TYPE_WEB' })

describe.each(CALLS)('a call for %s', (action, work, reply) => {
  test('asks for a value of its own and sends it where Flow looks', async () => {
    const { wants, value } = source()
    const { result, sent } = await started(work, reply(), value)
    expect(result.isOk()).toBe(true)
    expect(wants).toMatchObject([{ provider: 'flow-provider', accountId: 1, action, projectId: PROJECT }])
    expect(at(sent[0]?.json, 'clientContext', 'recaptchaContext')).toEqual(contextOf('value-1'))
    const [request] = (at(sent[0]?.json, 'requests') ?? []) as readonly unknown[] // absent in the enlarging of a picture
    expect(at(request, 'clientContext', 'recaptchaContext')).toEqual(
      action === 'image' ? contextOf('value-1') : undefined,
    )
  })

  test('sends no field at all where nobody has one', async () => {
    const nothing: readonly (readonly Value[])[] = [[], [() => okAsync(undefined)], [() => okAsync('')]]
    for (const sources of nothing) {
      const { sent } = await started(work, reply(), ...sources)
      expect(JSON.stringify(sent[0]?.json)).not.toContain('recaptcha')
    }
  })
})

test('the first source that has one is taken, and those that fail are passed over and named in the log', async () => {
  const { value } = source()
  const failing: Value = () => errAsync(domainFault('internal_error', 'SECRET details'))
  const broken: Value = () => {
    throw new Error('a bug')
  }
  const rejecting: Value = () => new ResultAsync(Promise.reject(new Error('a bug')))
  const { sent, lines } = await started(unit(), picture(), failing, broken, rejecting, value, () => okAsync('second'))
  expect(at(sent[0]?.json, 'clientContext', 'recaptchaContext')).toEqual(contextOf('value-1'))
  expect(lines.map(({ plugin }) => plugin)).toEqual(['source-0', 'source-1', 'source-2'])
  expect(JSON.stringify(lines)).not.toContain('SECRET')
})

test('work that is called off while a value is sought is not sent', async () => {
  const controller = new AbortController()
  const flow = upstream(picture())
  const value: Value = () => {
    controller.abort()
    return okAsync('late')
  }
  const one = provider({}, { verification: { all: () => [{ plugin: 'source', service: { value } }] } })
  const result = await one.start(unit(), session(flow.fetch, { signal: controller.signal }))
  expect(result._unsafeUnwrapErr().code).toBe('cancelled')
  expect(flow.sent).toHaveLength(0)
})

test('nothing else asks for one', async () => {
  const { wants, value } = source()
  const one = provider({}, { verification: { all: () => [{ plugin: 'source', service: { value } }] } })
  const flow = upstream(json({ media: { name: 'up' } }))
  await one.prepare(unit({ inputs: [input('reference')] }), session(flow.fetch))
  await one.status([{ name: 'a', projectId: PROJECT }], session(flow.fetch))
  const clips = ['a', 'b'].map(mediaId => ({ mediaId, seconds: 8 }))
  const join = { kind: 'concatenate', model: 'veo_3_1_extend', projectId: PROJECT, clips }
  await one.start(videoUnit({ step: join }), session(flow.fetch))
  expect(flow.sent).toHaveLength(3)
  expect(wants).toEqual([])
})
