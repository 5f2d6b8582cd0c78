/** What a request supplies besides its prompt, looked at before anything is paid. Pure. */
import {
  domainFault,
  FINAL,
  type InputRole,
  type JobInput,
  type JobRequest,
  type MediaKind,
  type Origin,
  type PlanInput,
} from 'flow2api/contracts'
import { err, type Fault, ok, Result } from 'flow2api/plugin'
import { readPicture } from './picture.ts'
import type { EarlierMedia, InputRecord, StoredJob } from './records.ts'
import { piecesOf } from './state.ts'

const MOST_INPUTS = 16
const MOST_BYTES = 50 * 1024 ** 2
/** Nothing that a camera makes is larger; a small file may claim any size. */
const LONGEST_SIDE = 16_384

interface Facts extends PlanInput {
  readonly mime: string
  /** The field in which it arrived. */
  readonly param: string
}

export interface SentInput extends Facts {
  readonly bytes: Uint8Array
}

/** Finished media of an earlier job. */
export interface EarlierInput extends Facts {
  readonly from: EarlierMedia
  /** Who made it, with which account, and how it is found again there. */
  readonly maker: { readonly provider: string; readonly accountId: number | null; readonly origin: Origin | undefined }
}

export type Supplied = SentInput | EarlierInput

/** How the fields are called in which inputs arrive. */
export const paramOf = (kind: MediaKind, role?: InputRole): string =>
  role === 'source_video' ? 'video' : kind === 'image' ? 'image' : 'input_reference'

/** Errors: `invalid_value`, `invalid_image_file`, `not_found`, each with the parameter. */
export function examine(
  { kind, inputs }: Pick<JobRequest, 'kind' | 'inputs'>,
  find: (jobId: string) => StoredJob | undefined,
): Result<readonly Supplied[], Fault> {
  if (inputs.length > MOST_INPUTS)
    return err(
      domainFault('invalid_value', `${inputs.length} files were supplied; at most ${MOST_INPUTS} are taken.`, {
        param: paramOf(kind),
      }),
    )
  return Result.combine(inputs.map(input => examineOne(input, paramOf(kind, input.role), find)))
}

const examineOne = (
  input: JobInput,
  param: string,
  find: (jobId: string) => StoredJob | undefined,
): Result<Supplied, Fault> =>
  'from' in input ? earlier(input.role, input.from, param, find) : sent(input.role, input.mime, input.bytes, param)

/** Bytes, wherever they come from: no larger than is sensible, and a picture where one is wanted. */
export function sent(role: InputRole, mime: string, bytes: Uint8Array, param: string): Result<SentInput, Fault> {
  const refuse = (code: 'invalid_value' | 'invalid_image_file', message: string) =>
    err(domainFault(code, message, { param }))
  if (bytes.length > MOST_BYTES)
    return refuse(
      'invalid_value',
      `A file of \`${param}\` has ${(bytes.length / 1024 ** 2).toFixed(1)} MB; at most ${MOST_BYTES / 1024 ** 2} MB are taken.`,
    )
  if (bytes.length === 0) return refuse('invalid_value', `A file of \`${param}\` is empty.`)
  if (role === 'source_video') return ok({ role, mime, param, bytes })
  const picture = readPicture(bytes)
  if (!picture)
    return refuse(
      'invalid_image_file',
      `A file of \`${param}\` is not a picture that can be read. Send JPEG, PNG, WebP or GIF.`,
    )
  const { width, height } = picture
  return Math.max(width, height) > LONGEST_SIDE
    ? refuse(
        'invalid_image_file',
        `A picture of \`${param}\` has ${width}x${height}; at most ${LONGEST_SIDE} pixels a side are taken.`,
      )
    : ok({ role, param, bytes, ...picture })
}

function earlier(
  role: InputRole,
  from: EarlierMedia,
  param: string,
  find: (jobId: string) => StoredJob | undefined,
): Result<EarlierInput, Fault> {
  const { jobId, index } = from
  const stored = find(jobId)
  if (!stored)
    return err(domainFault('not_found', `There is no job ${jobId} to go on with. It may have been removed.`, { param }))
  const refuse = (message: string) => err(domainFault('invalid_value', message, { param }))
  const { job, units } = stored
  const piece = piecesOf(units)[index]
  if (!piece)
    return refuse(
      FINAL.has(job.status)
        ? `Job ${jobId} has no finished media number ${index} to go on with.`
        : `Job ${jobId} is not finished. Go on with its media when it is.`,
    )
  const wanted = role === 'source_video' ? 'video' : 'image'
  if (job.kind !== wanted)
    return refuse(`Job ${jobId} made a ${job.kind}, and ${wanted === 'video' ? 'a' : 'an'} ${wanted} is wanted here.`)
  const { mime, width, height, origin } = piece.media
  return ok({
    role,
    mime,
    param,
    ...(width !== null && { width }),
    ...(height !== null && { height }),
    from,
    maker: { provider: job.provider, accountId: piece.unit.accountId, origin },
  })
}

/**
 * An input that the provider itself made is handed back to it, on the account where it lives; one account can have the
 * work, and the first such input decides which. `undefined`: its bytes are passed like an upload.
 */
export function references(inputs: readonly Supplied[], provider: string): readonly (InputRecord | undefined)[] {
  const own = (input: Supplied) =>
    'from' in input && input.maker.provider === provider && input.maker.origin !== undefined
  const first = inputs.find(own)
  const home = first && 'from' in first ? first.maker.accountId : null
  return inputs.map(input => {
    if (!('from' in input) || !own(input) || input.maker.accountId !== home) return undefined
    const { role, mime, from, maker } = input
    const { origin, accountId } = maker
    return { role, mime, from, ...(origin && { origin }), ...(accountId !== null && { accountId }) }
  })
}
