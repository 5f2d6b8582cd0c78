/** What the requests for videos become, and which models go on with one. */
import type { JobRequest, ListedModel } from 'flow2api/contracts'

export interface VideoRequest {
  readonly job: JobRequest
  /** The job whose video this one is a remix of. */
  readonly sourceId?: string
}

export const extendsVideos = ({ kind, accepts }: ListedModel): boolean =>
  kind === 'video' && accepts.inputs.some(({ role, max }) => role === 'source_video' && max > 0)
