/** The media that the emulator has "made", and the states that a video passes through. PROTOCOL.md 1.7, 8. */
import type { Account } from './accounts.ts'
import type { VideoAspect } from './catalogue.ts'
import type { OutcomeFault } from './faults.ts'

export type VideoStatus = 'PENDING' | 'ACTIVE' | 'SUCCESSFUL' | 'FAILED' | 'CANCELED'

export interface ImageMedia {
  readonly kind: 'image'
  readonly id: string
  readonly workflowId: string
  readonly account: Account
  readonly projectId: string
  readonly batchId: string
  readonly createdAt: number
  readonly prompt: string
  readonly seed: number
  readonly model: string
  readonly aspect: string
  readonly width: number
  readonly height: number
}

export interface VideoMedia {
  readonly kind: 'video'
  readonly id: string
  readonly workflowId: string
  readonly account: Account
  readonly projectId: string
  readonly batchId: string
  readonly createdAt: number
  readonly prompt: string
  readonly seed: number
  readonly model: string
  readonly aspect: VideoAspect
  readonly seconds: number
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

export function isFinal(status: VideoStatus): boolean {
  return status === 'SUCCESSFUL' || status === 'FAILED' || status === 'CANCELED'
}

export class MediaStore {
  private readonly byId = new Map<string, Media>()

  constructor(
    private readonly limit: number,
    private readonly pace: Pace,
    private readonly now: () => number,
  ) {}

  add<M extends Media>(media: M): M {
    this.byId.set(media.id, media)
    if (this.byId.size > this.limit) this.byId.delete(this.byId.keys().next().value ?? '')
    return media
  }

  get(id: string): Media | undefined {
    return this.byId.get(id)
  }

  /** What an account may see under that id. */
  ofAccount(account: Account, id: string): Media | undefined {
    const media = this.byId.get(id)
    return media?.account === account ? media : undefined
  }

  /** Credits are taken here. */
  submit(video: Omit<VideoMedia, 'kind' | 'status' | 'polls'>): VideoMedia {
    video.account.credits -= video.price
    return this.add({ ...video, kind: 'video', status: 'PENDING', polls: 0 })
  }

  /** One status round. Credits of a failed video go back here. */
  poll(video: VideoMedia): void {
    if (isFinal(video.status)) return
    video.polls++
    const spent = { polls: video.polls, elapsedMs: this.now() - video.createdAt }
    video.status = statusAfter(spent, this.pace, video.outcome?.outcome)
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
