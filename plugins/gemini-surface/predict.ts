/** `predict`: pictures as Imagen's clients ask for them (api-surfaces B.5). */
import {
  type AdmittedRequest,
  domainFault,
  inFormat,
  type Job,
  jobResponse,
  LONGEST_PROMPT,
  MOST_PIECES,
  mediaBytes,
  messageFor,
  type PictureFormat,
  type SuppliedInput,
  type SurfaceWorld,
  wholeAnswer,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Wanted } from './admission.ts'
import { isModerated } from './content-answer.ts'
import { mediaSource } from './media.ts'
import { readFormat, readParameters } from './parameters.ts'
import type { Reader } from './reader.ts'

export interface PredictRequest extends Wanted {
  readonly format: PictureFormat | undefined
  /** A refused prompt is an entry without bytes, and no error. */
  readonly tellsFiltered: boolean
}

export function readPredictRequest(model: string, body: Reader): Result<PredictRequest, Fault> {
  const instance = oneInstance(body)
  if (instance.isErr()) return err(instance.error)
  const { reader, prompt } = instance.value
  if (reader.has('mask')) reader.refuse('mask', 'is not supported: the models here edit the whole picture')
  const single = reader.has('image') ? [mediaSource(reader.child('image'))] : []
  const references = reader
    .children('referenceImages')
    .map(one => mediaSource(one.has('referenceImage') ? one.child('referenceImage') : one.child('image')))
  const inputs = [...single, ...references].flatMap((source): SuppliedInput[] =>
    source === undefined ? [] : [{ role: 'reference', source }],
  )
  const wishes = body.child('parameters')
  const parameters = readParameters({ shape: [wishes], seed: wishes, body })
  const count = wishes.whole('sampleCount', 1, MOST_PIECES) ?? 1
  const format = readFormat(wishes.child('outputOptions'))
  const tellsFiltered = wishes.flag('includeRaiReason')
  const job = { kind: 'image', model, prompt, parameters, inputs: [], count } as const
  return body.fault === undefined ? ok({ job, inputs, param: 'instances', format, tellsFiltered }) : err(body.fault)
}

/** The one thing that is wanted, and its prompt. */
export function oneInstance(body: Reader): Result<{ readonly reader: Reader; readonly prompt: string }, Fault> {
  const [reader, ...more] = body.children('instances')
  if (more.length > 0) {
    const message = '`instances` has several entries; one request makes one thing. Send them one by one.'
    return err(domainFault('invalid_value', message, { param: 'instances' }))
  }
  const prompt = reader?.text('prompt', LONGEST_PROMPT)?.trim() ?? ''
  if (body.fault !== undefined) return err(body.fault)
  if (reader === undefined || prompt === '') {
    const param = 'instances[0].prompt'
    return err(domainFault('missing_required_parameter', `\`${param}\` is required. Say what to make.`, { param }))
  }
  return ok({ reader, prompt })
}

export const wholePrediction = (
  world: SurfaceWorld,
  admitted: AdmittedRequest,
  { format, tellsFiltered }: PredictRequest,
): Promise<Response> =>
  wholeAnswer(world, admitted, {
    present: async job => {
      const predictions: object[] = []
      for (const index of job.media.keys()) {
        const made = await mediaBytes(world.jobs, job.id, index)
        if (made.isErr()) return world.refuse(made.error, job.id)
        const { mime, bytes } = await inFormat(world.log, made.value, format)
        predictions.push({ mimeType: mime, bytesBase64Encoded: bytes.toBase64() })
      }
      return jobResponse({ predictions }, job.id)
    },
    failed: job =>
      tellsFiltered && isModerated(job) && job.fault
        ? jobResponse({ predictions: [{ raiFilteredReason: messageFor(job.fault) }] }, job.id)
        : undefined,
  })

/** By address, for those who fetch the job by its id later on. */
export const addressedPrediction = (job: Job) => ({
  predictions: job.media.map(({ mime, url }) => ({ mimeType: mime, uri: url })),
})
