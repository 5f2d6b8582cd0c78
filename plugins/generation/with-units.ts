/** Jobs of the tables, each with its units in order. */
import { asc, inArray } from 'drizzle-orm'
import type { Database } from 'flow2api/plugin'
import { type StoredJob, type UnitRecord, unitKey } from './records.ts'
import { jobRecord, unitRecord } from './rows.ts'
import { type jobs, units } from './schema.ts'

/** SQLite binds at most 32,766 values in a statement; this stays far below. */
const KEYS_AT_ONCE = 1_000

export function withUnits(db: Database, rows: readonly (typeof jobs.$inferSelect)[]): readonly StoredJob[] {
  const owners = new Map(
    rows.flatMap(({ seq, count }) => Array.from({ length: count }, (_, index) => [unitKey(seq, index), seq] as const)),
  )
  const keys = [...owners.keys()]
  const parts = new Map<number, UnitRecord[]>()
  for (let from = 0; from < keys.length; from += KEYS_AT_ONCE) {
    const some = keys.slice(from, from + KEYS_AT_ONCE)
    const found = db.select().from(units).where(inArray(units.key, some)).orderBy(asc(units.key)).all()
    for (const row of found) {
      const seq = owners.get(row.key) ?? 0
      const own = parts.get(seq)
      if (own) own.push(unitRecord(row))
      else parts.set(seq, [unitRecord(row)])
    }
  }
  return rows.map(row => ({ job: jobRecord(row), units: parts.get(row.seq) ?? [] }))
}
