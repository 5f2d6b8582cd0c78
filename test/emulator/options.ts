/** What an emulator is started with. */
import type { AccountSeed } from './accounts.ts'
import { SAMPLE_ACCOUNTS } from './accounts.ts'
import type { PictureFormat } from './pictures/picture.ts'

/** How long each kind of call takes, in milliseconds; 0 where not given. */
export interface Latency {
  readonly sessionMs: number
  readonly projectMs: number
  readonly creditsMs: number
  /** An image from acceptance to answer; refusals come at once. */
  readonly imageMs: number
  /** The answer to a video submission. */
  readonly submitMs: number
  /** A video from acceptance until it is finished. 0: `videoPolls` decides. */
  readonly videoMs: number
  readonly pollMs: number
  readonly redirectMs: number
  /** A download until its first byte. */
  readonly mediaMs: number
}

/** Which lists a video submission or poll answers with. PROTOCOL.md 2.9: `operations` is the older form. */
export type VideoAnswers = 'media' | 'operations' | 'both'

export interface EmulatorOptions {
  /** Loopback port. 0: a free one. */
  readonly port?: number
  readonly latency?: Partial<Latency>
  /** Status rounds after which a video is finished, while `latency.videoMs` is 0. Default 2: ACTIVE, then SUCCESSFUL. */
  readonly videoPolls?: number
  /** Default: `SAMPLE_ACCOUNTS`. */
  readonly seedAccounts?: readonly AccountSeed[]
  /** How long an access token works. Default one hour. */
  readonly accessLifetimeMs?: number
  /** How long a media URL works. Default six hours. */
  readonly mediaLifetimeMs?: number
  /** Unknown fields and the older poll body are refused. Default true. */
  readonly strict?: boolean
  /** Generation calls need a verification value that was not used before. Default false. */
  readonly requireVerification?: boolean
  /** Default `jpeg`. */
  readonly imageFormat?: PictureFormat
  /** Default `media`. */
  readonly videoAnswers?: VideoAnswers
  /** As little work as possible, for benchmarks: every image is one small file made beforehand, nothing is recorded. */
  readonly instant?: boolean
  /** How many requests `record` keeps, the newest. Default 10,000; 0 with `instant`. */
  readonly recordLimit?: number
  /** How many pieces of media are remembered, the newest. Default 10,000. */
  readonly mediaLimit?: number
  /** Epoch milliseconds. Decides expiry and, with `latency.videoMs`, the state of videos. Default `Date.now`. */
  readonly now?: () => number
}

export type Settings = Required<Omit<EmulatorOptions, 'latency'>> & { readonly latency: Latency }

const NO_LATENCY: Latency = {
  sessionMs: 0,
  projectMs: 0,
  creditsMs: 0,
  imageMs: 0,
  submitMs: 0,
  videoMs: 0,
  pollMs: 0,
  redirectMs: 0,
  mediaMs: 0,
}

/** Fills in the defaults. */
export function settingsOf(options: EmulatorOptions): Settings {
  return {
    port: 0,
    videoPolls: 2,
    seedAccounts: SAMPLE_ACCOUNTS,
    accessLifetimeMs: 3_600_000,
    mediaLifetimeMs: 6 * 3_600_000,
    strict: true,
    requireVerification: false,
    imageFormat: 'jpeg',
    videoAnswers: 'media',
    instant: false,
    recordLimit: options.instant ? 0 : 10_000,
    mediaLimit: 10_000,
    now: Date.now,
    ...options,
    latency: { ...NO_LATENCY, ...options.latency },
  }
}
