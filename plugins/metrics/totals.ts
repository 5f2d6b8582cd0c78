/**
 * How many jobs have ended, by what they were. Counted as they end; what was counted is kept, and what ended around a
 * crash, or with this plugin switched off, is found in the job ledger. So a counter goes on after a restart.
 */
import type { Job, JobEngine, JobTally, MetricFamily } from 'flow2api/contracts'
import type { Database, Handle } from 'flow2api/plugin'
import { cursor, totals } from './schema.ts'

const LABELS = ['kind', 'model', 'provider', 'outcome', 'blame', 'code'] as const
/** Models beyond that many series are counted together. */
const MOST_SERIES = 2_000
const THE_ROW = 1

type Kind = Pick<JobTally, 'kind' | 'model' | 'provider' | 'status' | 'blame' | 'code'>

export class Totals {
  readonly #counts: Map<string, number>
  readonly #unsaved = new Set<string>()
  /** Jobs that ended before are counted, or are no business of ours. */
  #until: number | undefined
  /** Jobs that ended before are taken from the ledger and not as they are told. */
  #toldFrom = 0

  constructor(private readonly db: Database) {
    this.#counts = new Map(
      db
        .select()
        .from(totals)
        .all()
        .map(({ key, count }) => [key, count]),
    )
    this.#until = db.select().from(cursor).get()?.until
  }

  /** From now on jobs are told. What ended before is to be looked for, once it is certain to be in the ledger. */
  begin(now: number): void {
    // A successor takes over without a gap.
    if (this.#toldFrom > 0) return
    this.#toldFrom = now
    this.#until ??= now
  }

  /** Counts what was missed, once. Where the ledger cannot be read now, the next call tries again. */
  async catchUp(jobs: Handle<JobEngine>): Promise<void> {
    const [from, to] = [this.#until ?? 0, this.#toldFrom]
    if (from >= to) return
    const missed = await jobs.tally({ from, to, spanMs: to - from })
    if (missed.isErr()) return
    for (const row of missed.value) this.#add(row, row.count)
    this.#until = to
  }

  ended({ kind, resolvedModel, provider, status, fault, finishedAt }: Job): void {
    if (finishedAt === null || finishedAt < this.#toldFrom) return
    this.#add(
      { kind, model: resolvedModel, provider, status, blame: fault?.blame ?? null, code: fault?.code ?? null },
      1,
    )
  }

  save(now: number): void {
    // Before the ledger was looked at, its part would be taken for counted.
    if (this.#until === undefined || this.#until < this.#toldFrom) return
    const until = Math.max(now, this.#toldFrom)
    this.db.transaction(tx => {
      for (const key of this.#unsaved) {
        const count = this.#counts.get(key) ?? 0
        tx.insert(totals).values({ key, count }).onConflictDoUpdate({ target: totals.key, set: { count } }).run()
      }
      tx.insert(cursor).values({ id: THE_ROW, until }).onConflictDoUpdate({ target: cursor.id, set: { until } }).run()
    })
    this.#unsaved.clear()
  }

  family(): MetricFamily {
    const samples = [...this.#counts].map(([key, value]) => {
      const values = JSON.parse(key) as readonly string[] // written by `#add`
      return { labels: Object.fromEntries(LABELS.map((label, index) => [label, values[index] ?? ''])), value }
    })
    return {
      name: 'flow2api_generations_total',
      help: 'Jobs that have ended. Goes on after a restart.',
      kind: 'counter',
      samples,
    }
  }

  #add({ kind, model, provider, status, blame, code }: Kind, count: number): void {
    const keyFor = (name: string) => JSON.stringify([kind, name, provider, status, blame ?? '', code ?? ''])
    const own = keyFor(model)
    const key = this.#counts.has(own) || this.#counts.size < MOST_SERIES ? own : keyFor('other')
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + count)
    this.#unsaved.add(key)
  }
}
