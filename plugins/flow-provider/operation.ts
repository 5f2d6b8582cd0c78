/** Work under way at Flow, as it is stored with its job. JSON; read leniently, since an older version may have written it. */
import type { Operation } from 'flow2api/contracts'
import { asNumber, asText } from './json.ts'
import { type Clip, readClips, writeClips } from './origin.ts'

interface Common {
  /** Poll handle. */
  readonly name: string
  readonly projectId: string
  /** Concrete model id. */
  readonly model: string
  readonly width: number | undefined
  readonly height: number | undefined
  readonly seconds: number | undefined
}

/** A video that is made, extended or enlarged (PROTOCOL.md 2.9 to 2.13, 2.15). */
export interface VideoOperation extends Common {
  readonly kind: 'video'
  /** `upsample`: this is the first of two steps. `concatenate`: the same, and `clips` come before it. */
  readonly follow?: 'upsample' | 'concatenate' | undefined
  readonly clips?: readonly Clip[] | undefined
  /** The media that this enlarges. */
  readonly base?: string | undefined
}

/** Clips that are joined (PROTOCOL.md 2.14). */
export interface ConcatenationOperation extends Common {
  readonly kind: 'concatenation'
  readonly clips: readonly Clip[]
}

export type FlowOperation = VideoOperation | ConcatenationOperation

export function writeOperation(operation: FlowOperation): Operation {
  const { kind, name, projectId, model, width, height, seconds } = operation
  const { follow, base } = operation.kind === 'video' ? operation : { follow: undefined, base: undefined }
  return {
    kind,
    name,
    projectId,
    model,
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    ...(seconds !== undefined && { seconds }),
    ...(follow !== undefined && { follow }),
    ...(base !== undefined && { base }),
    ...(operation.clips !== undefined && { clips: writeClips(operation.clips) }),
  }
}

export function readOperation(operation: Operation): FlowOperation | undefined {
  const name = asText(operation['name'])
  const projectId = asText(operation['projectId'])
  if (name === undefined || projectId === undefined) return undefined
  const clips = readClips(operation['clips'])
  const common: Common = {
    name,
    projectId,
    model: asText(operation['model']) ?? '',
    width: asNumber(operation['width']),
    height: asNumber(operation['height']),
    seconds: asNumber(operation['seconds']),
  }
  if (operation['kind'] === 'concatenation') return { ...common, kind: 'concatenation', clips }
  const follow = operation['follow']
  return {
    ...common,
    kind: 'video',
    follow: follow === 'upsample' || (follow === 'concatenate' && clips.length > 0) ? follow : undefined,
    clips: clips.length > 0 ? clips : undefined,
    base: asText(operation['base']),
  }
}
