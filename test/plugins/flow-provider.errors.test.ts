import { describe, expect, test } from 'bun:test'
import { FAULTS, type FaultCode } from 'flow2api/contracts'
import type { Answer } from '../../plugins/flow-provider/client.ts'
import { type CallNature, faultOfAnswer, faultOfFailure } from '../../plugins/flow-provider/errors.ts'
import { createJudge } from '../../plugins/flow-provider/judge.ts'
import { knownReasons, meaningOf } from '../../plugins/flow-provider/reasons.ts'
import { clock, NOW } from './flow-provider.fixtures.ts'

interface Envelope {
  readonly status?: string
  readonly message?: string
  readonly reasons?: readonly string[]
}

const answer = (status: number, envelope?: Envelope, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: new Headers(headers),
  body: envelope && {
    error: {
      code: status,
      message: envelope.message ?? 'Refused.',
      ...(envelope.status !== undefined && { status: envelope.status }),
      details: (envelope.reasons ?? []).map(reason => ({ '@type': 'ErrorInfo', reason })),
    },
  },
})
const fault = (status: number, envelope?: Envelope, nature: CallNature = 'verified') =>
  faultOfAnswer(answer(status, envelope), nature, NOW)

/** The groups of PROTOCOL.md 3.3, written out once more, so that a slip in the table shows. */
const GROUPS: Readonly<Record<string, readonly FaultCode[]>> = {
  'HIGH_TRAFFIC MODEL_OVERLOADED MODEL_DISABLED_DUE_TO_TRAFFIC VIDEO_GENERATION_TIMED_OUT VERTEX_SERVICE_UNAVAILABLE UNSPECIFIED':
    ['upstream_error'],
  'USER_REQUESTS_THROTTLED CONCURRENT_LIMIT_REACHED GENERATION_ALREADY_IN_PROGRESS': ['account_throttled'],
  'UNUSUAL_ACTIVITY UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC SOMETHING_WENT_WRONG': ['verification_required'],
  'USER_QUOTA_REACHED WORKSPACE_ACCOUNT_QUOTA_REACHED VERTEX_QUOTA_EXHAUSTED VERTEX_QUOTA_EXHAUSTED_ADMIN': [
    'account_quota_spent',
  ],
  'PER_MODEL_DAILY_QUOTA_REACHED PER_MODEL_DAILY_QUOTA_REACHED_UPGRADEABLE': ['model_quota_spent'],
  'MODEL_ACCESS_DENIED APP_UNAVAILABLE USER_REGION_DISALLOWED USER_MINOR PROJECT_NOT_ALLOWLISTED USER_ROLE_NOT_GRANTED PROJECT_FLOW_ENTERPRISE_NOT_ENABLED':
    ['account_not_entitled'],
  'UNSAFE_GENERATION SEXUAL VIOLENCE_FILTER DANGER_FILTER MINOR REPUTATIONAL PROMINENT_PEOPLE_FILTER_FAILED IMAGE_OUTPUT_IP_FILTER AUDIO_FILTERED UNDERSPECIFIED_ANIMAL NON_ENGLISH_PROMPT RESPONSE_TOO_LONG VERTEX_SAFETY_FILTER_TRIGGERED UNSAFE_SEARCH SPEECH_EDIT VIDEO_EDIT':
    ['moderation_blocked', 'upstream_rejected'],
  'UNSAFE_IMAGE_UPLOAD MINOR_UPLOAD SEXUAL_UPLOAD PROMINENT_PEOPLE_UPLOAD PHOTOREAL_UPLOAD MINOR_HARM_UPLOAD PHOTOREAL_INPUT_IMAGE PROMINENT_PEOPLE_INPUT_IMAGE MINOR_INPUT_IMAGE IP_INPUT_IMAGE UNKNOWN_IMAGE_FILE_FORMAT IMAGE_TOO_LARGE IMAGE_TOO_SMALL UNSAFE_VIDEO_UPLOAD VIDEO_UPLOAD_TIMEOUT VIDEO_UPLOAD_FAILED VIDEO_DURATION_TOO_LONG VERTEX_UNSUPPORTED_INPUT':
    ['moderation_blocked', 'upstream_rejected', 'invalid_image_file'],
  'MEDIA_GENERATION_CANNOT_BE_CANCELED COLLECTION_INVALID COLLECTION_FULL COLLECTION_DEPTH_EXCEEDED HANDLE_INVALID HANDLE_TAKEN APPLET_ANYTHING':
    ['upstream_rejected'],
}

