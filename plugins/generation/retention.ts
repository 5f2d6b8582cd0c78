/** Forgetting old jobs, a few at a time, so that nothing waits for it. */
import type { JobFiles } from './files.ts'
import type { Remembered } from './idempotency.ts'
import type { Store } from './store.ts'

const DAY_MS = 86_400_000
const BATCH = 100
const KEYS_AT_ONCE = 1_000
/** The files of a request are written before its job is; afterwards nobody claims them only if that never happened. */
const ORPHANED_AFTER_MS = 3_600_000

/** Removes jobs that ended more than `days` ago, with their files. How many; stops early when `signal` fires. */
export async function prune(
  store: Store,
  files: JobFiles,
  { now, days, signal }: { readonly now: number; readonly days: number; readonly signal: AbortSignal },
): Promise<number> {
  await files.sweep(now - ORPHANED_AFTER_MS, id => store.get(id) !== undefined)
  if (days === 0) return 0
  const before = now - days * DAY_MS
  let removed = 0
  let last = 0
  while (!signal.aborted) {
    const oldest = store.oldest(last, BATCH).filter(({ createdAt }) => createdAt < before)
    const due = oldest.filter(({ finishedAt }) => finishedAt !== null && finishedAt < before)
    if (due.length > 0) {
      const result = await store.remove(due.map(({ seq }) => seq))
      // What could not be removed now is still old the next time.
      if (result.isErr()) break
      for (const { id } of due) await files.remove(id)
      removed += due.length
    }
    if (oldest.length < BATCH) break
    last = oldest.at(-1)?.seq ?? last
  }
  return removed
}

/**
 * Removes what was supplied for ended jobs, the oldest first, until the rest is no more than `mostBytes`. The jobs stay,
 * and so does what was made. How many jobs it was; stops early when `signal` fires.
 */
export async function shrink(
  store: Pick<Store, 'get'>,
  files: JobFiles,
  { mostBytes, signal }: { readonly mostBytes: number; readonly signal: AbortSignal },
): Promise<number> {
  const sizes: { readonly id: string; readonly bytes: number }[] = []
  let total = 0
  for (const id of await files.jobs()) {
    if (signal.aborted) return 0
    // Neither of work under way, nor of a request that is just being admitted.
    if ((store.get(id)?.job.finishedAt ?? null) === null) continue
    const bytes = await files.suppliedBytes(id)
    sizes.push({ id, bytes })
    total += bytes
  }
  let shrunk = 0
  for (const { id, bytes } of sizes) {
    if (total <= mostBytes || signal.aborted) break
    if (bytes === 0) continue
    await files.removeSupplied(id)
    total -= bytes
    shrunk++
  }
  return shrunk
}

/** Forgets by what repeated requests were known, once none can come any more. Their jobs stay. */
export async function forgetKeys(
  store: Store,
  now: number,
  { ttlMs, retryWindowMs }: Remembered,
  signal: AbortSignal,
): Promise<void> {
  // A request with a key is found by its fingerprint as well.
  const keyedMs = Math.max(ttlMs, retryWindowMs)
  let last = 0
  while (!signal.aborted) {
    const oldest = store.oldestKeys(last, KEYS_AT_ONCE)
    const due = oldest.filter(({ key, createdAt }) => now - createdAt >= (key === null ? retryWindowMs : keyedMs))
    if (due.length > 0 && (await store.forgetKeys(due.map(({ seq }) => seq))).isErr()) return
    const youngest = oldest.at(-1)
    // They came in this order: what follows is younger still.
    if (!youngest || oldest.length < KEYS_AT_ONCE || now - youngest.createdAt < retryWindowMs) return
    last = youngest.seq
  }
}
