/** From the upstream's address to media that is kept: repeatable, so nothing here is ever given up lightly. */
import { domainFault, type MediaSource, type MediaStore } from 'flow2api/contracts'
import { err, type Fault, type Handle, type Job as Hold, ok, type Result } from 'flow2api/plugin'
import type { ActiveUnit } from './active.ts'
import { ask, timeLimit } from './ask.ts'
import { endingWith } from './downgrade.ts'
import type { JobFiles } from './files.ts'
import { handOn } from './hand-on.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { Ports } from './ports.ts'
import type { Source, UnitMedia } from './records.ts'
import { routeOf, sessionOf } from './session.ts'
import { pause } from './slot.ts'

const BACK_OFF_MS = [1_000, 3_000, 9_000] as const

export interface DeliveryParts {
  readonly ports: Ports
  readonly life: Lifecycle
  readonly files: JobFiles
  released(): boolean
}

export class Delivery {
  constructor(private readonly parts: DeliveryParts) {}

  /** Ends with the unit ended, or still delivering and ready to be handed over. */
  async run(unit: ActiveUnit, hold: Hold): Promise<void> {
    const kept: UnitMedia[] = []
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
  async #keepAll(unit: ActiveUnit, kept: UnitMedia[], hold: Hold): Promise<Fault | undefined> {
    const store = this.parts.ports.media()
    const sources = unit.record.sources ?? []
    for (const source of sources.slice(kept.length)) {
      const one = store ? await this.#keep(unit, source, store, hold) : await this.#handOn(unit, source)
      if (one.isErr()) return one.error
      kept.push(one.value)
    }
    return undefined
  }

  async #keep(
    unit: ActiveUnit,
    source: Source,
    store: Handle<MediaStore>,
    hold: Hold,
  ): Promise<Result<UnitMedia, Fault>> {
    const { ports } = this.parts
    const { kind } = unit.job.record
    const loaded = await this.#load(unit, source)
    if (loaded.isErr()) return err(loaded.error)
    // The work itself was in time; fetching it gets as long again, each time.
    using limit = timeLimit(ports.clock, ports.limitMs(kind), unit.abort.signal, hold.signal)
    const { signal } = limit
    const context = { kind, jobId: unit.job.id, fetch: routeOf(ports, unit, 'media').fetch, signal }
    const kept = await ask(() => store.keep(loaded.value, context))
    return kept.map(media => ({ ...media, ...(source.origin && { origin: source.origin }) }))
  }

  async #handOn(unit: ActiveUnit, source: Source): Promise<Result<UnitMedia, Fault>> {
    const loaded = await this.#load(unit, source)
    return loaded.map(media => ({
      ...handOn(media, unit.job.record.kind),
      ...(source.origin && { origin: source.origin }),
      ...('held' in source && { held: source.held }),
    }))
  }

  async #load(unit: ActiveUnit, source: Source): Promise<Result<MediaSource, Fault>> {
    if (!('held' in source)) return ok(source)
    const { held, ...facts } = source
    try {
      return ok({ ...facts, bytes: await Bun.file(this.parts.files.path(unit.job.id, held)).bytes() })
    } catch (cause) {
      const message = 'The finished media was removed from the data directory before it was delivered.'
      return err(domainFault('media_unavailable', message, { retry: 'never', cause }))
    }
  }

  /** Addresses expire; the operation may name new ones. */
  async #refresh(unit: ActiveUnit, kept: UnitMedia[]): Promise<boolean> {
    const { ports, life } = this.parts
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
    unit.record.sources = await life.hold(unit, status.media)
    kept.length = 0
    return true
  }

  /** Work that is paid and finished is not lost for want of a place to keep it: its own address is handed on. */
  async #giveUp(unit: ActiveUnit, fault: Fault): Promise<void> {
    const { ports, life } = this.parts
    const { sources, fault: why } = unit.record
    const handed: UnitMedia[] = []
    for (const source of fault.code === 'media_unavailable' ? [] : (sources ?? [])) {
      if ('url' in source && source.headers !== undefined) break
      const one = await this.#handOn(unit, source)
      if (one.isErr()) break
      handed.push(one.value)
    }
    const where = { job: unit.job.id, code: fault.code }
    if (handed.length === 0 || handed.length < (sources?.length ?? 0)) {
      ports.log.warn(where, `media could not be delivered: ${fault.message}`)
      // What it came to before says more than that the lesser media is lost, too.
      await life.fail(unit, why ?? fault)
      return
    }
    ports.log.error(where, `media was not kept, so its upstream address is handed on: ${fault.message}`)
    await this.#complete(unit, handed)
  }

  async #complete(unit: ActiveUnit, media: readonly UnitMedia[]): Promise<void> {
    await this.parts.life.end(unit, endingWith(media, unit.job.record, unit.record.fault))
  }
}
