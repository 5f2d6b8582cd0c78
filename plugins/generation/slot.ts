/** A place on an account: a new one through the pool's queue, or the one that work already runs on. */
import type { GenerationProvider } from 'flow2api/contracts'
import { type Clock, type Fault, type Handle, sleep } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask, faultOf } from './ask.ts'
import type { Ledger } from './ledger.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Ports } from './ports.ts'
import { accountOf } from './records.ts'

export interface SlotParts {
  readonly ports: Pick<Ports, 'accounts' | 'clock' | 'limitMs'>
  readonly ledger: Ledger
  readonly life: Lifecycle
  /** Whether another instance, or none, goes on with waiting work. */
  released(): boolean
}

/** `handed over`: nothing was begun; whoever hosts next asks again. A fault is final. */
export type SlotOutcome = 'ready' | 'handed over' | Fault

/** The pool is being replaced; its successor is there in a moment. */
const PASSING: readonly string[] = ['capability_gone', 'shutting_down', 'cancelled']
const PASSING_WAIT_MS = 200
const ADOPT_WAIT_MS = 5_000

/** Waits in the pool's queue. Work whose account is settled goes back to that one. */
export async function acquireSlot(
  parts: SlotParts,
  unit: ActiveUnit,
  provider: Handle<GenerationProvider>,
): Promise<SlotOutcome> {
  try {
    if (unit.lease || provider.accounts() === undefined) return 'ready'
  } catch (cause) {
    return faultOf(cause)
  }
  if (unit.record.step !== undefined && unit.record.accountId !== null) return adoptSlot(parts, unit)
  const elsewhere = moved(parts, unit)
  for (;;) {
    if (elsewhere()) return 'handed over'
    const acquired = await queue(parts, unit)
    if (acquired.isOk()) {
      // An ended unit gives it back when its phase is over.
      unit.lease = acquired.value
      const { accountId: account, why } = acquired.value
      unit.record.choices = [...unit.record.choices, { account, why, at: parts.ports.clock.now() }]
      return 'ready'
    }
    if (elsewhere()) return 'handed over'
    if (!PASSING.includes(acquired.error.code)) return final(acquired.error, unit)
    await pause(parts, unit, PASSING_WAIT_MS)
  }
}

async function queue({ ports, ledger, life }: SlotParts, unit: ActiveUnit) {
  const { job } = unit
  const only = accountOf(job.record)
  const wait = new AbortController()
  unit.wait = wait
  // A slot that is free is there before this tick ends: until then nobody else is admitted who could count it.
  ledger.waiting.add(unit)
  const acquired = await ask(() =>
    ports.accounts.acquire({
      jobId: job.record.id,
      provider: job.record.provider,
      kind: job.record.kind,
      model: job.record.resolvedModel,
      ...(job.record.tier !== null && { tier: job.record.tier }),
      caller: job.record.user === null ? job.record.callerId : `${job.record.callerId} ${job.record.user}`,
      ...(job.record.cost !== null && { credits: job.record.cost }),
      patienceMs: ports.limitMs(job.record.kind),
      ...(only !== undefined && { only }),
      ...(unit.tried.length > 0 && { exclude: unit.tried }),
      signal: wait.signal,
      onQueue: position => {
        if (unit.ending || unit.queuePosition === position) return
        unit.queuePosition = position
        life.changed(unit)
      },
    }),
  )
  ledger.waiting.delete(unit)
  unit.wait = undefined
  unit.queuePosition = null
  return acquired
}

/** That no other account is left says less than why the last one refused. */
const final = (fault: Fault, unit: ActiveUnit): Fault =>
  fault.code === 'no_account' && unit.refusal ? unit.refusal : fault

/**
 * For work that is known upstream: never waits for a turn, and keeps asking while the pool is away. Error: `no_account`
 * where the account has left the pool.
 */
export async function adoptSlot(parts: SlotParts, unit: ActiveUnit): Promise<SlotOutcome> {
  const { record, job } = unit
  const { accountId } = record
  if (unit.lease || accountId === null) return 'ready'
  const elsewhere = moved(parts, unit)
  for (;;) {
    if (elsewhere()) return 'handed over'
    const adopted = await ask(() =>
      parts.ports.accounts.adopt({
        accountId,
        jobId: job.record.id,
        provider: job.record.provider,
        kind: job.record.kind,
        model: job.record.resolvedModel,
        ...(job.record.cost !== null && { credits: job.record.cost }),
      }),
    )
    if (adopted.isOk()) {
      unit.lease = adopted.value
      return 'ready'
    }
    if (adopted.error.code === 'no_account') return adopted.error
    await pause(parts, unit, ADOPT_WAIT_MS)
  }
}

interface PauseParts {
  readonly ports: { readonly clock: Clock }
  released(): boolean
}

/** Whether the unit has gone on without whoever asks: it has ended, is in another state, or belongs to another instance. */
function moved(parts: Pick<PauseParts, 'released'>, unit: ActiveUnit): () => boolean {
  const { state } = unit.record
  return () => unit.ending !== undefined || unit.record.state !== state || parts.released()
}

/** Waits; `false` where the work does not go on here. */
export async function pause(parts: PauseParts, unit: ActiveUnit, milliseconds: number): Promise<boolean> {
  const elsewhere = moved(parts, unit)
  if (elsewhere()) return false
  const wait = new AbortController()
  unit.wait = wait
  await sleep(parts.ports.clock, milliseconds, wait.signal)
  if (unit.wait === wait) unit.wait = undefined
  return !elsewhere()
}
