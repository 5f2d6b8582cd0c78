/** What became of a paid call whose answer was lost: asked before a unit ends as `outcome_unknown`. */
import type { Found, GenerationProvider, Session } from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, okAsync, type Result } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask, faultOf, timeLimit } from './ask.ts'
import type { Inputs } from './inputs.ts'
import type { Ports } from './ports.ts'
import { sessionOf } from './session.ts'
import { adoptSlot, pause, type SlotParts } from './slot.ts'
import { unitOf } from './unit.ts'

/** For one question. The deadline of the work itself rests meanwhile. */
const LIMIT_MS = 60_000
/** The way may be blocked for the same reason for which the answer was lost. */
const BACK_OFF_MS = [1_000, 5_000, 15_000, 60_000] as const

export interface LookupParts extends SlotParts {
  readonly ports: Ports
  readonly inputs: Inputs
}

const UNKNOWN: Found = { state: 'unknown' }

/** `handed over`: another instance asks, or the unit has ended meanwhile. */
export async function lookUp(
  parts: LookupParts,
  unit: ActiveUnit,
  provider: Handle<GenerationProvider> | undefined,
): Promise<Found | 'handed over'> {
  if (provider?.lookup === undefined) return UNKNOWN
  unit.disarm?.()
  unit.disarm = undefined
  const slot = await adoptSlot(parts, unit)
  if (slot === 'handed over') return slot
  if (slot !== 'ready') return UNKNOWN
  for (let tries = 0; ; tries++) {
    const found = await question(parts, unit, provider)
    if (unit.ending) return 'handed over'
    if (found.isOk()) return found.value
    const { code, message } = found.error
    parts.ports.log.warn({ job: unit.job.id, code }, `the outcome of a paid call could not be looked up: ${message}`)
    const backOffMs = found.error.retry === 'never' ? undefined : BACK_OFF_MS[tries]
    if (backOffMs === undefined) return UNKNOWN
    if (!(await pause(parts, unit, backOffMs))) return 'handed over'
  }
}

async function question(
  { ports, inputs }: LookupParts,
  unit: ActiveUnit,
  provider: Handle<GenerationProvider>,
): Promise<Result<Found, Fault>> {
  // The signal of the lost call may have fired; this is a call of its own, which ends with the unit.
  using limit = timeLimit(ports.clock, LIMIT_MS, ...(unit.abort.signal.aborted ? [] : [unit.abort.signal]))
  const { lease } = unit
  let account = lease ? await ask(() => lease.session(limit.signal)) : ok(undefined)
  for (let renewed = false; ; renewed = true) {
    if (account.isErr()) return err(account.error)
    const { value } = account
    let session: Session
    try {
      session = sessionOf(ports, unit, value, limit.signal)
    } catch (cause) {
      return err(faultOf(cause))
    }
    const work = unitOf(unit, inputs)
    // Absent where a successor of the provider cannot look anything up.
    const answer = await ask(() => provider.lookup?.(work, session) ?? okAsync(UNKNOWN))
    if (answer.isOk() || answer.error.code !== 'access_expired' || renewed || !lease || !value) return answer
    account = await ask(() => lease.renew(value.access, limit.signal))
  }
}
