/**
 * What each of Flow's refusals comes to at the other end: the status, type and code that the caller gets, who is
 * blamed, how often the upstream was asked, and what happens to the accounts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { AccountStateChanged, Jobs } from 'flow2api/contracts'
import type { Fault } from '../emulator/faults.ts'
import { type Inside, startInside } from '../fixtures/inside.ts'

let world: Inside
const punished: string[] = []
beforeAll(async () => {
  world = await startInside()
  // By event, since a state may have passed by the time that somebody looks.
  world.kernel.on(AccountStateChanged, ({ state }) => void punished.push(state))
})
afterAll(() => world[Symbol.asyncDispose]())

interface Outcome {
  readonly status: number
  readonly type: string
  readonly code: string
  readonly blame: string
  /** How often the paid call was made, with three accounts in the pool. */
  readonly attempts: number
  /** What accounts came to, beside `ready`. */
  readonly accounts: readonly string[]
}

const upstream = { type: 'server_error', blame: 'upstream', accounts: [] } as const
const caller = { type: 'invalid_request_error', blame: 'request', attempts: 1, accounts: [] } as const

const LATER: Outcome = { ...upstream, status: 502, code: 'upstream_error', attempts: 3 }
const VERIFY: Outcome = { ...upstream, status: 502, code: 'verification_required', attempts: 1 }
const REFUSED: Outcome = { ...caller, status: 400, type: 'image_generation_user_error', code: 'moderation_blocked' }
const REJECTED: Outcome = { ...caller, status: 400, code: 'upstream_rejected' }
const BAD_IMAGE: Outcome = { ...caller, status: 400, code: 'invalid_image_file' }
/** Every account is asked, and one of them pays for it. */
const THROTTLED: Outcome = {
  status: 429,
  type: 'rate_limit_error',
  code: 'account_throttled',
  blame: 'account',
  attempts: 3,
  accounts: ['cooling'],
}
const SPENT: Outcome = {
  status: 429,
  type: 'insufficient_quota',
  code: 'account_quota_spent',
  blame: 'account',
  attempts: 3,
  accounts: ['quota_spent'],
}
/** The account itself serves on. */
const MODEL_SPENT: Outcome = { ...SPENT, code: 'model_quota_spent', accounts: [] }
const NOT_ENTITLED: Outcome = {
  status: 403,
  type: 'invalid_request_error',
  code: 'account_not_entitled',
  blame: 'account',
  attempts: 3,
  accounts: [],
}

/** PROTOCOL.md 3.3: the HTTP status that usually carries the group, its words, and what they come to. */
const GROUPS: readonly (readonly [http: number, outcome: Outcome, reasons: string])[] = [
  [
    503,
    LATER,
    'HIGH_TRAFFIC MODEL_OVERLOADED MODEL_DISABLED_DUE_TO_TRAFFIC VIDEO_GENERATION_TIMED_OUT VERTEX_SERVICE_UNAVAILABLE UNSPECIFIED',
  ],
  [429, THROTTLED, 'USER_REQUESTS_THROTTLED CONCURRENT_LIMIT_REACHED GENERATION_ALREADY_IN_PROGRESS'],
  [403, VERIFY, 'UNUSUAL_ACTIVITY UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC SOMETHING_WENT_WRONG'],
  [
    429,
    SPENT,
    'USER_QUOTA_REACHED WORKSPACE_ACCOUNT_QUOTA_REACHED VERTEX_QUOTA_EXHAUSTED VERTEX_QUOTA_EXHAUSTED_ADMIN',
  ],
  [429, MODEL_SPENT, 'PER_MODEL_DAILY_QUOTA_REACHED PER_MODEL_DAILY_QUOTA_REACHED_UPGRADEABLE'],
  [
    403,
    NOT_ENTITLED,
    'MODEL_ACCESS_DENIED APP_UNAVAILABLE USER_REGION_DISALLOWED USER_MINOR PROJECT_NOT_ALLOWLISTED USER_ROLE_NOT_GRANTED PROJECT_FLOW_ENTERPRISE_NOT_ENABLED',
  ],
  [
    400,
    REFUSED,
    'UNSAFE_GENERATION SEXUAL VIOLENCE_FILTER DANGER_FILTER MINOR REPUTATIONAL PROMINENT_PEOPLE_FILTER_FAILED IMAGE_OUTPUT_IP_FILTER AUDIO_FILTERED VERTEX_SAFETY_FILTER_TRIGGERED UNSAFE_SEARCH SPEECH_EDIT VIDEO_EDIT',
  ],
  [
    400,
    REFUSED,
    'UNSAFE_IMAGE_UPLOAD MINOR_UPLOAD SEXUAL_UPLOAD PROMINENT_PEOPLE_UPLOAD PHOTOREAL_UPLOAD MINOR_HARM_UPLOAD PHOTOREAL_INPUT_IMAGE PROMINENT_PEOPLE_INPUT_IMAGE MINOR_INPUT_IMAGE IP_INPUT_IMAGE UNSAFE_VIDEO_UPLOAD',
  ],
  [400, REJECTED, 'UNDERSPECIFIED_ANIMAL NON_ENGLISH_PROMPT RESPONSE_TOO_LONG'],
  [400, BAD_IMAGE, 'UNKNOWN_IMAGE_FILE_FORMAT IMAGE_TOO_LARGE IMAGE_TOO_SMALL'],
  [400, REJECTED, 'VIDEO_UPLOAD_TIMEOUT VIDEO_UPLOAD_FAILED VIDEO_DURATION_TOO_LONG VERTEX_UNSUPPORTED_INPUT'],
  [
    400,
    REJECTED,
    'MEDIA_GENERATION_CANNOT_BE_CANCELED COLLECTION_INVALID COLLECTION_FULL COLLECTION_DEPTH_EXCEEDED HANDLE_INVALID HANDLE_TAKEN APPLET_UNKNOWN',
  ],
]

