/** `interactions`: what is wanted, of either kind (api-surfaces B.7). */
import {
  domainFault,
  FINAL,
  type Job,
  type ListedModel,
  type MediaKind,
  type PictureFormat,
  type SuppliedInput,
  type SurfaceWorld,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Wanted } from './admission.ts'
import { interactionJob } from './ids.ts'
import { mediaSource } from './media.ts'
import { readFormat, readParameters } from './parameters.ts'
import type { Reader } from './reader.ts'
import { askedIn, type Turn } from './turns.ts'

export interface InteractionRequest extends Wanted {
  readonly format: PictureFormat | undefined
  /** Undefined: pictures and small videos inline. */
  readonly delivery: 'inline' | 'uri' | undefined
  readonly background: boolean
  readonly stream: boolean
}

export async function readInteraction(world: SurfaceWorld, body: Reader): Promise<Result<InteractionRequest, Fault>> {
  const name = body.text('model')
  if (name === undefined) return err(missingModel(body))
  const found = await world.jobs.model(name)
  if (found.isErr()) return err(found.error)
  const { kind } = found.value
  const config = body.child('generationConfig')
  const video = config.child('videoConfig')
  const formats = body.children('responseFormat')
  const format = formats.find(one => one.text('type') === kind)
  const refusal = wrongFormat(formats, kind, found.value)
  if (refusal !== undefined) return err(refusal)
  const shape = [...(format === undefined ? [] : [format]), config.child('imageConfig'), video]
  const parameters = readParameters({ shape, seed: config, body })
  const encoding = kind === 'image' && format !== undefined ? readFormat(format) : undefined
  const delivery = format?.text('delivery')
  const [background, stream] = [body.flag('background'), body.flag('stream')]
  // Everything is kept as long as jobs are.
  body.flag('store')
  const task = video.text('task')
  const asked = askedIn(readInput(body), 'input')
  const previous = await readPrevious(world, body)
  if (body.fault !== undefined) return err(body.fault)
  if (asked.isErr()) return err(asked.error)
  if (previous.isErr()) return err(previous.error)
  const { prompt, inputs } = asked.value
  return ok({
    job: { kind, model: name, prompt, parameters, inputs: [], count: 1 },
    inputs: [...inputs.map(input => placedBy(task, input)), ...previous.value],
    param: 'input',
    format: encoding,
    delivery: delivery === 'inline' || delivery === 'uri' ? delivery : undefined,
    background,
    stream,
  })
}

function missingModel(body: Reader): Fault {
  const message = body.has('agent')
    ? 'There are no agents here. Name a `model` instead.'
    : '`model` is required: one that GET /v1beta/models lists.'
  return domainFault('missing_required_parameter', message, { param: 'model' })
}

function wrongFormat(formats: readonly Reader[], kind: MediaKind, model: ListedModel): Fault | undefined {
  const types = formats.flatMap(one => one.text('type') ?? [])
  if (types.length === 0 || types.includes(kind)) return undefined
  const message = `The model ${model.id} makes ${kind}s; \`response_format\` asks for ${types.join(' and ')}.`
  return domainFault('invalid_value', message, { param: 'response_format' })
}

/** A text, contents, or steps of a conversation with contents. */
function readInput(body: Reader): readonly Turn[] {
  const said = body.raw('input')
  if (typeof said === 'string') return [{ role: 'user', texts: [said], inputs: [] }]
  const items = body.children('input')
  const isStep = (item: Reader) => item.has('content') || item.has('role') || STEPS.has(item.text('type') ?? '')
  if (!items.some(isStep)) return [turnOf('user', items)]
  return items.filter(isStep).map(step => {
    const role = step.text('type') === 'model_output' || step.text('role') === 'model' ? 'model' : 'user'
    const content = step.raw('content')
    return typeof content === 'string' ? { role, texts: [content], inputs: [] } : turnOf(role, step.children('content'))
  })
}

const STEPS: ReadonlySet<string> = new Set(['user_input', 'model_output', 'thought'])

const turnOf = (role: Turn['role'], contents: readonly Reader[]): Turn => ({
  role,
  texts: contents.flatMap(content => content.text('text') ?? []),
  inputs: contents.flatMap((content): SuppliedInput[] => {
    const type = content.text('type')
    if (type !== 'image' && type !== 'video') return []
    const source = mediaSource(content, type)
    if (source === undefined) return []
    // A model that has no place for a clip refuses it by that role.
    return [type === 'video' ? { role: 'source_video', source } : { source }]
  }),
})

/** The task says what pictures are for: to guide the clip, or to begin and to end it, which is their order anyway. */
const placedBy = (task: string | undefined, input: SuppliedInput): SuppliedInput =>
  task === 'reference_to_video' && input.role === undefined && !input.optional ? { ...input, role: 'reference' } : input

/** What an earlier interaction made is what this one goes on with. Errors: `not_found`, `invalid_value`. */
async function readPrevious({ jobs }: SurfaceWorld, body: Reader): Promise<Result<readonly SuppliedInput[], Fault>> {
  const id = body.text('previousInteractionId')
  if (id === undefined) return ok([])
  const param = 'previous_interaction_id'
  const jobId = interactionJob(id)
  const found = jobId === undefined ? undefined : await jobs.get(jobId)
  if (found === undefined || found.isErr())
    return err(domainFault('not_found', `There is no interaction ${id.slice(0, 80)}.`, { param }))
  const job: Job = found.value
  if (job.media.length === 0) {
    const why = FINAL.has(job.status) ? 'made nothing to go on with' : 'is not finished yet'
    return err(domainFault('invalid_value', `The interaction ${id.slice(0, 80)} ${why}.`, { param }))
  }
  const source = { jobId: job.id, index: 0 }
  return ok([job.kind === 'video' ? { role: 'source_video', source } : { source }])
}
