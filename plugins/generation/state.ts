/** From the states of units to the state of their job. Pure. */
import { domainFault, FINAL, type Job, type JobStatus, type KeptMedia } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { deliveredOf } from './downgrade.ts'
import type { Ending, JobRecord, UnitMedia, UnitRecord } from './records.ts'

/** The ending that is on record; `undefined` while the unit is under way. */
export function endingOf({ state, media, fault }: UnitRecord): Ending | undefined {
  switch (state) {
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'outcome_unknown':
      return { state, media, fault }
    default:
      return undefined
  }
}

export const failedEnding = (fault: Fault): Ending => ({
  state: fault.code === 'outcome_unknown' ? 'outcome_unknown' : 'failed',
  media: [],
  fault,
})

export const cancelledEnding: Ending = {
  state: 'cancelled',
  media: [],
  fault: domainFault('cancelled', 'This job was cancelled. Send the request again if you still want it.'),
}

/** The furthest that any unit is, of those that are not final; a unit that waits beside finished ones is under way. */
export function statusOf(states: readonly JobStatus[]): JobStatus {
  const open = states.filter(state => !FINAL.has(state))
  for (const state of ['running', 'starting', 'delivering'] as const) if (open.includes(state)) return state
  return open.length === states.length ? 'queued' : 'running'
}

/**
 * How the job ends, once all units have. What was paid and finished counts: one piece is enough for `completed`, unless
 * the caller cancelled. Of what failed, the most useful is said: that there is something all the same.
 */
export function endOf(
  endings: readonly { readonly state: JobStatus; readonly fault: Fault | null }[],
  cancelled: boolean,
): { readonly status: JobStatus; readonly fault: Fault | null } {
  const first = (state: JobStatus) => endings.find(ending => ending.state === state)
  const all = (state: JobStatus) => endings.every(ending => ending.state === state)
  if (cancelled && !all('completed')) return { status: 'cancelled', fault: cancelledEnding.fault }
  if (first('completed')) return { status: 'completed', fault: null }
  const less = endings.find(({ fault }) => fault?.code === 'downgraded')
  const worst = first('outcome_unknown') ?? less ?? first('failed') ?? first('cancelled')
  return { status: worst?.state ?? 'failed', fault: worst?.fault ?? null }
}

/** The mean over the units; 100 only when completed. */
export function progressOf(status: JobStatus, parts: readonly UnitRecord[]): number {
  if (status === 'completed') return 100
  const sum = parts.reduce((total, unit) => total + unit.progress, 0)
  return Math.min(99, Math.floor(sum / Math.max(1, parts.length)))
}

export interface Piece {
  readonly unit: UnitRecord
  readonly media: UnitMedia
  /** Its place among the sources of its unit. */
  readonly at: number
}

/**
 * Finished media, in order. What is less than was asked for counts where there is nothing else: among whole pieces
 * nobody would notice it.
 */
export function piecesOf(units: readonly UnitRecord[]): readonly Piece[] {
  const pieces = (some: readonly UnitRecord[]) =>
    some.flatMap(unit => unit.media.map((media, at) => ({ unit, media, at })))
  const whole = pieces(units.filter(({ state }) => state === 'completed'))
  return whole.length > 0 ? whole : pieces(units)
}

const shown = ({ held: _, ...media }: UnitMedia): KeptMedia => media

/** The job as others see it. */
export function jobOf(record: JobRecord, parts: readonly UnitRecord[], queuePosition: number | null): Job {
  const status = FINAL.has(record.status) ? record.status : statusOf(parts.map(({ state }) => state))
  const starts = parts.flatMap(({ startedAt }) => startedAt ?? [])
  const media = piecesOf(parts).map(piece => shown(piece.media))
  return {
    id: record.id,
    status,
    kind: record.kind,
    surface: record.surface,
    model: record.model,
    resolvedModel: record.resolvedModel,
    provider: record.provider,
    prompt: record.prompt,
    progress: progressOf(status, parts),
    queuePosition: status === 'queued' ? queuePosition : null,
    createdAt: record.createdAt,
    startedAt: record.startedAt ?? (starts.length > 0 ? Math.min(...starts) : null),
    finishedAt: record.finishedAt,
    requested: record.requested,
    media,
    delivered: deliveredOf(media[0]),
    fault: record.fault,
    callerId: record.callerId,
    callbackUrl: record.callbackUrl,
  }
}
