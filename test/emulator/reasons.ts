/** The reasons that Flow is known to give, and the HTTP status that the emulator sends each with. PROTOCOL.md 3.3. */

export interface ReasonGroup {
  /** Where PROTOCOL.md 3.2 does not tell a status, it is assumed. */
  readonly status: number
  /** Without the prefix; the first stands for its group. */
  readonly reasons: readonly [string, ...string[]]
}

export const REASON_PREFIX = 'PUBLIC_ERROR_'

export const REASON_GROUPS = {
  transient: {
    status: 503,
    reasons: [
      'HIGH_TRAFFIC',
      'MODEL_OVERLOADED',
      'MODEL_DISABLED_DUE_TO_TRAFFIC',
      'VIDEO_GENERATION_TIMED_OUT',
      'VERTEX_SERVICE_UNAVAILABLE',
      'UNSPECIFIED',
    ],
  },
  rate: {
    status: 429,
    reasons: ['CONCURRENT_LIMIT_REACHED', 'USER_REQUESTS_THROTTLED', 'GENERATION_ALREADY_IN_PROGRESS'],
  },
  risk: { status: 403, reasons: ['UNUSUAL_ACTIVITY', 'UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC', 'SOMETHING_WENT_WRONG'] },
  quota: {
    status: 429,
    reasons: [
      'USER_QUOTA_REACHED',
      'PER_MODEL_DAILY_QUOTA_REACHED',
      'PER_MODEL_DAILY_QUOTA_REACHED_UPGRADEABLE',
      'WORKSPACE_ACCOUNT_QUOTA_REACHED',
      'VERTEX_QUOTA_EXHAUSTED',
      'VERTEX_QUOTA_EXHAUSTED_ADMIN',
    ],
  },
  entitlement: {
    status: 403,
    reasons: [
      'APP_UNAVAILABLE',
      'MODEL_ACCESS_DENIED',
      'USER_REGION_DISALLOWED',
      'USER_MINOR',
      'PROJECT_NOT_ALLOWLISTED',
      'USER_ROLE_NOT_GRANTED',
      'PROJECT_FLOW_ENTERPRISE_NOT_ENABLED',
    ],
  },
  policy: {
    status: 400,
    reasons: [
      'SEXUAL',
      'UNSAFE_GENERATION',
      'VIOLENCE_FILTER',
      'DANGER_FILTER',
      'MINOR',
      'REPUTATIONAL',
      'PROMINENT_PEOPLE_FILTER_FAILED',
      'IMAGE_OUTPUT_IP_FILTER',
      'AUDIO_FILTERED',
      'UNDERSPECIFIED_ANIMAL',
      'NON_ENGLISH_PROMPT',
      'RESPONSE_TOO_LONG',
      'VERTEX_SAFETY_FILTER_TRIGGERED',
      'UNSAFE_SEARCH',
      'SPEECH_EDIT',
      'VIDEO_EDIT',
    ],
  },
  input_media: {
    status: 400,
    reasons: [
      'PROMINENT_PEOPLE_INPUT_IMAGE',
      'UNSAFE_IMAGE_UPLOAD',
      'MINOR_UPLOAD',
      'SEXUAL_UPLOAD',
      'PROMINENT_PEOPLE_UPLOAD',
      'PHOTOREAL_UPLOAD',
      'MINOR_HARM_UPLOAD',
      'PHOTOREAL_INPUT_IMAGE',
      'MINOR_INPUT_IMAGE',
      'IP_INPUT_IMAGE',
      'UNKNOWN_IMAGE_FILE_FORMAT',
      'IMAGE_TOO_LARGE',
      'IMAGE_TOO_SMALL',
      'UNSAFE_VIDEO_UPLOAD',
      'VIDEO_UPLOAD_TIMEOUT',
      'VIDEO_UPLOAD_FAILED',
      'VIDEO_DURATION_TOO_LONG',
      'VERTEX_UNSUPPORTED_INPUT',
    ],
  },
  other: {
    status: 400,
    reasons: [
      'MEDIA_GENERATION_CANNOT_BE_CANCELED',
      'COLLECTION_INVALID',
      'COLLECTION_FULL',
      'COLLECTION_DEPTH_EXCEEDED',
      'HANDLE_INVALID',
      'HANDLE_TAKEN',
    ],
  },
} as const satisfies Readonly<Record<string, ReasonGroup>>

/** PROTOCOL.md 3.2 has one reason of its group with another status than the rest. */
const TRAFFIC = 'UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC'

/** With its prefix, also where it was left out. */
export function reasonWord(word: string): string {
  return word.startsWith(REASON_PREFIX) ? word : `${REASON_PREFIX}${word}`
}

/** The status that comes with a reason; 400 with one that is not known. */
export function statusOfReason(word: string): number {
  const short = reasonWord(word).slice(REASON_PREFIX.length)
  if (short === TRAFFIC) return 429
  const groups: readonly ReasonGroup[] = Object.values(REASON_GROUPS)
  return groups.find(({ reasons }) => reasons.includes(short))?.status ?? 400
}
