/** A video under way, as it is stored with its job. JSON; read leniently, since an older version may have written it. */
import type { Operation } from 'flow2api/contracts'
import { asNumber, asText } from './json.ts'

export interface VideoOperation {
  /** Poll handle. */
  readonly name: string
  readonly projectId: string
  /** Concrete model id. */
  readonly model: string
  readonly width: number | undefined
  readonly height: number | undefined
  readonly seconds: number | undefined
}

export const writeOperation = ({ name, projectId, model, width, height, seconds }: VideoOperation): Operation => ({
  name,
  projectId,
  model,
  ...(width !== undefined && { width }),
  ...(height !== undefined && { height }),
  ...(seconds !== undefined && { seconds }),
})

export function readOperation(operation: Operation): VideoOperation | undefined {
  const name = asText(operation['name'])
  const projectId = asText(operation['projectId'])
  if (name === undefined || projectId === undefined) return undefined
  return {
    name,
    projectId,
    model: asText(operation['model']) ?? '',
    width: asNumber(operation['width']),
    height: asNumber(operation['height']),
    seconds: asNumber(operation['seconds']),
  }
}
