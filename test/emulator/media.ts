/** The media that the emulator has "made" or was given, and the states that a video passes through. PROTOCOL.md 1.7, 8. */
import type { Account } from './accounts.ts'
import type { VideoAspect } from './catalogue.ts'
import type { OutcomeFault } from './faults.ts'
import type { Resolution } from './files.ts'

export type VideoStatus = 'PENDING' | 'SCHEDULED' | 'ACTIVE' | 'SUCCESSFUL' | 'FAILED' | 'CANCELED'

/** PROTOCOL.md 1.7. `UPSAMPLE` and `CONCATENATION` are words of the emulator. */
export type VideoMode =
  | 'TEXT_TO_VIDEO'
  | 'IMAGE_TO_VIDEO'
  | 'REFERENCE_TO_VIDEO'
  | 'VIDEO_EXTENSION'
  | 'UPSAMPLE'
  | 'CONCATENATION'

export interface ImageMedia {
  readonly kind: 'image'
  readonly id: string
  readonly workflowId: string
  readonly account: Account
  /** Empty for what was uploaded in the older form. */
  readonly projectId: string
  readonly batchId: string
  readonly createdAt: number
  readonly prompt: string
  readonly seed: number
  /** Empty for an upload. */
  readonly model: string
  readonly aspect: string
  readonly width: number
  readonly height: number
  /** Ids of the pictures that it was made from, in their order. */
  readonly inputs: readonly string[]
  /** What was uploaded, byte for byte; undefined for a generated picture, which is drawn when it is wanted. */
  readonly file?: { readonly mime: string; readonly bytes: Uint8Array<ArrayBuffer> }
}

export interface VideoMedia {
  readonly kind: 'video'
  readonly mode: VideoMode
  readonly id: string
  readonly workflowId: string
  /** Of upsampling alone, as it was sent. */
  readonly sceneId?: string
  readonly account: Account
  readonly projectId: string
  readonly batchId: string
  readonly createdAt: number
  readonly prompt: string
  readonly seed: number
  readonly model: string
  readonly aspect: VideoAspect
  readonly seconds: number
  readonly resolution: Resolution
  /** The file is as large as that of the source, whatever is said. */
  readonly smaller?: boolean
  /** Ids of what it was made from, in their order. */
  readonly inputs: readonly string[]
  /** How often the clip was extended to come to this one. */
  readonly extensions: number
  /** Credits that were taken, and go back if it does not succeed. */
  readonly price: number
  /** How it will end; undefined: well. */
  readonly outcome: OutcomeFault | undefined
  status: VideoStatus
  /** Status rounds so far. */
  polls: number
}

export type Media = ImageMedia | VideoMedia

export interface Pace {
  readonly videoPolls: number
  /** Milliseconds; 0: rounds decide. */
  readonly videoMs: number
}

/** Where a video is after so many rounds and so much time: PENDING, ACTIVE, then its outcome. */
export function statusAfter(
  spent: { readonly polls: number; readonly elapsedMs: number },
  pace: Pace,
  outcome: OutcomeFault['outcome'] | undefined,
): VideoStatus {
  const done = pace.videoMs > 0 ? spent.elapsedMs / pace.videoMs : spent.polls / Math.max(1, pace.videoPolls)
  if (done >= 1 && outcome !== 'stuck') return outcome === 'failed' ? 'FAILED' : 'SUCCESSFUL'
  return done >= (pace.videoMs > 0 ? 0.25 : 0.5) ? 'ACTIVE' : 'PENDING'
}

/** What a video is before it runs: PROTOCOL.md 1.7 tells two names apart by how it was submitted. */
export function queuedStatus(mode: VideoMode): 'PENDING' | 'SCHEDULED' {
  return mode === 'TEXT_TO_VIDEO' || mode === 'UPSAMPLE' ? 'PENDING' : 'SCHEDULED'
}

export function isFinal(status: VideoStatus): boolean {
  return status === 'SUCCESSFUL' || status === 'FAILED' || status === 'CANCELED'
}

/** Bytes of uploads that are kept; beyond that the oldest uploads are forgotten. */
const UPLOAD_LIMIT_BYTES = 256 * 1024 * 1024

export class MediaStore {
  private readonly byId = new Map<string, Media>()
  private uploadedBytes = 0

  constructor(
    private readonly limit: number,
    private readonly pace: Pace,
    private readonly now: () => number,
  ) {}

  add<M extends Media>(media: M): M {
    this.forget(media.id)
    this.byId.set(media.id, media)
    this.uploadedBytes += sizeOf(media)
    if (this.byId.size > this.limit) this.forget(this.byId.keys().next().value ?? '')
    if (this.uploadedBytes > UPLOAD_LIMIT_BYTES) {
      const oldest = this.byId.values().find(each => sizeOf(each) > 0 && each.id !== media.id)
      if (oldest) this.forget(oldest.id)
    }
    return media
  }

  get(id: string): Media | undefined {
    return this.byId.get(id)
  }

  /** Oldest first. */
  list(): readonly Media[] {
    return [...this.byId.values()]
  }

  /** What an account may see under that id. */
  ofAccount(account: Account, id: string): Media | undefined {
    const media = this.byId.get(id)
    return media?.account === account ? media : undefined
  }

  /** As if it had been deleted, or had aged out. False if there is none. */
  forget(id: string): boolean {
    const media = this.byId.get(id)
    if (!media) return false
    this.uploadedBytes -= sizeOf(media)
    return this.byId.delete(id)
  }

  /** Credits are taken here. */
  submit(video: Omit<VideoMedia, 'kind' | 'status' | 'polls'>): VideoMedia {
    video.account.credits -= video.price
    return this.add({ ...video, kind: 'video', status: queuedStatus(video.mode), polls: 0 })
  }

  /** One status round. Credits of a failed video go back here. */
  poll(video: VideoMedia): void {
    if (isFinal(video.status)) return
    video.polls++
    const spent = { polls: video.polls, elapsedMs: this.now() - video.createdAt }
    const status = statusAfter(spent, this.pace, video.outcome?.outcome)
    video.status = status === 'PENDING' ? queuedStatus(video.mode) : status
    if (video.status === 'FAILED') video.account.credits += video.price
  }

  /** False if the video has ended already. Credits go back. */
  cancel(video: VideoMedia): boolean {
    if (isFinal(video.status)) return false
    video.status = 'CANCELED'
    video.account.credits += video.price
    return true
  }
}

function sizeOf(media: Media): number {
  return media.kind === 'image' ? (media.file?.bytes.length ?? 0) : 0
}
