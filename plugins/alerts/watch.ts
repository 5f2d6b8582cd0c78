/** One look after another: gathers the facts, judges them by the rules, and puts what has to be told into the outbox. */
import type { JobEngine, MetricFamily, MetricsSource } from 'flow2api/contracts'
import type { Clock, Contributions, Handle, Logger } from 'flow2api/plugin'
import type { Alarms, Patience } from './alarms.ts'
import type { CreditLog } from './credit-log.ts'
import { type AccountFact, creditsOf, type Facts, familiesOf, freeBytes, jobsOf, poolOf, totalOf } from './facts.ts'
import type { Outbox } from './outbox.ts'
import { type QuietHours, quietUntil } from './quiet.ts'
import type { ChannelName, RuleName } from './rule-names.ts'
import { findings, type Thresholds } from './rules.ts'
import { together } from './together.ts'

export interface WatchParts {
  readonly rules: readonly RuleName[]
  readonly thresholds: Thresholds
  readonly patience: Patience
  readonly windowMs: number
  readonly quiet: QuietHours | undefined
  readonly quietExcept: ReadonlySet<RuleName>
  readonly channels: readonly ChannelName[]
  readonly alarms: Alarms
  readonly outbox: Outbox
  readonly creditLog: CreditLog
  /** What was told of accounts since the process began. */
  readonly accounts: ReadonlyMap<number, AccountFact>
  readonly sources: Contributions<MetricsSource>
  readonly jobs: Handle<JobEngine>
  readonly places: Readonly<Record<string, string>>
  readonly clock: Clock
  readonly log: Logger
}

/** What happens to one account is certain, and told at once. */
const AT_ONCE: ReadonlySet<RuleName> = new Set(['account_disabled', 'account_needs_session'])

export class Watch {
  constructor(private readonly parts: WatchParts) {}

  /** Whether anything is to be sent by that. */
  async look(): Promise<boolean> {
    const { rules, alarms, outbox, channels, clock, log, quiet, quietExcept } = this.parts
    const facts = await this.#facts()
    const now = clock.now()
    let told = false
    for (const rule of rules) {
      const found = findings(rule, facts, this.parts.thresholds, name => alarms.active(name))
      if (!found) continue
      for (const turn of together(alarms.judge(rule, found, now, this.#patience(rule)))) {
        const { event, subject, title } = turn
        log[event === 'fired' ? 'warn' : 'info']({ rule, subject }, `alert ${event}: ${title}`)
        outbox.put(turn, channels, now, quietExcept.has(rule) ? undefined : quietUntil(quiet, now))
        told = true
      }
    }
    return told
  }

  #patience(rule: RuleName): Patience {
    return AT_ONCE.has(rule) ? { holdMs: 0, recoverMs: 0 } : this.parts.patience
  }

  async #facts(): Promise<Facts> {
    const { accounts, jobs, clock, windowMs, places, sources } = this.parts
    const families = familiesOf(sources)
    const disks = await Promise.all(
      Object.entries(places).map(async ([place, path]) => [place, await freeBytes(path)] as const),
    )
    return {
      pool: poolOf(families),
      changed: accounts,
      credits: this.#credits(families),
      jobs: await jobsOf(jobs, clock.now(), windowMs),
      disks: Object.fromEntries(disks),
      rssBytes: process.memoryUsage.rss(),
    }
  }

  #credits(families: readonly MetricFamily[]): Facts['credits'] {
    const [pool, credits] = [poolOf(families), creditsOf(families)]
    if (!credits) return undefined
    return new Map(
      [...credits].map(([provider, left]) => {
        const accounts = totalOf(pool?.get(provider) ?? {})
        return [provider, this.parts.creditLog.note(provider, { credits: left, accounts })] as const
      }),
    )
  }
}
