/** `MEDIA_GENERATION_STATUS_…` as stages of work (PROTOCOL.md 1.7). */
import type { OperationStatus } from 'flow2api/contracts'

/** Stages, not measurements: Flow tells no percentage. */
export const ACCEPTED: OperationStatus = { state: 'running', progress: 5 }
export const WORKING: OperationStatus = { state: 'running', progress: 30 }
export const FINISHED_NOT_READY: OperationStatus = { state: 'running', progress: 99 }
export const NO_NEWS: OperationStatus = { state: 'running' }

export type Stage = 'accepted' | 'working' | 'done' | 'failed' | 'unknown'

/** Words that were never seen on the wire are read in the way that loses nothing. */
const STAGES: Readonly<Record<string, Stage>> = {
  PENDING: 'accepted',
  SCHEDULED: 'accepted',
  CREATED: 'accepted',
  ACTIVE: 'working',
  RUNNING: 'working',
  PROCESSING: 'working',
  IN_PROGRESS: 'working',
  SUCCESSFUL: 'done',
  SUCCEEDED: 'done',
  COMPLETE: 'done',
  COMPLETED: 'done',
  FAILED: 'failed',
  FILTERED: 'failed',
  CANCELED: 'failed',
  CANCELLED: 'failed',
}

export const stageOf = (status: string | undefined): Stage => {
  if (status === undefined) return 'unknown'
  if (status.startsWith('ERROR')) return 'failed'
  return Object.hasOwn(STAGES, status) ? (STAGES[status] ?? 'unknown') : 'unknown'
}
