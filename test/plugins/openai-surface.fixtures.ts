/** Stand-ins for what the surface asks of other plugins: a key check, and a job engine that the test moves by hand. */
import {
  Auth,
  domainFault,
  FINAL,
  type Job,
  type JobEngine,
  type JobRequest,
  Jobs,
  type KeptMedia,
  type ListedModel,
  type SubmitOptions,
} from 'flow2api/contracts'
import { definePlugin, errAsync, type Fault, okAsync, ResultAsync } from 'flow2api/plugin'

export const KEY = 'test-key'

export const authPlugin = definePlugin({
  name: 'auth',
  version: '0.0.0',
  provides: [Auth],
  setup(ctx) {
    ctx.provide(Auth, {
      verify: (request, scope) => {
        const credential = request.headers.get('authorization')
        if (scope !== 'admin' && credential === `Bearer ${KEY}`) return okAsync({ kind: 'api_key', id: 'key-1' })
        if (scope !== 'api' && credential === 'Bearer admin') return okAsync({ kind: 'admin', id: 'admin' })
        const code = scope === 'admin' ? 'admin_required' : 'invalid_api_key'
        return errAsync(domainFault(code, 'This key is not known.'))
      },
    })
  },
})

const accepts = { inputs: [], aspectRatios: ['1:1', '16:9'], sizes: ['1024x1024'], resolutions: ['1K'], seconds: [] }

export const MODELS: readonly ListedModel[] = [
  { id: 'img-1', kind: 'image', provider: 'lab', accepts },
  { id: 'gpt-image-1', kind: 'image', provider: 'lab', aliasOf: 'img-1', accepts },
  { id: 'studio/img-2', kind: 'image', provider: 'studio', tier: 'pro', accepts },
  { id: 'vid-1', kind: 'video', provider: 'lab', accepts: { ...accepts, seconds: [8] } },
  {
    id: 'vid-frames',
    kind: 'video',
    provider: 'lab',
    accepts: {
      ...accepts,
      seconds: [8],
      inputs: [
        { role: 'last_frame', min: 0, max: 1 },
        { role: 'first_frame', min: 0, max: 1 },
      ],
    },
  },
]

/** Eight bytes of a PNG signature: enough to be recognised. */
export const PNG = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1, 2, 3, 4])

export const picture = (n = 1): KeptMedia => ({
  url: `http://media.test/tmp/${n}.png`,
  mime: 'image/png',
  bytes: PNG.length,
  width: 1024,
  height: 768,
  duration_s: null,
  file: `${n}.png`,
})

export const clip: KeptMedia = {
  url: 'http://media.test/tmp/1.mp4',
  mime: 'video/mp4',
  bytes: 26,
  width: 1280,
  height: 720,
  duration_s: 8.04,
  file: '1.mp4',
}

export const sampleJob = (patch: Partial<Job> = {}): Job => ({
  id: 'job_0001',
  status: 'queued',
  kind: 'image',
  surface: 'images.generations',
  model: 'gpt-image-1',
  resolvedModel: 'img-1',
  provider: 'lab',
  prompt: 'a red fox',
  progress: 0,
  queuePosition: null,
  createdAt: 1_790_000_000_900,
  startedAt: null,
  finishedAt: null,
  requested: {},
  media: [],
  fault: null,
  callerId: 'key-1',
  ...patch,
})

/** What becomes of a job as soon as it is admitted. */
export type Fate = (job: Job, request: JobRequest) => Partial<Job>

export const finished: Fate = (job, request) => ({
  status: 'completed',
  progress: 100,
  finishedAt: job.createdAt + 5000,
  media: request.kind === 'video' ? [clip] : Array.from({ length: request.count }, (_, index) => picture(index + 1)),
})
export const pending: Fate = () => ({})
export const failing =
  (fault: Fault): Fate =>
  () => ({ status: 'failed', fault })

export class FakeEngine implements JobEngine {
  readonly jobs = new Map<string, Job>()
  readonly submitted: { readonly request: JobRequest; readonly options: SubmitOptions }[] = []
  readonly #listeners = new Map<string, Set<(job: Job) => void>>()
  /** Answers each wait at once with the job as it is, as an engine that hands over does. */
  impatient = false
  fate: Fate = finished
  refusal: Fault | undefined
  contents: { readonly path: string } | { readonly body: Uint8Array } = { body: PNG }

