/** Everything that the endpoints share. */
import { Accounts } from './accounts.ts'
import { Faults } from './faults.ts'
import { MediaStore } from './media.ts'
import type { Settings } from './options.ts'
import { PromptFaults } from './prompts.ts'
import { RequestRecord } from './record.ts'
import { MediaUrls } from './urls.ts'

/** Used verification values that are remembered, the newest. */
const VERIFICATION_LIMIT = 10_000

export class World {
  readonly accounts: Accounts
  readonly media: MediaStore
  readonly urls: MediaUrls
  readonly faults: Faults
  readonly prompts: PromptFaults
  readonly record: RequestRecord
  private readonly stopped = new AbortController()
  private readonly usedVerifications = new Set<string>()

  constructor(readonly settings: Settings) {
    const { now, latency, videoPolls } = settings
    this.faults = new Faults(settings.random)
    this.prompts = new PromptFaults(settings.random)
    this.accounts = new Accounts(now, settings.accessLifetimeMs)
    for (const seed of settings.seedAccounts) this.accounts.add(seed)
    this.media = new MediaStore(settings.mediaLimit, { videoPolls, videoMs: latency.videoMs }, now)
    this.urls = new MediaUrls(now, settings.mediaLifetimeMs)
    this.record = new RequestRecord(settings.recordLimit)
  }

  /** Resolves after so many milliseconds, or when the emulator stops. */
  wait(milliseconds: number): Promise<void> {
    if (milliseconds <= 0 || this.stopped.signal.aborted) return Promise.resolve()
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        this.stopped.signal.removeEventListener('abort', done)
        resolve()
      }
      const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1))
      this.stopped.signal.addEventListener('abort', done)
    })
  }

  /** Whether a verification value is good: not empty and not used before. It is used by this. PROTOCOL.md 1.5. */
  useVerification(value: string | undefined): boolean {
    if (!value || this.usedVerifications.has(value)) return false
    this.usedVerifications.add(value)
    if (this.usedVerifications.size > VERIFICATION_LIMIT)
      this.usedVerifications.delete(this.usedVerifications.values().next().value ?? '')
    return true
  }

  /** As at the start, but for media, projects and tokens: those that clients keep go on working. */
  reset(): void {
    this.faults.clear()
    this.prompts.clear()
    this.record.clear()
    this.accounts.reset()
  }

  /** Ends all waiting. */
  stop(): void {
    this.stopped.abort()
  }
}
