/** A kernel with the surface before a fake engine, and short ways to talk to it. */
import type { GuardedFetch, MediaStore, WebhookDesk } from 'flow2api/contracts'
import { createTestKernel, type ManualClock, type TestKernel } from 'flow2api/testing'
import surface from '../../plugins/openai-surface/index.ts'
import { FakeEngine } from './openai-surface.engine.ts'
import {
  authPlugin,
  guardPlugin,
  jobsPlugin,
  KEY,
  mediaPlugin,
  PNG,
  webhooksPlugin,
} from './openai-surface.fixtures.ts'

export const authorization = `Bearer ${KEY}`

export interface World {
  readonly kernel: TestKernel
  readonly engine: FakeEngine
  /** Timers that requests have set; those of the plugin itself always wait. */
  timers(): number
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
  /** A multipart form; names may repeat. */
  send(
    path: string,
    fields: readonly (readonly [string, string | File])[],
    headers?: Record<string, string>,
  ): Promise<Response>
}

interface Surroundings {
  readonly clock?: ManualClock
  /** Absent: webhooks are switched off. */
  readonly webhooks?: WebhookDesk
  /** Absent: web addresses are not fetched. */
  readonly guard?: GuardedFetch
  /** Absent: nothing is kept. */
  readonly media?: MediaStore
}

export async function openWorld({ clock, webhooks, guard, media }: Surroundings = {}): Promise<World> {
  const engine = new FakeEngine()
  const kernel = await createTestKernel({
    plugins: {
      auth: authPlugin,
      generation: jobsPlugin(engine),
      ...(webhooks !== undefined && { webhooks: webhooksPlugin(webhooks) }),
      ...(guard !== undefined && { proxy: guardPlugin(guard) }),
      ...(media !== undefined && { cache: mediaPlugin(media) }),
      'openai-surface': surface,
    },
    ...(clock !== undefined && { clock }),
  })
  const atRest = clock?.waiting ?? 0
  return {
    kernel,
    engine,
    timers: () => (clock?.waiting ?? 0) - atRest,
    get: (path, headers = {}, method = 'GET') => kernel.fetch(path, { method, headers: { authorization, ...headers } }),
    post: (path, body, { headers, ...init } = {}) =>
      kernel.fetch(path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', ...Object.fromEntries(new Headers(headers)) },
        body: JSON.stringify(body),
        ...init,
      }),
    send: (path, fields, headers = {}) => {
      const body = new FormData()
      for (const [name, value] of fields) body.append(name, value)
      return kernel.fetch(path, { method: 'POST', headers: { authorization, ...headers }, body })
    },
  }
}

/** A picture that can be told from others, as its bytes are what it is told apart by. */
export const pictureFile = (mark: number) =>
  new File(
    [...PNG, mark].map(byte => new Uint8Array([byte])),
    'blob',
  )

/** Role and last byte of each picture, or where a video comes from: enough to see what went where. */
export const inputsOf = (engine: FakeEngine, index = 0) =>
  engine.submitted[index]?.request.inputs.map(input => [
    input.role,
    'from' in input ? `${input.from.jobId}/${input.from.index}` : input.bytes.at(-1),
  ])

/** The data of each event, comments left out. */
export const events = (text: string): unknown[] =>
  text
    .split('\n\n')
    .filter(frame => frame !== '' && !frame.startsWith(':'))
    .map(frame => frame.replace(/^event: .*\n/, '').replace(/^data: /, ''))
    .map(data => (data === '[DONE]' ? data : JSON.parse(data)))

/** Until `condition` holds; the test's own time-out ends it otherwise. */
export const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
