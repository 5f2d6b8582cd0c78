/** What Flow's reason words mean: the table of PROTOCOL.md 3.3, without the `PUBLIC_ERROR_` that all begin with. */
import type { FaultCode } from 'flow2api/contracts'
import type { FaultDetails } from 'flow2api/plugin'

export interface Meaning {
  readonly code: FaultCode
  /** What happened and what to do; the reason word follows in brackets. */
  readonly message: string
  readonly details?: FaultDetails
}

interface Group extends Meaning {
  readonly reasons: readonly string[]
}

/** Also where a refusal comes without a reason word. */
export const UNVERIFIED: Meaning = {
  code: 'verification_required',
  message:
    'Flow asks for a human verification that this gateway does not give. Use Flow in a browser with this account for a while, from the same network, or use another upstream.',
}

const NOT_DONE: Group = {
  code: 'upstream_rejected',
  message: 'Flow did not do what was asked.',
  reasons: [
    'MEDIA_GENERATION_CANNOT_BE_CANCELED',
    'COLLECTION_INVALID',
    'COLLECTION_FULL',
    'COLLECTION_DEPTH_EXCEEDED',
    'HANDLE_INVALID',
    'HANDLE_TAKEN',
  ],
}

const GROUPS: readonly Group[] = [
  {
    code: 'upstream_error',
    message: 'Flow is overloaded or did not finish in time. Try again later.',
    reasons: [
      'HIGH_TRAFFIC',
      'MODEL_OVERLOADED',
      'MODEL_DISABLED_DUE_TO_TRAFFIC',
      'VIDEO_GENERATION_TIMED_OUT',
      'VERTEX_SERVICE_UNAVAILABLE',
      'UNSPECIFIED',
    ],
  },
  {
    code: 'account_throttled',
    message: 'Flow limits how much this account may ask at a time. Wait, or use another account.',
    reasons: ['USER_REQUESTS_THROTTLED', 'CONCURRENT_LIMIT_REACHED', 'GENERATION_ALREADY_IN_PROGRESS'],
  },
  {
    ...UNVERIFIED,
    reasons: ['UNUSUAL_ACTIVITY', 'UNUSUAL_ACTIVITY_TOO_MUCH_TRAFFIC', 'SOMETHING_WENT_WRONG'],
  },
  {
    code: 'account_quota_spent',
    message: 'The account has used up its credits or its quota at Flow. Use another account, or wait for the next day.',
    reasons: [
      'USER_QUOTA_REACHED',
      'WORKSPACE_ACCOUNT_QUOTA_REACHED',
      'VERTEX_QUOTA_EXHAUSTED',
      'VERTEX_QUOTA_EXHAUSTED_ADMIN',
    ],
  },
  {
    code: 'model_quota_spent',
    message:
      'The account has used up what it may make with this model in a day at Flow. Use another account or model, or wait for the next day.',
    reasons: ['PER_MODEL_DAILY_QUOTA_REACHED', 'PER_MODEL_DAILY_QUOTA_REACHED_UPGRADEABLE'],
  },
  {
    code: 'account_not_entitled',
    message: 'The account may not use this model at Flow: its plan, region, age or role does not allow it.',
    reasons: [
      'MODEL_ACCESS_DENIED',
      'APP_UNAVAILABLE',
      'USER_REGION_DISALLOWED',
      'USER_MINOR',
      'PROJECT_NOT_ALLOWLISTED',
      'USER_ROLE_NOT_GRANTED',
      'PROJECT_FLOW_ENTERPRISE_NOT_ENABLED',
    ],
  },
  {
    code: 'moderation_blocked',
    message: 'Flow refused the prompt or the result for its content. Change the prompt.',
    reasons: [
      'UNSAFE_GENERATION',
      'SEXUAL',
      'VIOLENCE_FILTER',
      'DANGER_FILTER',
      'MINOR',
      'REPUTATIONAL',
      'PROMINENT_PEOPLE_FILTER_FAILED',
      'IMAGE_OUTPUT_IP_FILTER',
      'AUDIO_FILTERED',
      'VERTEX_SAFETY_FILTER_TRIGGERED',
      'UNSAFE_SEARCH',
      'SPEECH_EDIT',
      'VIDEO_EDIT',
      // Seen in failureReasons[] of a failed video.
      'IP_PROHIBITED',
      'FINISH_REASON_INPUT_VIDEO_EDIT',
      'FINISH_REASON_INPUT_SPEECH_EDIT',
      'AUDIO_FILTER_MINOR_PRESENCE',
    ],
  },
  {
    code: 'moderation_blocked',
    message: 'Flow refused a picture or video that was sent along for its content. Use another one.',
    reasons: [
      'UNSAFE_IMAGE_UPLOAD',
      'MINOR_UPLOAD',
      'SEXUAL_UPLOAD',
      'PROMINENT_PEOPLE_UPLOAD',
      'PHOTOREAL_UPLOAD',
      'MINOR_HARM_UPLOAD',
      'PHOTOREAL_INPUT_IMAGE',
      'PROMINENT_PEOPLE_INPUT_IMAGE',
      'MINOR_INPUT_IMAGE',
      'IP_INPUT_IMAGE',
      'UNSAFE_VIDEO_UPLOAD',
    ],
  },
  {
    code: 'upstream_rejected',
    message: 'Flow cannot work with this prompt. Write it in English, shorter, and say what is to be seen.',
    reasons: ['UNDERSPECIFIED_ANIMAL', 'NON_ENGLISH_PROMPT', 'RESPONSE_TOO_LONG'],
  },
  {
    code: 'invalid_image_file',
    message: 'Flow cannot use a picture that was sent along: its format or size does not suit. Send a PNG or JPEG.',
    reasons: ['UNKNOWN_IMAGE_FILE_FORMAT', 'IMAGE_TOO_LARGE', 'IMAGE_TOO_SMALL'],
  },
  {
    code: 'upstream_rejected',
    message: 'Flow cannot use a picture or video that was sent along. Use another one.',
    reasons: ['VIDEO_UPLOAD_TIMEOUT', 'VIDEO_UPLOAD_FAILED', 'VIDEO_DURATION_TOO_LONG', 'VERTEX_UNSUPPORTED_INPUT'],
  },
  NOT_DONE,
]

/** Every reason that has a meaning of its own. */
export const knownReasons = (): readonly string[] => GROUPS.flatMap(group => group.reasons)

/** With or without the prefix. Undefined for a word that nobody has described. */
export function meaningOf(reason: string): Meaning | undefined {
  const word = reason.replace(/^PUBLIC_ERROR_/, '')
  // The one family of which only the beginning is known.
  if (word.startsWith('APPLET_')) return NOT_DONE
  return GROUPS.find(group => group.reasons.includes(word))
}
