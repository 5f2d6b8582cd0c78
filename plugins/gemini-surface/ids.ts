/** Names of jobs and their media in this API. All are made of a job's id, so that none has to be stored. */
import { hexOf, type Job } from 'flow2api/contracts'

const jobId = (hex: string): string => `job_${hex}`

/** One piece of a job's media. */
export interface FileName {
  readonly jobId: string
  readonly index: number
}

/** Clients cut a file's id at the first character that is neither a lower-case letter nor a digit (api-surfaces B.6). */
export const fileId = (job: Pick<Job, 'id'>, index: number): string => `${hexOf(job)}${index === 0 ? '' : `x${index}`}`

const FILE = /^([0-9a-f]+)(?:x([1-9]\d?))?$/

/** Undefined where it can be none of ours. */
export function parseFileId(id: string): FileName | undefined {
  const [, hex, index = '0'] = FILE.exec(id) ?? []
  return hex === undefined ? undefined : { jobId: jobId(hex), index: Number(index) }
}

const FILE_ADDRESS = /(?:^|\/v1(?:beta)?\/)files\/([0-9a-z]+)(?::download)?(?:\?|$)/

/** `files/<id>`, or an address that ends in it; undefined for any other. */
export function fileOfUri(uri: string): FileName | undefined {
  const id = FILE_ADDRESS.exec(uri)?.[1]
  return id === undefined ? undefined : parseFileId(id)
}

export const operationName = (job: Job, model = job.model): string =>
  `models/${bareModel(model || job.resolvedModel)}/operations/${hexOf(job)}`

/** The job behind the last part of an operation's name. */
export const operationJob = (id: string): string | undefined => (/^[0-9a-f]+$/.test(id) ? jobId(id) : undefined)

const INTERACTION = 'v1_'

export const interactionId = (job: Pick<Job, 'id'>): string => `${INTERACTION}${hexOf(job)}`

export const interactionJob = (id: string): string | undefined =>
  id.startsWith(INTERACTION) ? operationJob(id.slice(INTERACTION.length)) : undefined

/** Without `models/` and without the vendor: names in paths have no slash. */
export const bareModel = (model: string): string => model.slice(model.lastIndexOf('/') + 1)