describe('every reason has a meaning', () => {
  for (const [words, codes] of Object.entries(GROUPS))
    for (const word of words.split(' '))
      test(word, () => {
        const meaning = meaningOf(`PUBLIC_ERROR_${word}`)
        expect(meaning?.code).toBeOneOf([...codes])
        // A reason decides whatever the HTTP status is; only account faults may count against an account.
        for (const status of [400, 403, 429, 500]) {
          const found = fault(status, { reasons: [`PUBLIC_ERROR_${word}`] })
          expect(found.code).toBe(meaning?.code ?? '')
          expect(found.blame).toBe(FAULTS[found.code as FaultCode].blame) // a code of the catalogue, as the line above shows
          expect(found.message).toContain(word)
        }
      })

  test('and no reason stands in two groups', () => {
    const reasons = knownReasons()
    expect(new Set(reasons).size).toBe(reasons.length)
  })
})

test('a refused prompt is the request’s fault and is not retried', () => {
  expect(fault(400, { status: 'INVALID_ARGUMENT', reasons: ['PUBLIC_ERROR_UNSAFE_GENERATION'] })).toMatchObject({
    code: 'moderation_blocked',
    blame: 'request',
    retry: 'never',
  })
})

describe('without a reason the status decides', () => {
  test.each([
    [400, 'INVALID_ARGUMENT', 'upstream_rejected'],
    [401, 'UNAUTHENTICATED', 'access_expired'],
    [404, 'NOT_FOUND', 'upstream_error'],
    [429, 'RESOURCE_EXHAUSTED', 'account_throttled'],
    [500, 'INTERNAL', 'upstream_error'],
    [503, 'UNAVAILABLE', 'upstream_error'],
    [418, 'SOMETHING_NEW', 'upstream_rejected'],
    [302, 'SOMETHING_NEW', 'upstream_unreadable'],
  ])('%d %s', (status, name, code) => {
    expect(fault(status, { status: name }).code).toBe(code)
  })

  test('the envelope’s status comes before the HTTP status', () => {
    expect(fault(400, { status: 'RESOURCE_EXHAUSTED' }).code).toBe('account_throttled')
  })

  test.each([
    [400, 'INVALID_ARGUMENT', 'never'],
    [403, 'PERMISSION_DENIED', 'never'],
    [404, 'NOT_FOUND', 'never'],
    [429, 'RESOURCE_EXHAUSTED', 'later'],
    [500, 'INTERNAL', 'later'],
  ] as const)('a reason that nobody has described blames neither account nor caller: %d %s', (status, name, retry) => {
    const found = fault(status, { status: name, reasons: ['PUBLIC_ERROR_BRAND_NEW'] })
    expect(found).toMatchObject({ code: 'upstream_error', blame: 'upstream', retry })
    if (status !== 500) expect(found.message).toContain('PUBLIC_ERROR_BRAND_NEW')
  })

  test('nor does it hide that access has ended', () => {
    expect(fault(401, { reasons: ['PUBLIC_ERROR_BRAND_NEW'] }).code).toBe('access_expired')
    expect(fault(401, { status: 'UNAUTHENTICATED', reasons: ['CREDENTIALS_MISSING'] }).code).toBe('access_expired')
  })

  test('a known reason is found behind an unknown one', () => {
    expect(fault(403, { reasons: ['CREDENTIALS_MISSING', 'PUBLIC_ERROR_MODEL_ACCESS_DENIED'] }).code).toBe(
      'account_not_entitled',
    )
  })
})

describe('verification', () => {
  test('a bare 403 and Flow’s constant text mean it where Flow looks at the field', () => {
    expect(fault(403, { status: 'PERMISSION_DENIED' }).code).toBe('verification_required')
    const text = { status: 'RESOURCE_EXHAUSTED', message: 'reCAPTCHA evaluation failed' }
    for (const reasons of [[], ['PUBLIC_ERROR_BRAND_NEW']])
      expect(fault(429, { ...text, reasons })).toMatchObject({
        code: 'verification_required',
        blame: 'upstream',
        retry: 'never',
      })
  })

  test('elsewhere a bare 403 is a refusal that punishes nobody', () => {
    expect(fault(403, { status: 'PERMISSION_DENIED' }, 'plain')).toMatchObject({
      code: 'upstream_error',
      retry: 'never',
    })
  })
})

