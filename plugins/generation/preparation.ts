/** Free work on the inputs before the first paid call, such as uploading them. It may be begun again at any time. */
import type { GenerationProvider, Session } from 'flow2api/contracts'
import { type Fault, type Handle, type Job as Hold, ok, okAsync, type Result } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask } from './ask.ts'
import type { Inputs } from './inputs.ts'
import type { Lifecycle } from './lifecycle.ts'
import { unitOf } from './unit.ts'

export const needsPreparing = ({ record, job }: ActiveUnit, provider: Handle<GenerationProvider>): boolean =>
  job.record.inputs.length > 0 &&
  provider.prepare !== undefined &&
  record.step === undefined &&
  record.prepared === undefined

/** It ends early when nobody has patience for it. */
export async function prepare(
  { life, inputs }: { readonly life: Lifecycle; readonly inputs: Inputs },
  unit: ActiveUnit,
  provider: Handle<GenerationProvider>,
  session: Session,
  hold: Hold,
): Promise<Result<void, Fault>> {
  const { record } = unit
  record.state = 'starting'
  life.changed(unit)
  const signal = AbortSignal.any([session.signal, hold.signal])
  const work = unitOf(unit, inputs)
  // Absent where a successor of the provider has nothing to prepare.
  const answer = await ask(() => provider.prepare?.(work, { ...session, signal }) ?? okAsync(null))
  if (answer.isErr()) return answer.map(() => undefined)
  record.prepared = answer.value
  unit.renewed = false
  unit.repeats = 0
  // Not awaited: where the paid call follows at once, its intent is the same write.
  void life.save(unit)
  return ok()
}
