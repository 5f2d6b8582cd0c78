/** Forgetting old jobs, a few at a time, so that nothing waits for it. */
import type { JobFiles } from './files.ts'
import type { Store } from './store.ts'

const DAY_MS = 86_400_000
const BATCH = 100
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
