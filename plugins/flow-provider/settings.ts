/** The `[flow]` section and what follows from it. */
import { type Static, t } from 'flow2api/plugin'

const baseUrl = (fallback: string, description: string) =>
  t.String({ default: fallback, pattern: '^https?://[^\\s]+$', description })

export const configSchema = t.Object(
  {
    labs_base_url: baseUrl(
      'https://labs.google/fx/api',
      'Where sessions, projects and media redirects are (PROTOCOL.md 1.1).',
    ),
    api_base_url: baseUrl(
      'https://aisandbox-pa.googleapis.com/v1',
      'Where credits, generation and polling are (PROTOCOL.md 1.1).',
    ),
    timeout: t.Number({
      default: 120,
      minimum: 1,
      maximum: 3600,
      description:
        'Seconds that one call may take. Quick calls have shorter limits; enlarging a picture and joining clips, which answer late, 2.5 times as long.',
    }),
    poll_interval: t.Number({
      default: 3,
      minimum: 0.05,
      maximum: 300,
      description: 'Seconds between two looks at running videos.',
    }),
    max_poll_attempts: t.Integer({
      default: 200,
      minimum: 1,
      description: 'How often a running video is looked at before it is given up.',
    }),
  },
  { additionalProperties: false },
)

/** The calls that the provider makes, each with a patience of its own. */
export type CallKind = keyof typeof CALL_LIMITS_S

/**
 * Seconds that each call may take while `timeout` is 120. Shorter ones grow with a longer `timeout` and never exceed it;
 * longer ones go with it. From PROTOCOL.md 5; a picture takes up to 50 s and is waited for as long as `timeout` allows.
 */
const CALL_LIMITS_S = {
  session: 10,
  project: 15,
  credits: 10,
  upload: 120,
  image: 120,
  image_upsample: 300,
  video: 75,
  concatenate: 120,
  /** Carries the joined video as text. */
  concatenation: 300,
  status: 45,
  redirect: 10,
  /** Carries a video as text. */
  lookup: 120,
  cancel: 10,
  discard: 10,
} as const
const USUAL_TIMEOUT_S = 120

export interface Settings {
  /** No `/` at the end. */
  readonly labsBaseUrl: string
  /** No `/` at the end: custom methods such as `:uploadUserImage` follow it directly. */
  readonly apiBaseUrl: string
  readonly pollIntervalMs: number
  readonly maxPollAttempts: number
  timeoutMs(call: CallKind): number
}

export function readSettings(config: Static<typeof configSchema>): Settings {
  const growth = config.timeout / USUAL_TIMEOUT_S
  const limitS = (usual: number) =>
    usual > USUAL_TIMEOUT_S ? usual * growth : Math.min(config.timeout, usual * Math.max(1, growth))
  return {
    labsBaseUrl: withoutSlash(config.labs_base_url),
    apiBaseUrl: withoutSlash(config.api_base_url),
    pollIntervalMs: Math.round(config.poll_interval * 1000),
    maxPollAttempts: config.max_poll_attempts,
    timeoutMs: call => Math.round(limitS(CALL_LIMITS_S[call]) * 1000),
  }
}

const withoutSlash = (url: string): string => url.replace(/\/+$/, '')
