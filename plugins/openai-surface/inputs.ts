/** Pictures that a caller supplied, as inputs of a job. */
import { type JobRequest, type SentPicture, type SuppliedInput, withInputs } from 'flow2api/contracts'
import { err, type Fault, type Result } from 'flow2api/plugin'
import { measured } from './picture-reader.ts'
import { pictureSources } from './pictures.ts'
import type { Surface } from './surface.ts'

interface Supplied {
  /** What the caller sent with this request, in any of the forms of `pictureSources`. */
  readonly value: unknown
  /** The field in which it stands. */
  readonly param: string
  /** Come behind the others, as far as the model takes them. */
  readonly extras?: readonly SentPicture[]
  /** Of the caller's request. */
  readonly signal: AbortSignal
}

/** The request with the pictures of `value`, as `withInputs` places them. */
export async function withPictures(
  surface: Surface,
  request: JobRequest,
  { value, param, extras = [], signal }: Supplied,
): Promise<Result<JobRequest, Fault>> {
  const sources = pictureSources(value, param)
  if (sources.isErr()) return err(sources.error)
  const sent = sources.value.map((source): SuppliedInput => ({ source }))
  return withInputs(surface, request, {
    inputs: [...sent, ...extras.map((source): SuppliedInput => ({ source, optional: true }))],
    param,
    signal,
    otherwise: `Leave \`${param}\` out, or choose a model whose \`capabilities.inputs\` has a role for them.`,
    examine: picture => measured(picture, param),
  })
}