describe('an answer that is not JSON', () => {
  test.each([
    [200, 'upstream_unreadable'],
    [400, 'upstream_unreadable'],
    [403, 'upstream_unreadable'],
    [401, 'access_expired'],
    [502, 'upstream_error'],
    [503, 'upstream_error'],
  ])('with %d', (status, code) => {
    expect(fault(status).code).toBe(code)
  })

  test('with 429 is somebody’s page and no proof against the account', () => {
    expect(fault(429)).toMatchObject({ code: 'upstream_error', blame: 'upstream', retry: 'later' })
  })
})

describe('when to come back', () => {
  const after = (value: string) => faultOfAnswer(answer(429, {}, { 'retry-after': value }), 'plain', NOW).retryAfterMs

  test('is read from retry-after, in seconds or as a date', () => {
    expect(after('30')).toBe(30_000)
    expect(after(new Date(NOW + 90_000).toUTCString())).toBe(90_000)
    expect(after(new Date(NOW - 90_000).toUTCString())).toBe(0)
    expect(after('soon')).toBeUndefined()
  })

  test('or from Google’s RetryInfo', () => {
    const body = { error: { status: 'UNAVAILABLE', details: [{ '@type': 'RetryInfo', retryDelay: '2.5s' }] } }
    expect(faultOfAnswer({ status: 503, headers: new Headers(), body }, 'plain', NOW).retryAfterMs).toBe(2500)
  })
})

test('Flow’s own sentence is passed on only where it tells the caller what to change', () => {
  const sentence = 'Unknown name "foo"\nat requests[0]'
  expect(fault(400, { status: 'INVALID_ARGUMENT', message: sentence }).message).toContain('Unknown name "foo" at')
  expect(fault(500, { status: 'INTERNAL', message: sentence }).message).not.toContain('Unknown name')
})

describe('a video that failed', () => {
  const failed = (token?: string, reasons: readonly string[] = [], filtered = false) =>
    faultOfFailure({ token, reasons, filtered })

  test('is explained by its token', () => {
    expect(failed('PUBLIC_ERROR_IP_INPUT_IMAGE').code).toBe('moderation_blocked')
    expect(failed('PUBLIC_ERROR_HIGH_TRAFFIC').code).toBe('upstream_error')
  })
  test('or by its reasons', () => {
    expect(failed('PUBLIC_ERROR_NEW', ['IP_PROHIBITED']).code).toBe('moderation_blocked')
    expect(failed(undefined, ['AUDIO_FILTER_MINOR_PRESENCE']).code).toBe('moderation_blocked')
  })
  test('or by being withheld', () => {
    expect(failed(undefined, [], true)).toMatchObject({ code: 'moderation_blocked', retry: 'never' })
  })
  test('and otherwise merely failed, with free text kept out of the message', () => {
    const found = failed('something <b>odd</b>')
    expect(found.code).toBe('generation_failed')
    expect(found.message).not.toContain('odd')
  })
})

describe('a word that nobody has described', () => {
  const listening = () => {
    const lines: Readonly<Record<string, unknown>>[] = []
    return { lines, judge: createJudge(clock, fields => lines.push(fields)) }
  }
  const refused = (...reasons: readonly string[]) => answer(403, { status: 'PERMISSION_DENIED', reasons })

  test('is logged once, wherever it is met', () => {
    const { lines, judge } = listening()
    for (let time = 0; time < 3; time++) judge.answer(refused('PUBLIC_ERROR_NEW', 'PUBLIC_ERROR_SEXUAL'), 'plain')
    judge.failure({ token: 'PUBLIC_ERROR_NEW', reasons: ['FINISH_REASON_NEW'], filtered: false })
    expect(lines).toMatchObject([
      { reason: 'PUBLIC_ERROR_NEW', httpStatus: 403, status: 'PERMISSION_DENIED' },
      { reason: 'FINISH_REASON_NEW' },
    ])
  })

  test('is remembered by the instance, not by the process', () => {
    listening().judge.answer(refused('PUBLIC_ERROR_NEW'), 'plain')
    const { lines, judge } = listening()
    judge.answer(refused('PUBLIC_ERROR_NEW'), 'plain')
    expect(lines).toHaveLength(1)
  })

  test('and free text is never logged as one, nor more words than anybody would read', () => {
    const { lines, judge } = listening()
    judge.failure({ token: 'the prompt was: a secret', reasons: ['also this'], filtered: false })
    expect(lines).toHaveLength(0)
    for (let index = 0; index < 2000; index++) judge.answer(refused(`WORD_${index}`), 'plain')
    expect(lines).toHaveLength(500)
  })
})
