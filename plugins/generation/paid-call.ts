/** The call that is paid. Whatever happens meanwhile, its answer is not lost, and nobody waits for it for ever. */
import type { GenerationProvider, Lease, Session, Started, Unit } from 'flow2api/contracts'
import { err, type Fault, type Handle, type Job as Hold, type Result } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask } from './ask.ts'
import { cancelUpstream } from './cancellation.ts'
import type { Ledger } from './ledger.ts'
import type { Lifecycle } from './lifecycle.ts'
import { timedOut } from './policy.ts'
import type { Ports } from './ports.ts'

export interface CallParts {
  readonly ports: Ports
  readonly ledger: Ledger
  readonly life: Lifecycle
}

export async function callStart(
  { ports, ledger, life }: CallParts,
  unit: ActiveUnit,
  provider: Handle<GenerationProvider>,
  work: { readonly unit: Unit; readonly session: Session; readonly hold: Hold },
): Promise<Result<Started, Fault>> {
  // Patience ends for a reload, too; but then a successor takes the answer, and the call may go on.
  const stop = () => {
    if (!ledger.host) unit.abort.abort()
  }
  work.hold.signal.addEventListener('abort', stop, { once: true })
  const { kind } = unit.job.record
  const overrun = Promise.withResolvers<Result<Started, Fault>>()
  let given = false
  unit.giveUp = () => {
    given = true
    overrun.resolve(err(timedOut(kind, ports.limitMs(kind))))
  }
  const answer = ask(() => provider.start(work.unit, work.session))
  const started = await Promise.race([answer, overrun.promise])
  unit.giveUp = undefined
  work.hold.signal.removeEventListener('abort', stop)
  if (given && started.isErr()) {
    const { lease } = unit
    life.report(unit, { ok: false, fault: started.error })
    unit.lease = undefined
    whenReturned({ ports, ledger, life }, unit, provider, answer, lease)
  }
  return started
}

/** The account is not free before the call has returned; what it still began is called off. */
function whenReturned(
  { ports, life }: CallParts,
  unit: ActiveUnit,
  provider: Handle<GenerationProvider>,
  answer: Promise<Result<Started, Fault>>,
  lease: Lease | undefined,
): void {
  const end = async () => {
    await using _hold = ports.begin(`overrun call of ${unit.job.id}`)
    const late = await answer
    if (late.isOk() && late.value.state === 'running')
      await cancelUpstream(ports, unit, provider, late.value.operation, lease)
    if (lease) life.giveBack(lease)
  }
  end().catch(cause => ports.log.error({ err: cause, job: unit.job.id }, 'an overrun call was not cleaned up'))
}
