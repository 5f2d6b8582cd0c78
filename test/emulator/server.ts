/** From a request to its answer: routing, recording, faults, authentication, shape, endpoint. */
import type { Account } from './accounts.ts'
import { googleError, html, json, trpcError } from './answers.ts'
import type { Endpoint } from './endpoint.ts'
import { ENDPOINTS } from './endpoints/index.ts'
import type { Fault } from './faults.ts'
import type { RecordedRequest } from './record.ts'
import { BASES, type Base, type Route, Router } from './router.ts'
import type { World } from './world.ts'

/** Longer than any test; waiting ends when the emulator stops. */
const FOR_EVER_MS = 2 ** 31 - 1

/** A request as far as everybody needs it. */
interface Arrival {
  readonly request: Request
  readonly url: URL
  /** The body; empty for GET. */
  readonly text: string
  /** Undefined where no endpoint answers to the path. */
  readonly route: Route | undefined
  readonly account: Account | undefined
}

/** The handler of the emulator's port. */
export function requestHandler(world: World): (request: Request) => Promise<Response> {
  const router = new Router(ENDPOINTS)
  return async request => {
    const url = new URL(request.url)
    const route = router.find(request.method, url.pathname)
    const text = request.method === 'POST' ? await request.text() : ''
    const account = route && identify(world, route, request.headers)
    const arrival = { request, url, text, route, account }
    world.record.total++
    if (!world.record.enabled) return answer(world, arrival)

    const entry = recorded(world, arrival)
    world.record.add(entry)
    const response = await answer(world, arrival)
    entry.status = response.status
    return response
  }
}

async function answer(world: World, { request, url, text, route, account }: Arrival): Promise<Response> {
  if (!route) return unknownPath(request.method, url.pathname)
  const { endpoint, parameters } = route
  const fault = world.faults.take(endpoint.name, account?.email)
  if (fault) {
    if ('silence' in fault && fault.silence === 'hang') return silence(world)
    if ('delayMs' in fault) await world.wait(fault.delayMs)
    const instead = faultAnswer(route, fault)
    if (instead) return instead
  }
  if (endpoint.latency) await world.wait(world.settings.latency[endpoint.latency])

  const refused = authenticate(route, account)
  if (refused) return refused
  const body = endpoint.shape ? parse(text) : undefined
  if (endpoint.shape && !endpoint.shape.accepts(body, world.settings.strict)) return malformed(world, route, body)
  const acted = fault && ('session' in fault || 'outcome' in fault) ? fault : undefined
  const response = await endpoint.handle({
    world,
    account,
    body,
    path: parameters,
    query: url.searchParams,
    fault: acted,
  })
  return fault && 'silence' in fault ? silence(world) : response
}

/** Whose credentials these are; for a session also where it does not work any more. */
function identify(world: World, { base }: Route, headers: Headers): Account | undefined {
  if (base === 'labs') return world.accounts.ofCookie(headers)
  return base === 'api' ? world.accounts.ofBearer(headers) : undefined
}

function authenticate({ endpoint }: Route, account: Account | undefined): Response | undefined {
  if (endpoint.auth === 'session' && account?.session !== 'alive')
    return trpcError(401, procedureOf(endpoint), 'UNAUTHORIZED')
  if (endpoint.auth === 'access' && !account) return googleError(401, { reason: 'CREDENTIALS_MISSING' })
  return undefined
}

/** JSON whatever the content type says. PROTOCOL.md 1.4. What is no JSON has no shape. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function malformed(world: World, { base, endpoint }: Route, body: unknown): Response {
  const problem = endpoint.shape?.problem(body, world.settings.strict)
  const message =
    body === undefined ? 'Invalid JSON payload received. The body is not JSON.' : (problem?.message ?? 'Invalid body.')
  if (base === 'labs') return trpcError(400, procedureOf(endpoint), message)
  return googleError(400, { message, violation: { field: problem?.field ?? '', description: message } })
}

/** What is answered in place of the endpoint, if the fault is of that kind. */
function faultAnswer({ base, endpoint }: Route, fault: Fault): Response | undefined {
  if ('html' in fault) return html(fault.status ?? 200)
  if ('body' in fault) {
    const { body, status = 200, headers = {} } = fault
    return typeof body === 'string' ? new Response(body, { status, headers }) : json(body, status, headers)
  }
  if (!('status' in fault)) return undefined
  if (base === 'labs')
    return trpcError(fault.status, procedureOf(endpoint), fault.message ?? fault.reason, fault.headers)
  return googleError(fault.status, fault)
}

/** The last part of the path: `project.createProject`. */
function procedureOf(endpoint: Endpoint): string {
  return endpoint.path.slice(endpoint.path.lastIndexOf('/') + 1)
}

async function silence(world: World): Promise<Response> {
  await world.wait(FOR_EVER_MS)
  return new Response(null, { status: 503 })
}

function unknownPath(method: string, path: string): Response {
  const within = (base: Base) => path === BASES[base] || path.startsWith(`${BASES[base]}/`)
  if (within('labs')) return trpcError(404, path.slice(path.lastIndexOf('/') + 1), `No procedure for ${method} ${path}`)
  return googleError(404, { message: `The emulator has no endpoint for ${method} ${path}.` })
}

function recorded(world: World, { request, url, text, route, account }: Arrival): RecordedRequest {
  return {
    at: world.settings.now(),
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(request.headers),
    body: text === '' ? null : (parse(text) ?? text),
    endpoint: route?.endpoint.name ?? null,
    account: account?.email ?? null,
    status: null,
  }
}
