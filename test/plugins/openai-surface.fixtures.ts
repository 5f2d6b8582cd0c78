/** Stand-ins for what the surface asks of other plugins, and samples of what they answer. */
import {
  Auth,
  domainFault,
  GuardedFetch,
  type Job,
  type JobEngine,
  type JobRequest,
  Jobs,
  type KeptMedia,
  MediaStore,
  type WebhookDesk,
  Webhooks,
} from 'flow2api/contracts'
import { definePlugin, errAsync, type Fault, okAsync } from 'flow2api/plugin'

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

/** Signature and header of a PNG of 32x32 pixels: enough to be recognised and measured. */
export const PNG = Uint8Array.fromHex('89504e470d0a1a0a0000000d494844520000002000000020080200000000000000')

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
  delivered: null,
  fault: null,
  callerId: 'key-1',
  callbackUrl: null,
  ...patch,
})

/** What becomes of a job as soon as it is admitted. */
export type Fate = (job: Job, request: JobRequest) => Partial<Job>

export const finished: Fate = (job, request) => ({
  status: 'completed',
  progress: 100,
  finishedAt: job.createdAt + 5000,
  delivered: request.kind === 'video' ? { size: '1280x720', seconds: 8.04 } : { size: '1024x768' },
  media: request.kind === 'video' ? [clip] : Array.from({ length: request.count }, (_, index) => picture(index + 1)),
})
export const pending: Fate = () => ({})
/** What was paid for came out smaller than asked for. */
export const downgraded: Fate = (job, request) => ({
  ...finished(job, request),
  status: 'failed',
  fault: domainFault('downgraded', 'Asked for 4K, delivered 1024x768.'),
})
export const failing =
  (fault: Fault): Fate =>
  () => ({ status: 'failed', fault })

export const jobsPlugin = (engine: JobEngine) =>
  definePlugin({
    name: 'generation',
    version: '0.0.0',
    provides: [Jobs],
    setup: ctx => ctx.provide(Jobs, engine),
  })

export const guardPlugin = (guard: GuardedFetch) =>
  definePlugin({
    name: 'proxy',
    version: '0.0.0',
    provides: [GuardedFetch],
    setup: ctx => ctx.provide(GuardedFetch, guard),
  })

export const mediaPlugin = (store: MediaStore) =>
  definePlugin({
    name: 'cache',
    version: '0.0.0',
    provides: [MediaStore],
    setup: ctx => ctx.provide(MediaStore, store),
  })

export const webhooksPlugin = (desk: WebhookDesk) =>
  definePlugin({
    name: 'webhooks',
    version: '0.0.0',
    provides: [Webhooks],
    setup: ctx => ctx.provide(Webhooks, desk),
  })
