/** From a request to its answer: control calls, routing, recording, faults, authentication, shape, endpoint. */
import type { Account } from './accounts.ts'
import { googleError, trpcError } from './answers.ts'
import { control } from './control.ts'
import { ENDPOINTS } from './endpoints/index.ts'
import { type ActedFault, type Fault, isActed } from './faults.ts'
import { type Arrival, armForAccount, armForMedia, meet, procedureOf, promptFault } from './meeting.ts'
import { brief, type RecordedRequest } from './record.ts'
import { BASES, type Base, type Route, Router } from './router.ts'
import type { World } from './world.ts'

/** The handler of the emulator's port. */
export function requestHandler(world: World): (request: Request) => Promise<Response> {
  const router = new Router(ENDPOINTS)
  return async request => {
    const url = new URL(request.url)
    const text = request.method === 'POST' ? await request.text() : ''
    const body = text === '' ? undefined : parse(text)
    const controlled = control(world, request.method, url, body)
    if (controlled) return controlled

    const route = router.find(request.method, url.pathname)
    const account = route && identify(world, route, request.headers)
    const arrival: Arrival = { request, url, text, body, account, faults: [], submissions: [] }
    world.record.total++
    if (!world.record.enabled) return answer(world, route, arrival)

    const entry = recorded(world, route, arrival)
    world.record.add(entry)
    const response = await answer(world, route, arrival)
    entry.status = response.status
    return response
  }
}

async function answer(world: World, route: Route | undefined, arrival: Arrival): Promise<Response> {
  if (!route) return unknownPath(arrival.request.method, arrival.url.pathname)
  const { name } = route.endpoint
  const planned = world.faults.take({
    endpoint: name,
    account: arrival.account?.email,
    text: () => `${arrival.url.pathname}${arrival.url.search} ${arrival.text}`,
  })
  return meet(world, route, arrival, planned, () => admitted(world, route, arrival, planned?.fault))
}

/** Authentication, shape, the faults that the prompt asks for, and the endpoint itself. */
async function admitted(world: World, route: Route, arrival: Arrival, planned: Fault | undefined): Promise<Response> {
  const { endpoint, parameters } = route
  const { account, body, url, submissions } = arrival
  if (endpoint.latency) await world.wait(world.settings.latency[endpoint.latency])
  const refused = authenticate(route, account)
  if (refused) return refused
  if (endpoint.shape && !endpoint.shape.accepts(body, world.settings.strict)) return malformed(world, route, body)

  const handle = (fault: ActedFault | undefined) =>
    endpoint.handle({
      world,
      account,
      body,
      path: parameters,
      query: url.searchParams,
      paid: submission => submissions.push(submission),
      fault,
    })
  const acted = planned && isActed(planned) ? planned : undefined
  const asked = promptFault(world, route, arrival)
  if (!asked) return handle(acted)
  if (asked.mistake !== undefined) return googleError(400, { message: asked.mistake })
  const { now } = asked
  armForAccount(world, arrival, asked)
  return meet(world, route, arrival, now, async () => {
    const response = await handle(acted ?? (now && isActed(now.fault) ? now.fault : undefined))
    armForMedia(world, arrival, asked)
    return response
  })
}

/** Whose credentials these are; for a session also where it does not work any more. */
function identify(world: World, { base }: Route, headers: Headers): Account | undefined {
  if (base === 'labs') return world.accounts.ofCookie(headers)
  return base === 'api' ? world.accounts.ofBearer(headers) : undefined
}

function authenticate({ endpoint }: Route, account: Account | undefined): Response | undefined {
  const works = account?.session === 'alive' || account?.session === 'migrated'
  if (endpoint.auth === 'session' && !works) return trpcError(401, procedureOf(endpoint), 'UNAUTHORIZED')
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

function unknownPath(method: string, path: string): Response {
  const within = (base: Base) => path === BASES[base] || path.startsWith(`${BASES[base]}/`)
  if (within('labs')) return trpcError(404, path.slice(path.lastIndexOf('/') + 1), `No procedure for ${method} ${path}`)
  return googleError(404, { message: `The emulator has no endpoint for ${method} ${path}.` })
}

function recorded(world: World, route: Route | undefined, arrival: Arrival): RecordedRequest {
  const { request, url, text, body, account, faults, submissions } = arrival
  return {
    at: world.settings.now(),
    method: request.method,
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(request.headers),
    body: text === '' ? null : brief(body ?? text),
    endpoint: route?.endpoint.name ?? null,
    account: account?.email ?? null,
    status: null,
    faults,
    submissions,
  }
}
