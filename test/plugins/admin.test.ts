/** The admin API: who may, what a reload answers, and that it may reload the plugin that serves it. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { Auth, domainFault } from 'flow2api/contracts'
import {
  type ConfigProblem,
  definePlugin,
  err,
  errAsync,
  fault,
  Kernel,
  type KernelControl,
  ok,
  okAsync,
  type PluginStatus,
  type ReloadRejected,
  type ReloadReport,
  type Result,
  ResultAsync,
} from 'flow2api/plugin'
import { createTestKernel, type TestKernel } from 'flow2api/testing'
import { configRoutes } from '../../plugins/admin/config-routes.ts'
import admin from '../../plugins/admin/index.ts'
import { adminRoutes } from '../../plugins/admin/routes.ts'

const KEY = 'Bearer key'
const ADMIN = 'Bearer admin'

const authenticator = {
  verify: (request: Request, scope: 'api' | 'admin' | 'any') => {
    const credential = request.headers.get('authorization')
    if (scope !== 'admin' && credential === KEY) return okAsync({ kind: 'api_key' as const, id: 'key-1' })
    if (scope !== 'api' && credential === ADMIN) return okAsync({ kind: 'admin' as const, id: 'admin' })
    return errAsync(domainFault(scope === 'admin' ? 'admin_required' : 'invalid_api_key', 'Sign in first.'))
  },
}

const auth = definePlugin({
  name: 'auth',
  version: '0.0.0',
  provides: [Auth],
  setup: ctx => ctx.provide(Auth, authenticator),
})

const call = (path: string, authorization: string, method = 'GET') =>
  new Request(`http://localhost${path}`, { method, headers: { authorization } })

const UNCHANGED: ReloadReport = {
  object: 'reload',
  result: 'unchanged',
  duration_ms: 1,
  plugins: [],
  needs_restart: [],
}

/** What these routes do not ask. */
const unused = () => {
  throw new Error('not in these tests')
}

/** The routes before a kernel that answers reloads with `outcome`. */
const routesBefore = (outcome: Result<ReloadReport, ReloadRejected>) => {
  const triggers: string[] = []
  const kernel: KernelControl = {
    reload: trigger => {
      triggers.push(trigger)
      return new ResultAsync(Promise.resolve(outcome))
    },
    plugins: () => [],
    config: () => ({ global: { api_key: '***' } }),
    settings: () => [],
    schemas: () => [],
    preview: unused,
    change: unused,
    versions: () => [],
    compare: () => undefined,
    restore: unused,
    reloads: () => [],
    tap: () => () => {},
    logLines: () => () => {},
  }
  const parts = { auth: authenticator, kernel, log: unused as never, audit: () => {}, own: 'admin' }
  return { app: adminRoutes(parts).use(configRoutes(parts)), triggers }
}

test.each([
  ['POST', '/admin/reload-config', KEY, 200],
  ['POST', '/admin/reload-config', ADMIN, 200],
  ['POST', '/admin/reload-config', 'Bearer wrong', 401],
  ['GET', '/admin/api/plugins', ADMIN, 200],
  ['GET', '/admin/api/plugins', KEY, 401],
  ['GET', '/admin/api/config', ADMIN, 200],
  ['GET', '/admin/api/config', KEY, 401],
])('%s %s with %p is %i', async (method, path, credential, status) => {
  const { app, triggers } = routesBefore(ok(UNCHANGED))
  const response = await app.handle(call(path, credential, method))
  expect(response.status).toBe(status)
  if (status === 401) {
    expect((await response.json()).error).toMatchObject({ type: 'invalid_request_error', message: 'Sign in first.' })
    expect(triggers).toEqual([])
  }
})

test('a rejected reload is 422 with every problem', async () => {
  const problems: ConfigProblem[] = [
    {
      path: 'flow.poll_intervall',
      file: 'setting.toml',
      line: 7,
      message: 'Unknown key.',
      suggestion: 'poll_interval',
    },
  ]
  const rejected = fault('config_invalid', 'The configuration has mistakes.', { blame: 'gateway', retry: 'never' })
  const { app, triggers } = routesBefore(err({ ...rejected, problems }))
  const response = await app.handle(call('/admin/reload-config', KEY, 'POST'))
  expect(response.status).toBe(422)
  expect(await response.json()).toEqual({
    error: {
      message: 'The configuration has mistakes.',
      type: 'invalid_request_error',
      param: null,
      code: 'config_invalid',
    },
    problems,
  })
  expect(triggers).toEqual(['http'])
})

test('a kernel that stops is not a mistake of the configuration', async () => {
  const stopping = fault('shutting_down', 'The gateway is stopping.', { blame: 'gateway', retry: 'later' })
  const { app } = routesBefore(err({ ...stopping, problems: [] }))
  const response = await app.handle(call('/admin/reload-config', KEY, 'POST'))
  expect([response.status, (await response.json()).error.code]).toEqual([503, 'shutting_down'])
})

let kernel: TestKernel
beforeEach(async () => {
  kernel = await createTestKernel({ plugins: { auth, admin } })
})
afterEach(() => kernel.stop())

const send = (path: string, authorization: string, method = 'GET') =>
  kernel.fetch(path, { method, headers: { authorization } })

test('lists the plugins that run', async () => {
  const { object, data } = await (await send('/admin/api/plugins', ADMIN)).json()
  expect(object).toBe('list')
  const found = data.find(({ id }: PluginStatus) => id === 'admin')
  expect(found).toMatchObject({ name: 'admin', state: 'live', generation: 1 })
})

test('an unchanged configuration reloads nothing', async () => {
  const report = await (await send('/admin/reload-config', KEY, 'POST')).json()
  expect(report).toMatchObject({ object: 'reload', result: 'unchanged' })
})

test('the reload that replaces the plugin under it is answered', async () => {
  // Every reading of the world finds a newer admin plugin, so that the request reloads the instance that serves it.
  const replaced: Record<string, typeof admin | typeof auth> = { auth }
  let version = 0
  Object.defineProperty(replaced, 'admin', {
    enumerable: true,
    get: () => ({ ...admin, version: `0.1.${++version}` }),
  })
  const prepared = await kernel.reload({ plugins: replaced })
  expect(prepared.isOk()).toBe(true)
  const report: ReloadReport = await (await send('/admin/reload-config', KEY, 'POST')).json()
  expect(report.plugins.find(({ id }) => id === 'admin')).toMatchObject({ outcome: 'reloaded' })
  expect((await send('/admin/api/plugins', ADMIN)).status).toBe(200)
})

test('asks the kernel for what is in force', async () => {
  const body = await (await send('/admin/api/config', ADMIN)).json()
  expect(body.object).toBe('config')
  expect(body.sections).toEqual(JSON.parse(JSON.stringify(kernel.ask(Kernel).config())))
})
