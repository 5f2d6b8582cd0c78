/**
 * Asks how running operations are doing: one call an account and round, for all its operations together. What it learns
 * changes the ledger's units, so a round that began before a reload may still be answered after it.
 */
import type { GenerationProvider, Operation, OperationStatus } from 'flow2api/contracts'
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask, attempt, faultOf, timeLimit } from './ask.ts'
import type { Ledger } from './ledger.ts'
import type { Lifecycle } from './lifecycle.ts'
import { polledEnough, stalled, unknownOutcome, verdictOf } from './policy.ts'
import type { Ports } from './ports.ts'
import { sessionOf } from './session.ts'

/** A round that hangs must not stop the ones after it. */
const ROUND_LIMIT_MS = 60_000
/** While the provider is not there to say how often it wants to be asked. */
const ABSENT_INTERVAL_MS = 5_000
/** Progress is written in steps of this many percent. */
const PROGRESS_STEP = 10

interface Group {
  readonly provider: string
  readonly accountId: number | null
  units: Set<ActiveUnit>
  /** Rounds in a row that taught nothing. */
  failures: number
  cancel: () => void
}

interface Asked {
  readonly unit: ActiveUnit
  readonly operation: Operation
}

export interface PollerParts {
  readonly ports: Ports
  readonly ledger: Ledger
  readonly life: Lifecycle
}

export class Poller {
  readonly #groups = new Map<string, Group>()
  #stopped = false

  constructor(private readonly parts: PollerParts) {}

  /** From the next round of its account on, until it has moved on. */
  add(unit: ActiveUnit): void {
    if (this.#stopped) return
    const { provider } = unit.job.record
    const { accountId } = unit.record
    const key = `${provider} ${accountId}`
    let group = this.#groups.get(key)
    if (!group) {
      group = { provider, accountId, units: new Set(), failures: 0, cancel: () => {} }
      this.#groups.set(key, group)
      this.#schedule(key, group)
    }
    group.units.add(unit)
  }

  /** No further round. One that is under way may end and its answers still count. */
  stop(): void {
    this.#stopped = true
    for (const group of this.#groups.values()) group.cancel()
    this.#groups.clear()
  }

  #schedule(key: string, group: Group): void {
    const { clock } = this.parts.ports
    const intervalMs = this.#pace(group.provider)?.intervalMs ?? ABSENT_INTERVAL_MS
    group.cancel = clock.after(intervalMs, () => void this.#round(key, group))
  }

  #pace(id: string) {
    const provider = this.parts.ports.provider(id)
    return provider && attempt(() => provider.polling())
  }

  async #round(key: string, group: Group): Promise<void> {
    const asked = [...group.units].flatMap(unit => pending(unit) ?? [])
    group.units = new Set(asked.map(({ unit }) => unit))
    if (asked.length === 0) {
      this.#groups.delete(key)
      return
    }
    await using _hold = this.parts.ports.begin(`status of ${asked.length} at ${key}`)
    try {
      await this.#learn(group, asked)
    } catch (cause) {
      this.parts.ports.log.error({ err: cause }, 'a round of polling failed')
    }
    if (!this.#stopped) this.#schedule(key, group)
  }

  async #learn(group: Group, asked: readonly Asked[]): Promise<void> {
    const { ports } = this.parts
    const provider = ports.provider(group.provider)
    const answer = provider
      ? await this.#ask(provider, asked)
      : err(faultOf(new Error(`the plugin "${group.provider}" is not loaded`)))
    if (answer.isErr()) {
      group.failures++
      for (const { unit } of asked) unit.answeredAt = undefined
      const { code, message } = answer.error
      const level = group.failures === 1 ? 'warn' : 'debug'
      ports.log[level](
        { account: group.accountId, code, row: group.failures },
        `nothing learned by polling: ${message}`,
      )
      return
    }
    group.failures = 0
    const most = this.#pace(group.provider)?.maxAttempts ?? Number.POSITIVE_INFINITY
    const moves = asked.map(({ unit, operation }, index) => {
      const status = answer.value[index]
      // The world may have moved on while the upstream thought: cancelled, too late, or learned by another round.
      return status && pending(unit)?.operation === operation ? this.#apply(unit, status, most) : undefined
    })
    await Promise.all(moves)
  }

  async #ask(
    provider: Handle<GenerationProvider>,
    asked: readonly Asked[],
  ): Promise<Result<readonly OperationStatus[], Fault>> {
    const { ports } = this.parts
    using limit = timeLimit(ports.clock, ROUND_LIMIT_MS)
    const speaker = asked.find(({ unit }) => unit.lease)?.unit ?? asked[0]?.unit
    if (!speaker) return ok([])
    const { lease } = speaker
    const operations = asked.map(({ operation }) => operation)
    let account = lease ? await ask(() => lease.session(limit.signal)) : ok(undefined)
    for (let renewed = false; ; renewed = true) {
      if (account.isErr()) return err(account.error)
      const { value } = account
      const answer = await ask(() => provider.status(operations, sessionOf(ports, speaker, value, limit.signal)))
      if (answer.isOk() && answer.value.length !== operations.length)
        return err(faultOf(new Error(`it answered ${answer.value.length} of ${operations.length} operations`)))
      if (answer.isOk() || answer.error.code !== 'access_expired' || renewed || !lease || !value) return answer
      account = await ask(() => lease.renew(value.access, limit.signal))
    }
  }

  async #apply(unit: ActiveUnit, status: OperationStatus, most: number): Promise<void> {
    const { life, ledger, ports } = this.parts
    const { record } = unit
    record.polls++
    switch (status.state) {
      case 'running': {
        if (record.polls >= most) return void (await life.fail(unit, polledEnough(record.polls)))
        const advanced = unit.advance(Math.min(94, status.progress ?? 0))
        unit.answered(ports.clock.now(), advanced || record.polls === 1)
        if (ports.stallMs > 0 && unit.quietMs >= ports.stallMs)
          return void (await life.fail(unit, stalled(ports.stallMs)))
        if (!advanced) return
        if (record.progress - unit.savedProgress >= PROGRESS_STEP) void life.save(unit)
        return life.changed(unit)
      }
      case 'done':
        await life.finished(unit, status.media, status.credits)
        return ledger.hand(unit)
      case 'next':
        await life.next(unit, status)
        return ledger.hand(unit)
      case 'failed':
        return this.#failed(unit, status.fault)
    }
  }

  async #failed(unit: ActiveUnit, fault: Fault): Promise<void> {
    const { life, ledger } = this.parts
    const { stays } = unit
    const verdict = verdictOf(fault, {
      accounts: unit.tried.length + 1,
      repeats: 0,
      renewed: true,
      phase: 'accepted',
      stays,
      bound: stays || !unit.lease,
    })
    if (verdict.act === 'move') {
      life.move(unit, fault)
      ledger.hand(unit)
    } else await life.fail(unit, verdict.act === 'unknown' ? unknownOutcome(fault) : fault)
  }
}

/** What there is to ask about a unit; `undefined` once it has moved on. */
function pending(unit: ActiveUnit): Asked | undefined {
  const { state, operation } = unit.record
  const running = !unit.ending && !unit.holding && state === 'running'
  return running && operation !== null ? { unit, operation } : undefined
}