/** PROTOCOL.md 3.2: answers without a word that tells more. */
const STATUSES: readonly (readonly [what: string, fault: Record<string, unknown>, outcome: Outcome])[] = [
  ['400 without a reason', { status: 400, message: 'Request contains an invalid argument.' }, REJECTED],
  [
    '401, and the fresh access is refused too',
    { status: 401 },
    { status: 503, type: 'server_error', code: 'access_expired', blame: 'account', attempts: 6, accounts: [] },
  ],
  ['403 without details', { status: 403, message: 'reCAPTCHA evaluation failed' }, VERIFY],
  ['404', { status: 404 }, { ...upstream, status: 502, code: 'upstream_error', attempts: 3 }],
  ['429 of the verification', { status: 429, message: 'reCAPTCHA evaluation failed' }, VERIFY],
  ['429 without a reason', { status: 429 }, THROTTLED],
  ['500', { status: 500 }, LATER],
  ['503', { status: 503 }, LATER],
  // Nobody knows whose fault it is, so no account pays and nothing is asked again.
  ['an unknown reason with 400', { status: 400, reason: 'PUBLIC_ERROR_NEVER_SEEN_BEFORE' }, { ...LATER, attempts: 1 }],
  ['an unknown reason with 500', { status: 500, reason: 'PUBLIC_ERROR_NEVER_SEEN_BEFORE' }, LATER],
  ['a page of HTML with 200', { html: true }, { ...upstream, status: 502, code: 'upstream_unreadable', attempts: 1 }],
  ['an empty body', { body: '' }, { ...upstream, status: 502, code: 'upstream_unreadable', attempts: 1 }],
  ['truncated JSON', { body: '{"media": [' }, { ...upstream, status: 502, code: 'upstream_unreadable', attempts: 1 }],
  ['wrong types', { body: { media: 'yes' } }, { ...upstream, status: 502, code: 'upstream_unreadable', attempts: 1 }],
  ['an error inside of a 200', { body: { error: { code: 500, status: 'INTERNAL', message: 'x' } } }, LATER],
  ['504 of something in between', { status: 504 }, { ...upstream, status: 502, code: 'outcome_unknown', attempts: 1 }],
]

/** The shape of the account list is the console API's. */
const accountStates = async () => {
  const { data } = (await (await world.admin('/admin/api/tokens')).json()) as {
    data: { id: number; state: string; consecutive_errors: number }[]
  }
  return data
}

async function outcomeOf(fault: Record<string, unknown>) {
  const undo = world.emulator.faults.always('image', fault as unknown as Fault) // of the table above
  world.emulator.record.clear()
  punished.length = 0
  const answer = await world.whileTimePasses(
    world.call('/v1/images/generations', {
      method: 'POST',
      body: JSON.stringify({ prompt: 'x', response_format: 'url' }),
    }),
  )
  const { error } = (await answer.json()) as { error: { type: string; code: string; message: string } } // the envelope
  const job = (await world.kernel.ask(Jobs).get(answer.headers.get('x-flow2api-job') ?? ''))._unsafeUnwrap()
  undo()
  const outcome: Outcome = {
    status: answer.status,
    type: error.type,
    code: error.code,
    blame: job.fault?.blame ?? '',
    attempts: world.emulator.record.of('image').length,
    accounts: punished.filter(state => state !== 'ready'),
  }
  for (const { id } of await accountStates()) await world.admin(`/admin/api/tokens/${id}/reset`, { method: 'POST' })
  // Five of these in a row would look like an outage.
  await world.admin('/admin/api/upstreams/flow-provider/reset', { method: 'POST' })
  expect(error.message.length).toBeGreaterThan(20)
  return { outcome, message: error.message, shouldRetry: answer.headers.get('x-should-retry') }
}