  /** Changes a job as the engine would and tells everyone. */
  update(id: string, patch: Partial<Job>): void {
    const job = { ...this.#known(id), ...patch }
    this.jobs.set(id, job)
    for (const listener of [...(this.#listeners.get(id) ?? [])]) listener(job)
  }

  add(patch: Partial<Job>): Job {
    const job = sampleJob(patch)
    this.jobs.set(job.id, job)
    return job
  }

  get watchers(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0)
  }

  models = () => MODELS

  model = (id: string) => {
    const found = MODELS.find(model => model.id === id)
    return found === undefined
      ? errAsync(domainFault('model_not_found', `There is no model ${id}; did you mean img-1?`, { param: 'model' }))
      : okAsync(found)
  }

  submit = (request: JobRequest, options: SubmitOptions) => {
    this.submitted.push({ request, options })
    if (this.refusal !== undefined) return errAsync(this.refusal)
    const job = sampleJob({
      id: `job_${(this.submitted.length + 0xa0).toString(16).padStart(4, '0')}`,
      kind: request.kind,
      surface: options.surface,
      model: request.model,
      resolvedModel: request.kind === 'video' ? 'vid-1' : 'img-1',
      prompt: request.prompt,
      requested: request.parameters,
    })
    this.jobs.set(job.id, job)
    this.update(job.id, this.fate(job, request))
    return okAsync(this.#known(job.id))
  }

  get = (id: string) => {
    const job = this.jobs.get(id)
    return job === undefined ? errAsync(domainFault('not_found', 'There is no such job.')) : okAsync(job)
  }

  list: JobEngine['list'] = ({ after, limit = 20, order = 'desc', kind }) => {
    const all = [...this.jobs.values()].filter(job => job.kind === kind).sort((a, b) => a.createdAt - b.createdAt)
    if (order === 'desc') all.reverse()
    const from = after === undefined ? 0 : all.findIndex(job => job.id === after) + 1
    return okAsync({ jobs: all.slice(from, from + limit), more: all.length > from + limit })
  }

  wait = (id: string, signal: AbortSignal) => {
    const until = new Promise<Job>(resolve => {
      if (this.impatient || FINAL.has(this.#known(id).status) || signal.aborted) return resolve(this.#known(id))
      const stop = this.#listen(id, job => {
        if (!FINAL.has(job.status)) return
        stop()
        resolve(job)
      })
      signal.addEventListener('abort', () => {
        stop()
        resolve(this.#known(id))
      })
    })
    return ResultAsync.fromSafePromise(until)
  }

  watch = (id: string, listener: (job: Job) => void) => {
    listener(this.#known(id))
    return okAsync(this.#listen(id, listener))
  }

  cancel = (id: string) => {
    this.update(id, { status: 'cancelled' })
    return okAsync(this.#known(id))
  }

  remove = (id: string) => {
    if (!FINAL.has(this.#known(id).status))
      return errAsync(domainFault('invalid_value', 'This job still runs; cancel it first.'))
    this.jobs.delete(id)
    return okAsync(undefined)
  }

  open: JobEngine['open'] = (id, index) => {
    const media = this.jobs.get(id)?.media[index]
    return media === undefined
      ? errAsync(domainFault('not_found', 'There is no such piece.'))
      : okAsync({ mime: media.mime, ...this.contents })
  }

  #known(id: string): Job {
    const job = this.jobs.get(id)
    if (job === undefined) throw new Error(`no job ${id}`)
    return job
  }

  #listen(id: string, listener: (job: Job) => void): () => void {
    const set = this.#listeners.get(id) ?? new Set()
    this.#listeners.set(id, set.add(listener))
    return () => void set.delete(listener)
  }
}

export const jobsPlugin = (engine: JobEngine) =>
  definePlugin({
    name: 'generation',
    version: '0.0.0',
    provides: [Jobs],
    setup: ctx => ctx.provide(Jobs, engine),
  })
