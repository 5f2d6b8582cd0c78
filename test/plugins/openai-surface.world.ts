/** A kernel with the surface before a fake engine, and short ways to talk to it. */
import { createTestKernel, type TestKernel } from 'flow2api/testing'
import surface from '../../plugins/openai-surface/index.ts'
import { authPlugin, FakeEngine, jobsPlugin, KEY } from './openai-surface.fixtures.ts'

export const authorization = `Bearer ${KEY}`

export interface World {
  readonly kernel: TestKernel
  readonly engine: FakeEngine
  get(path: string, headers?: Record<string, string>, method?: string): Promise<Response>
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
}

export async function openWorld(): Promise<World> {
  const engine = new FakeEngine()
  const kernel = await createTestKernel({
    plugins: { auth: authPlugin, generation: jobsPlugin(engine), 'openai-surface': surface },
  })
  return {
    kernel,
    engine,
    get: (path, headers = {}, method = 'GET') => kernel.fetch(path, { method, headers: { authorization, ...headers } }),
    post: (path, body, init = {}) =>
      kernel.fetch(path, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        ...init,
      }),
  }
}

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
