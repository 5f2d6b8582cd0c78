/** Progress of a job as people read it in a chat. */
import type { Job } from 'flow2api/contracts'
import type { Clock } from 'flow2api/plugin'

/** Interfaces redraw at every piece of reasoning. */
const PROGRESS_INTERVAL_MS = 1000

/** What a person may read of an unfinished job; undefined once there is nothing more to say. */
function progressText(job: Job): string | undefined {
  switch (job.status) {
    case 'queued':
      return job.queuePosition === null ? 'Queued…' : `Queued, position ${job.queuePosition}…`
    case 'starting':
      return 'Starting…'
    case 'running':
      return job.progress > 0 ? `Generating… ${Math.floor(job.progress)} %` : 'Generating…'
    case 'delivering':
      return 'Fetching the result…'
    default:
      return undefined
  }
}

/** Tells changes only, the newest of each second. */
export class ProgressReporter {
  #told: string | undefined
  #next: string | undefined
  #cancel: (() => void) | undefined

  constructor(
    private readonly clock: Clock,
    private readonly tell: (text: string) => void,
  ) {}

  update(job: Job): void {
    const text = progressText(job)
    if (text === undefined) return
    this.#next = text
    if (this.#cancel === undefined) this.#flush()
  }

  /** Nothing is told afterwards. */
  stop(): void {
    this.#cancel?.()
    this.#cancel = () => {}
  }

  #flush(): void {
    this.#cancel = undefined
    if (this.#next === undefined || this.#next === this.#told) return
    this.#told = this.#next
    this.#cancel = this.clock.after(PROGRESS_INTERVAL_MS, () => this.#flush())
    this.tell(`${this.#told}\n`)
  }
}
