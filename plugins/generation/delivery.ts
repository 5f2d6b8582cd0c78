/** From the upstream's address to media that is kept: repeatable, so nothing here is ever given up lightly. */
import type { KeptMedia, MediaSource, MediaStore } from 'flow2api/contracts'
import { type Fault, type Handle, type Job as Hold, ok, type Result } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask, timeLimit } from './ask.ts'
import { handOn } from './hand-on.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Ports } from './ports.ts'
import { routeOf, sessionOf } from './session.ts'
import { pause } from './slot.ts'

const BACK_OFF_MS = [1_000, 3_000, 9_000] as const

export interface DeliveryParts {
  readonly ports: Ports
  readonly life: Lifecycle
  released(): boolean
}

export class Delivery {
  constructor(private readonly parts: DeliveryParts) {}

  /** Ends with the unit ended, or still delivering and ready to be handed over. */
  async run(unit: ActiveUnit, hold: Hold): Promise<void> {
    const kept: KeptMedia[] = []
    let refreshed = false
    for (let failures = 0; !unit.ending; ) {
      const fault = await this.#keepAll(unit, kept, hold)
      if (unit.ending) return
      if (!fault) return this.#complete(unit, kept)
      if (hold.signal.aborted) return
      this.parts.ports.log.warn({ job: unit.job.id, code: fault.code }, `media was not kept yet: ${fault.message}`)
      if (fault.code === 'media_unavailable' && !refreshed) {
        refreshed = true
        if (await this.#refresh(unit, kept)) continue
      }
      const backOffMs = fault.retry === 'never' ? undefined : BACK_OFF_MS[failures++]
      if (backOffMs === undefined) return this.#giveUp(unit, fault)
      if (!(await pause(this.parts, unit, backOffMs))) return
    }
  }

  /** Goes on behind what is kept already. The fault that stopped it, if one did. */
  async #keepAll(unit: ActiveUnit, kept: KeptMedia[], hold: Hold): Promise<Fault | undefined> {
    const store = this.parts.ports.media()
    const sources = unit.record.sources ?? []
    for (const source of sources.slice(kept.length)) {
      const one = store ? await this.#keep(unit, source, store, hold) : ok(handOn(source, unit.job.record.kind))
      if (one.isErr()) return one.error
      kept.push(one.value)
    }
    return undefined
  }

  async #keep(
    unit: ActiveUnit,
    source: MediaSource,
    store: Handle<MediaStore>,
    hold: Hold,
  ): Promise<Result<KeptMedia, Fault>> {
    const { ports } = this.parts
    const { kind } = unit.job.record
    // The work itself was in time; fetching it gets as long again, each time.
    using limit = timeLimit(ports.clock, ports.limitMs(kind), unit.abort.signal, hold.signal)
    const { signal } = limit
    return await ask(() => store.keep(source, { kind, jobId: unit.job.id, fetch: routeOf(ports, unit).fetch, signal }))
  }

  /** Addresses expire; the operation may name new ones. */
  async #refresh(unit: ActiveUnit, kept: KeptMedia[]): Promise<boolean> {
    const { ports } = this.parts
    const { operation } = unit.record
    const provider = ports.provider(unit.job.record.provider)
    if (operation === null || !provider) return false
    const { lease } = unit
    const account = lease ? await ask(() => lease.session(unit.abort.signal)) : ok(undefined)
    if (account.isErr()) return false
    const answer = await ask(() =>
      provider.status([operation], sessionOf(ports, unit, account.value, unit.abort.signal)),
    )
    const status = answer.isOk() ? answer.value[0] : undefined
    if (status?.state !== 'done' || status.media.length === 0) return false
    unit.record.sources = status.media
    kept.length = 0
    return true
  }

  /** Work that is paid and finished is not lost for want of a place to keep it: its own address is handed on. */
  async #giveUp(unit: ActiveUnit, fault: Fault): Promise<void> {
    const { ports, life } = this.parts
    const sources = unit.record.sources ?? []
    const open = sources.every(source => 'url' in source && source.headers === undefined)
    if (fault.code === 'media_unavailable' || !open) {
      await life.fail(unit, fault)
      return
    }
    const where = { job: unit.job.id, code: fault.code }
    ports.log.error(where, `media was not kept, so its upstream address is handed on: ${fault.message}`)
    const media = sources.map(source => handOn(source, unit.job.record.kind))
    await this.#complete(unit, media)
  }

  async #complete(unit: ActiveUnit, media: readonly KeptMedia[]): Promise<void> {
    await this.parts.life.end(unit, { state: 'completed', media, fault: null })
  }
}
