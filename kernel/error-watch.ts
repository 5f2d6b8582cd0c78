/** Whether answers fail much more often than they did before: asked for some time after each reload. */
import type { Clock } from './clock.ts'

/** Fewer answers than this say nothing. */
const LEAST_ANSWERS = 20
const LEAST_SHARE = 0.5
/** So many times the share of before, where some failed then as well. */
const LEAST_RISE = 3
const BEFORE_S = 60
const CHECK_MS = 1_000

interface Count {
  answers: number
  failed: number
}

export interface Rise {
  readonly answers: number
  readonly failed: number
  /** Of the time before the reload. */
  readonly shareBefore: number
}

export class ErrorWatch {
  /** By second, the last minute of them. */
  readonly #seconds: (Count & { readonly at: number })[] = []
  #since: Count = { answers: 0, failed: 0 }
  #stop = () => {}

  constructor(private readonly clock: Clock) {}

  /** Every answer that a plugin gave. */
  record(status: number): void {
    for (const count of [this.#present(), this.#since]) {
      count.answers++
      if (status >= 500) count.failed++
    }
  }

  /** Calls back once if the share of failures rises sharply within `forMs`; a later `begin` takes the place of this one. */
  begin(forMs: number, risen: (rise: Rise) => void): void {
    this.#stop()
    const until = this.clock.now() + forMs
    const before = this.#lastMinute()
    const shareBefore = before.answers === 0 ? 0 : before.failed / before.answers
    const most = Math.max(LEAST_SHARE, LEAST_RISE * shareBefore)
    const since = { answers: 0, failed: 0 }
    this.#since = since
    const check = () => {
      const { answers, failed } = since
      if (answers >= LEAST_ANSWERS && failed / answers >= most) {
        this.stop()
        risen({ answers, failed, shareBefore })
      } else if (this.clock.now() < until) this.#stop = this.clock.after(CHECK_MS, check)
    }
    if (forMs > 0) this.#stop = this.clock.after(CHECK_MS, check)
  }

  stop(): void {
    this.#stop()
    this.#stop = () => {}
  }

  #present(): Count {
    const at = Math.floor(this.clock.now() / 1000) * 1000
    const last = this.#seconds.at(-1)
    if (last?.at === at) return last
    const next = { at, answers: 0, failed: 0 }
    this.#seconds.push(next)
    while ((this.#seconds[0]?.at ?? at) < at - BEFORE_S * 1000) this.#seconds.shift()
    return next
  }

  #lastMinute(): Count {
    const oldest = this.clock.now() - BEFORE_S * 1000
    const sum = { answers: 0, failed: 0 }
    for (const { at, answers, failed } of this.#seconds) {
      if (at < oldest) continue
      sum.answers += answers
      sum.failed += failed
    }
    return sum
  }
}
