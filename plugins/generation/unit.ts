/** A unit as its provider sees it. */
import type { Unit } from 'flow2api/contracts'
import type { ActiveUnit } from './active.ts'
import type { Inputs } from './inputs.ts'
import { unitId } from './records.ts'

export const unitOf = ({ record, job }: ActiveUnit, inputs: Inputs): Unit => ({
  id: unitId(record),
  model: job.record.resolvedModel,
  kind: job.record.kind,
  prompt: job.record.prompt,
  inputs: inputs.of(job.record),
  parameters: job.record.parameters,
  ...(record.prepared !== undefined && { prepared: record.prepared }),
  ...(record.step !== undefined && { step: record.step }),
})
