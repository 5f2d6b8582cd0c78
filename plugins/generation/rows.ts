/** Records to rows and back. */
import type { Job, Json, Operation, Parameters } from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import type { Choice, InputRecord, JobRecord, Source, UnitMedia, UnitRecord } from './records.ts'
import type { jobs, units } from './schema.ts'

type JobRow = typeof jobs.$inferSelect
type UnitRow = typeof units.$inferSelect

const write = (value: unknown): string | null => (value === null || value === undefined ? null : JSON.stringify(value))
/** What this plugin itself wrote, as the type that it wrote. */
const read = <T>(text: string): T => JSON.parse(text) as T
const readOr = <T, E>(text: string | null, otherwise: E): T | E => (text === null ? otherwise : read<T>(text))

/** Causes are for the log; they need not be JSON. */
const writeFault = (fault: Fault | null): string | null => {
  if (fault === null) return null
  const { cause: _, ...plain } = fault
  return JSON.stringify(plain)
}

/** What of a job changes when it is final. */
export const endingRow = (job: Pick<JobRecord, 'seq' | 'status' | 'startedAt' | 'finishedAt' | 'fault'>) => ({
  seq: job.seq,
  status: job.status,
  startedAt: job.startedAt,
  finishedAt: job.finishedAt,
  fault: writeFault(job.fault),
})

export const jobRow = (job: JobRecord): JobRow => ({
  ...endingRow(job),
  id: job.id,
  count: job.count,
  kind: job.kind,
  surface: job.surface,
  callerId: job.callerId,
  user: job.user,
  callbackUrl: job.callbackUrl,
  cost: job.cost,
  model: job.model,
  resolvedModel: job.resolvedModel,
  provider: job.provider,
  tier: job.tier,
  prompt: job.prompt,
  parameters: JSON.stringify(job.parameters),
  requested: JSON.stringify(job.requested),
  inputs: JSON.stringify(job.inputs),
  createdAt: job.createdAt,
})

export const unitRow = (unit: UnitRecord): UnitRow => ({
  key: unit.key,
  jobId: unit.jobId,
  state: unit.state,
  accountId: unit.accountId,
  intentAt: unit.intentAt,
  // A step may itself be null, which is not the same as no step.
  step: unit.step === undefined ? null : JSON.stringify(unit.step),
  prepared: unit.prepared === undefined ? null : JSON.stringify(unit.prepared),
  operation: write(unit.operation),
  sources: write(unit.sources),
  fallback: write(unit.fallback),
  media: unit.media.length === 0 ? null : JSON.stringify(unit.media),
  fault: writeFault(unit.fault),
  attempts: unit.attempts,
  polls: unit.polls,
  startedAt: unit.startedAt,
  deadlineAt: unit.deadlineAt,
  progress: unit.progress,
  credits: unit.credits,
  choices: unit.choices.length === 0 ? null : JSON.stringify(unit.choices),
})

export const jobRecord = (row: JobRow): JobRecord => ({
  seq: row.seq,
  count: row.count,
  id: row.id,
  kind: row.kind,
  surface: row.surface,
  callerId: row.callerId,
  user: row.user,
  callbackUrl: row.callbackUrl,
  cost: row.cost,
  model: row.model,
  resolvedModel: row.resolvedModel,
  provider: row.provider,
  tier: row.tier,
  prompt: row.prompt,
  parameters: read<Parameters>(row.parameters),
  requested: read<Job['requested']>(row.requested),
  inputs: read<InputRecord[]>(row.inputs),
  createdAt: row.createdAt,
  status: row.status,
  startedAt: row.startedAt,
  finishedAt: row.finishedAt,
  fault: readOr<Fault, null>(row.fault, null),
})

export const unitRecord = (row: UnitRow): UnitRecord => ({
  key: row.key,
  jobId: row.jobId,
  state: row.state,
  accountId: row.accountId,
  intentAt: row.intentAt,
  step: readOr<Json, undefined>(row.step, undefined),
  prepared: readOr<Json, undefined>(row.prepared, undefined),
  operation: readOr<Operation, null>(row.operation, null),
  sources: readOr<Source[], null>(row.sources, null),
  fallback: readOr<Source[], null>(row.fallback, null),
  media: readOr<UnitMedia[], never[]>(row.media, []),
  fault: readOr<Fault, null>(row.fault, null),
  attempts: row.attempts,
  polls: row.polls,
  startedAt: row.startedAt,
  deadlineAt: row.deadlineAt,
  progress: row.progress,
  credits: row.credits,
  choices: readOr<Choice[], never[]>(row.choices, []),
})
