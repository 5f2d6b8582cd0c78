/** What an emulator is started with. */
import type { AccountSeed } from './accounts.ts'
import { SAMPLE_ACCOUNTS } from './accounts.ts'
import type { PictureFormat } from './pictures/picture.ts'
import { randomNumbers } from './random.ts'

/** How long each kind of call takes, in milliseconds; 0 where not given. */
export interface Latency {
  readonly sessionMs: number
  readonly projectMs: number
  readonly creditsMs: number
  readonly uploadMs: number
  /** An image from acceptance to answer; refusals come at once. */
  readonly imageMs: number
  /** An upsampled image, likewise. */
  readonly upsampleImageMs: number
  /** The answer to a video submission. */
  readonly submitMs: number
  /** A video from acceptance until it is finished. 0: `videoPolls` decides. */
  readonly videoMs: number
  readonly pollMs: number
  readonly redirectMs: number
  /** A download until its first byte. */
  readonly mediaMs: number
}

/**
 * Which lists a video submission or poll answers with. PROTOCOL.md 2.9: `operations` is the older form. `inline` is
 * `media` with the file's address in it, an older variant too. PROTOCOL.md 2.16.
 */
export type VideoAnswers = 'media' | 'operations' | 'both' | 'inline'

/** What an upload answers with. PROTOCOL.md 2.5: `list` has `media` as an array, `older` is the answer of 2.6. */
export type UploadAnswers = 'media' | 'list' | 'older'

export interface EmulatorOptions {
  /** Loopback port. 0: a free one. */
  readonly port?: number
  /** Base of all addresses that it hands out, where something stands in front of it. */
  readonly publicUrl?: string
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
  /** Default `media`. */
  readonly uploadAnswers?: UploadAnswers
  /** Uploads beyond this are too large. Default 20 MB. PROTOCOL.md 2.5. */
  readonly uploadLimitBytes?: number
  /** Uploads with a side below this are too small. Default 16 (assumed). */
  readonly uploadMinPixels?: number
  /** Where a joined video is: within the answer, or at its `outputUri`. Default `encoded`. PROTOCOL.md 2.14. */
  readonly concatenation?: 'encoded' | 'uri'
  /** Where the name of a concatenation is: nested as captured, or `flat` as one client has it. Default `nested`. */
  readonly concatenationAnswers?: 'nested' | 'flat'
  /** As little work as possible, for benchmarks: every image is one small file made beforehand, nothing is recorded. */
  readonly instant?: boolean
  /** How many requests `record` keeps, the newest. Default 10,000; 0 with `instant`. */
  readonly recordLimit?: number
  /** How many pieces of media are remembered, the newest. Default 10,000. */
  readonly mediaLimit?: number
  /** Numbers from 0 to 1, for faults with a probability. Default: the same ones at every start. */
  readonly random?: () => number
  /** Epoch milliseconds. Decides expiry and, with `latency.videoMs`, the state of videos. Default `Date.now`. */
  readonly now?: () => number
}

export type Settings = Required<Omit<EmulatorOptions, 'latency'>> & { readonly latency: Latency }

const NO_LATENCY: Latency = {
  sessionMs: 0,
  projectMs: 0,
  creditsMs: 0,
  uploadMs: 0,
  imageMs: 0,
  upsampleImageMs: 0,
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
    publicUrl: '',
    videoPolls: 2,
    seedAccounts: SAMPLE_ACCOUNTS,
    accessLifetimeMs: 3_600_000,
    mediaLifetimeMs: 6 * 3_600_000,
    strict: true,
    requireVerification: false,
    imageFormat: 'jpeg',
    videoAnswers: 'media',
    uploadAnswers: 'media',
    uploadLimitBytes: 20 * 1024 * 1024,
    uploadMinPixels: 16,
    concatenation: 'encoded',
    concatenationAnswers: 'nested',
    instant: false,
    recordLimit: options.instant ? 0 : 10_000,
    mediaLimit: 10_000,
    random: randomNumbers('emulator'),
    now: Date.now,
    ...options,
    latency: { ...NO_LATENCY, ...options.latency },
  }
}