describe('a reason word', () => {
  for (const [http, outcome, reasons] of GROUPS)
    for (const reason of reasons.split(' '))
      test(`${reason} → ${outcome.status} ${outcome.code}`, async () => {
        const seen = await outcomeOf({ status: http, reason: `PUBLIC_ERROR_${reason}` })
        expect(seen.outcome).toEqual(outcome)
        // What Flow said stands in the sentence, so that it can be looked up.
        expect(seen.message).toContain(`[PUBLIC_ERROR_${reason}]`)
        // Clients do not come back by themselves where it cannot help.
        if (outcome.code === 'verification_required') expect(seen.shouldRetry).toBe('false')
      })
})

describe('an answer without one', () => {
  for (const [what, fault, outcome] of STATUSES)
    test(`${what} → ${outcome.status} ${outcome.code}`, async () => {
      expect((await outcomeOf(fault)).outcome).toEqual(outcome)
    })
})

describe('a video that fails after it was accepted', () => {
  const failed = async (reason: string, failureReasons: string[] = []) => {
    world.emulator.faults.next('video', { outcome: 'failed', reason, failureReasons })
    const created = (await (
      await world.call('/v1/videos', { method: 'POST', body: JSON.stringify({ prompt: 'x' }) })
    ).json()) as { id: string } // a video object
    const jobs = world.kernel.ask(Jobs)
    const id = created.id.replace('video_', 'job_')
    const job = (
      await world.whileTimePasses(Promise.resolve(jobs.wait(id, new AbortController().signal)))
    )._unsafeUnwrap()
    return [
      job.status,
      job.fault?.code,
      job.fault?.blame,
      (await accountStates()).every(({ state, consecutive_errors }) => state === 'ready' && consecutive_errors === 0),
    ]
  }

  test('for its content is the caller’s, for anything else the upstream’s; no account pays', async () => {
    expect(await failed('PUBLIC_ERROR_AUDIO_FILTERED')).toEqual(['failed', 'moderation_blocked', 'request', true])
    expect(await failed('PUBLIC_ERROR_IP_INPUT_IMAGE', ['IP_PROHIBITED'])).toEqual([
      'failed',
      'moderation_blocked',
      'request',
      true,
    ])
    expect(await failed('', ['FINISH_REASON_INPUT_VIDEO_EDIT'])).toEqual([
      'failed',
      'moderation_blocked',
      'request',
      true,
    ])
    expect(await failed('PUBLIC_ERROR_VIDEO_GENERATION_TIMED_OUT')).toEqual([
      'failed',
      'upstream_error',
      'upstream',
      true,
    ])
  })
})

test('200 videos on 10 accounts are polled with one call an account and round', async () => {
  const accounts = Array.from({ length: 10 }, (_, n) => ({
    st: `st-many-${n}`,
    email: `many${n}@example.com`,
    name: `Many ${n}`,
    credits: 100_000,
    tier: 'PAYGATE_TIER_ONE' as const,
  }))
  await using crowd = await startInside({
    emulator: { seedAccounts: accounts, videoPolls: 4 },
    accounts,
    config: { generation: { max_queue: 500 } },
  })
  const create = () => crowd.call('/v1/videos', { method: 'POST', body: JSON.stringify({ prompt: 'many' }) })
  const created = await crowd.whileTimePasses(Promise.all(Array.from({ length: 200 }, create)))
  expect(created.map(({ status }) => status)).toEqual(Array(200).fill(200))
  const ids = await Promise.all(
    created.map(async answer => ((await answer.json()) as { id: string }).id.replace('video_', 'job_')),
  )
  const jobs = crowd.kernel.ask(Jobs)
  const ended = await crowd.whileTimePasses(
    Promise.all(ids.map(async id => (await jobs.wait(id, new AbortController().signal))._unsafeUnwrap().status)),
  )
  expect(new Set(ended)).toEqual(new Set(['completed']))
  const polls = crowd.emulator.record.of('status')
  // A round of one account asks for everything that runs there; nobody is asked twice within an interval.
  const rounds = Math.max(...accounts.map(({ email }) => crowd.emulator.record.of('status', email).length))
  expect(polls.length).toBeLessThanOrEqual(10 * rounds)
  expect(polls.length).toBeLessThan(100)
  expect(crowd.emulator.record.of('video').length).toBe(200)
})
