/** What has to go from the folder. Pure. */
import { isPart, kindOfName } from './kind.ts'

export interface Found {
  readonly name: string
  readonly bytes: number
  /** Epoch milliseconds; of a kept file the moment it was kept. */
  readonly changedAt: number
}

export interface Limits {
  readonly now: number
  /** 0: nothing expires. */
  readonly lifetimeMs: number
  /** 0: no limit. */
  readonly mostBytes: number
  /** Names of files that are being written. */
  readonly writing: ReadonlySet<string>
}

/** A half-written file that has not grown for so long has no writer, in this process or another one. */
const ABANDONED_MS = 10 * 60_000

export const expired = (keptAt: number, now: number, lifetimeMs: number): boolean =>
  lifetimeMs > 0 && now - keptAt >= lifetimeMs

/**
 * Names to remove. Files that this plugin did not name are nobody's business here. The newest file is never removed for
 * its size: its client has not had it yet.
 */
export function toRemove(found: readonly Found[], { now, lifetimeMs, mostBytes, writing }: Limits): readonly string[] {
  const orphans = found.filter(
    ({ name, changedAt }) => isPart(name) && !writing.has(name) && now - changedAt >= ABANDONED_MS,
  )
  const media = found.filter(({ name }) => kindOfName(name) !== undefined)
  const old = media.filter(({ changedAt }) => expired(changedAt, now, lifetimeMs))
  const young = media.filter(file => !old.includes(file)).sort((a, b) => a.changedAt - b.changedAt)
  let total = young.reduce((sum, { bytes }) => sum + bytes, 0)
  const surplus: Found[] = []
  for (const file of young.slice(0, -1)) {
    if (mostBytes === 0 || total <= mostBytes) break
    surplus.push(file)
    total -= file.bytes
  }
  return [...orphans, ...old, ...surplus].map(({ name }) => name)
}
