/** Telling the upstream that nobody wants the work any more, where it can be told. */
import type { GenerationProvider, Lease, Operation } from 'flow2api/contracts'
import { type Handle, ok } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask, timeLimit } from './ask.ts'
import type { Ports } from './ports.ts'
import { sessionOf } from './session.ts'

const LIMIT_MS = 10_000

/** Best effort: the unit has ended for its caller, whatever comes of this. */
export async function cancelUpstream(
  ports: Pick<Ports, 'egress' | 'clock' | 'log'>,
  unit: ActiveUnit,
  provider: Handle<GenerationProvider>,
  operation: Operation | null = unit.record.operation,
  lease: Lease | undefined = unit.lease,
): Promise<void> {
  if (operation === null) return
  using limit = timeLimit(ports.clock, LIMIT_MS)
  const account = lease ? await ask(() => lease.session(limit.signal)) : ok(undefined)
  if (account.isErr()) return
  const cancelled = await ask(() => provider.cancel(operation, sessionOf(ports, unit, account.value, limit.signal)))
  if (cancelled.isErr())
    ports.log.info({ job: unit.job.id, code: cancelled.error.code }, 'the upstream could not be told of a cancellation')
}
