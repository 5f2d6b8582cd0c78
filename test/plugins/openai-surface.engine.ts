/** A job engine that the test moves by hand. */
import {
  domainFault,
  FINAL,
  type Job,
  type JobEngine,
  type JobRequest,
  type ListedModel,
  type SubmitOptions,
} from 'flow2api/contracts'
import { errAsync, type Fault, okAsync, ResultAsync } from 'flow2api/plugin'
import { type Fate, finished, PNG, sampleJob } from './openai-surface.fixtures.ts'
import { MODELS } from './openai-surface.models.ts'

export class FakeEngine implements JobEngine {
  readonly jobs = new Map<string, Job>()
  readonly submitted: { readonly request: JobRequest; readonly options: SubmitOptions }[] = []
  readonly #listeners = new Map<string, Set<(job: Job) => void>>()
  /** Answers each wait at once with the job as it is, as an engine that hands over does. */
  impatient = false
  fate: Fate = finished
  refusal: Fault | undefined
  contents: { readonly path: string } | { readonly body: Uint8Array } = { body: PNG }
  heartbeatMs = () => 15_000
  readonly cancelled: string[] = []
  readonly #admitted: { readonly id: string; readonly options: SubmitOptions }[] = []
  /** What `GET /v1/models` lists. */
  listed: readonly ListedModel[] = MODELS
  readonly opened: string[] = []

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

  models = () => this.listed

  model = (id: string) => {
    const found = this.listed.find(model => model.id === id)
    return found === undefined
      ? errAsync(domainFault('model_not_found', `There is no model ${id}; did you mean img-1?`, { param: 'model' }))
      : okAsync(found)
  }

  /** What the aliases of OpenAI's names stand for, else the first of its kind. */
  defaultModel: JobEngine['defaultModel'] = kind => {
    const usual = this.listed.find(model => model.id === (kind === 'image' ? 'gpt-image-1' : 'sora-2'))?.aliasOf
    const models = this.listed.filter(model => model.kind === kind && model.aliasOf === undefined)
    return models.find(({ id }) => id === usual) ?? models[0]
  }

  tally: JobEngine['tally'] = () => okAsync([])

  underWay = () => ({ image: { queued: 0, running: 0 }, video: { queued: 0, running: 0 } })

  submit: JobEngine['submit'] = (request, options) => {
    this.submitted.push({ request, options })
    if (this.refusal !== undefined) return errAsync(this.refusal)
    const first = this.#firstTry(options)
    if (first?.reused) return errAsync(domainFault('idempotency_key_reused', 'This key belongs to another request.'))
    if (first !== undefined) return okAsync(this.#known(first.id))
    const job = sampleJob({
      id: `job_${(this.submitted.length + 0xa0).toString(16).padStart(4, '0')}`,
      kind: request.kind,
      surface: options.surface,
      model: request.model,
      resolvedModel: request.kind === 'video' ? 'vid-1' : 'img-1',
      prompt: request.prompt,
      requested: request.parameters,
      callbackUrl: options.callbackUrl ?? null,
    })
    this.jobs.set(job.id, job)
    this.#admitted.push({ id: job.id, options })
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
    this.cancelled.push(id)
    this.update(id, { status: 'cancelled' })
    return okAsync(this.#known(id))
  }

  remove = (id: string) => {
    if (!FINAL.has(this.#known(id).status))
      return errAsync(domainFault('invalid_value', 'This job still runs; cancel it first.'))
    this.jobs.delete(id)
    return okAsync(undefined)
  }

  open: JobEngine['open'] = (id, index, variant = 'media') => {
    this.opened.push(`${id} ${index} ${variant}`)
    const media = this.jobs.get(id)?.media[index]
    return media === undefined
      ? errAsync(domainFault('not_found', 'There is no such piece.'))
      : okAsync({ mime: media.mime, ...this.contents })
  }

  #firstTry({ caller, idempotency: asked }: SubmitOptions): { id: string; reused: boolean } | undefined {
    for (const { id, options } of this.#admitted) {
      const known = options.idempotency
      if (known === undefined || asked === undefined || options.caller.id !== caller.id) continue
      const same = known.fingerprint === asked.fingerprint
      if (known.key !== undefined && known.key === asked.key) return { id, reused: !same }
      if (asked.retry && same) return { id, reused: false }
    }
    return undefined
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
