/** Tells the upstream that what it made is not wanted any more, where it can be told. */
import type { GenerationProvider, Origin } from 'flow2api/contracts'
import type { Handle } from 'flow2api/plugin'
import { timeLimit } from './ask.ts'
import { runErrand } from './errand.ts'
import type { Ports } from './ports.ts'
import type { StoredJob } from './records.ts'

const LIMIT_MS = 60_000

/** Best effort, in the background: the job is gone here, whatever comes of this. */
export function discardUpstream(ports: Ports, stored: StoredJob): void {
  const { job } = stored
  const provider = ports.provider(job.provider)
  if (!provider?.discard) return
  for (const [accountId, origins] of originsOf(stored))
    discard(ports, stored, provider, accountId, origins).catch(cause =>
      ports.log.error({ err: cause, job: job.id }, 'the upstream could not be told of a removal'),
    )
}

async function discard(
  ports: Ports,
  { job }: StoredJob,
  provider: Handle<GenerationProvider>,
  accountId: number | null,
  origins: readonly Origin[],
): Promise<void> {
  await using hold = ports.begin(`discarding what ${job.id} made`)
  using limit = timeLimit(ports.clock, LIMIT_MS, hold.signal)
  const { discard: forget } = provider
  if (!forget) return
  const place = { provider: job.provider, kind: job.kind, accountId }
  const done = await runErrand(ports, place, limit.signal, session => forget(origins, session))
  if (done.isErr())
    ports.log.warn(
      { job: job.id, account: accountId, code: done.error.code },
      `the upstream was not told of a removal: ${done.error.message}`,
    )
}

/** By account: the finished pieces, and what led to them. */
function originsOf({ units }: StoredJob): ReadonlyMap<number | null, readonly Origin[]> {
  const byAccount = new Map<number | null, Map<string, Origin>>()
  for (const { accountId, media, sources, fallback } of units)
    for (const { origin } of [...media, ...(sources ?? []), ...(fallback ?? [])]) {
      if (!origin) continue
      const known = byAccount.get(accountId) ?? new Map<string, Origin>()
      byAccount.set(accountId, known.set(JSON.stringify(origin), origin))
    }
  return new Map([...byAccount].map(([accountId, origins]) => [accountId, [...origins.values()]]))
}
