/** A kernel with the surface before a fake engine, and short ways to talk to it. */
import {
  domainFault,
  GuardedFetch,
  type GuardedFetch as GuardedFetchService,
  type InputRole,
  type ListedModel,
} from 'flow2api/contracts'
import { type Clock, definePlugin, errAsync } from 'flow2api/plugin'
import { createTestKernel, type TestKernel } from 'flow2api/testing'
import surface from '../../plugins/gemini-surface/index.ts'
import { FakeEngine } from './openai-surface.engine.ts'
import { authPlugin, jobsPlugin, KEY } from './openai-surface.fixtures.ts'

const authorization = `Bearer ${KEY}`

const accepts = { inputs: [], aspectRatios: ['16:9'], sizes: [], resolutions: ['1K'], seconds: [] }
const taking = (...inputs: readonly (readonly [InputRole, number, number])[]) => ({
  ...accepts,
  inputs: inputs.map(([role, min, max]) => ({ role, min, max })),
})

const model = (id: string, kind: ListedModel['kind'], more: Partial<ListedModel> = {}): ListedModel => ({
  id,
  kind,
  provider: 'lab',
  accepts,
  ...more,
})

export const GEMINI_MODELS: readonly ListedModel[] = [
  model('img', 'image', { accepts: taking(['reference', 0, 3]) }),
  model('img-plain', 'image'),
  model('vid-text', 'video'),
  model('vid-frames', 'video', { accepts: taking(['first_frame', 1, 1], ['last_frame', 0, 1]) }),
  model('vid-guided', 'video', { accepts: taking(['reference', 1, 3]) }),
  model('vid-more', 'video', { accepts: taking(['source_video', 1, 1]) }),
  model('veo-3.1-generate-preview', 'video', { aliasOf: 'vid-text' }),
  model('gemini-omni', 'video', { aliasOf: 'vid-text' }),
]

export interface GeminiWorld extends AsyncDisposable {
  readonly kernel: TestKernel
  readonly engine: FakeEngine
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
}

interface Surroundings {
  readonly clock?: Clock
  readonly fetch?: GuardedFetchService['fetch']
}

export async function openGemini({ clock, fetch }: Surroundings = {}): Promise<GeminiWorld> {
  const engine = new FakeEngine()
  engine.listed = GEMINI_MODELS
  const guard = definePlugin({
    name: 'proxy',
    version: '0.0.0',
    provides: [GuardedFetch],
    setup: ctx =>
      ctx.provide(GuardedFetch, {
        fetch: fetch ?? (() => errAsync(domainFault('url_refused', 'Nothing is fetched here.'))),
        check: () => errAsync(domainFault('url_refused', 'Nothing is fetched here.')),
      }),
  })
  const kernel = await createTestKernel({
    plugins: { auth: authPlugin, generation: jobsPlugin(engine), proxy: guard, 'gemini-surface': surface },
    ...(clock !== undefined && { clock }),
  })
  return {
    kernel,
    engine,
    get: (path, headers = {}, method = 'GET') => kernel.fetch(path, { method, headers: { authorization, ...headers } }),
    post: (path, body, { headers, ...init } = {}) =>
      kernel.fetch(path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...Object.fromEntries(new Headers(headers)) },
        body: JSON.stringify(body),
        ...init,
      }),
    [Symbol.asyncDispose]: () => kernel.stop(),
  }
}

/** Role and last byte of each input, or where it comes from: enough to see what went where. */
export const inputsOf = (engine: FakeEngine, index = 0) =>
  engine.submitted[index]?.request.inputs.map(input => [
    input.role,
    'from' in input ? `${input.from.jobId}/${input.from.index}` : input.bytes.at(-1),
  ])
