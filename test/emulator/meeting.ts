/** What happens when a request meets a fault. */
import type { Account } from './accounts.ts'
import { errorInside, googleError, html, json, trpcError } from './answers.ts'
import { type Endpoint, type EndpointScope, scopeIncludes } from './endpoint.ts'
import type { Fault, FaultScope, Planned } from './faults.ts'
import { type Asked, type Later, MARKER_START, promptsOf } from './prompts.ts'
import type { Submission } from './record.ts'
import type { Route } from './router.ts'
import { spoil } from './spoil.ts'
import type { World } from './world.ts'

/** A request as far as everybody needs it. */
export interface Arrival {
  readonly request: Request
  readonly url: URL
  /** The body; empty for GET. */
  readonly text: string
  /** The same as JSON; undefined if it is none. */
  readonly body: unknown
  readonly account: Account | undefined
  /** Names of the faults that it met. */
  readonly faults: string[]
  /** Where paid work is noted that was accepted. */
  readonly submissions: Submission[]
}

/** Longer than any test; waiting ends when the emulator stops. */
const FOR_EVER_MS = 2 ** 31 - 1

/** The answer to a request that meets the fault; `proceed` gives the usual one. */
export async function meet(
  world: World,
  route: Route,
  arrival: Arrival,
  met: { readonly name: string; readonly fault: Fault } | undefined,
  proceed: () => Promise<Response>,
): Promise<Response> {
  if (!met) return proceed()
  const { name, fault } = met
  arrival.faults.push(name)
  if ('silence' in fault && fault.silence === 'hang') return silence(world)
  if ('expireAccess' in fault && arrival.account) world.accounts.expireAccess(arrival.account)
  if ('delayMs' in fault) await world.wait(fault.delayMs)
  const instead = await insteadOf(route, fault)
  if (instead) return instead
  const response = await proceed()
  if ('silence' in fault) return silence(world)
  return 'spoil' in fault ? spoil(response, fault.spoil) : response
}

/** What is answered in place of the endpoint, if the fault is of that kind. */
async function insteadOf({ base, endpoint }: Route, fault: Fault): Promise<Response | undefined> {
  if ('html' in fault) return html(fault.status ?? 200)
  if ('inside' in fault) return errorInside(base, fault.inside, fault.reason)
  if ('body' in fault) {
    const { body, status = 200, headers = {} } = fault
    return typeof body === 'string' ? new Response(body, { status, headers }) : json(body, status, headers)
  }
  if (!('status' in fault)) return undefined
  const { status, reason, message, headers } = fault
  if (base === 'labs') return trpcError(status, procedureOf(endpoint), message ?? reason, headers)
  return googleError(status, fault)
}

/** What the prompts of a submission ask for; undefined if they ask for nothing. */
export function promptFault(world: World, { endpoint }: Route, { text, body }: Arrival): Asked | undefined {
  if (!scopeIncludes('submission', endpoint.name) || !text.includes(MARKER_START)) return undefined
  return world.prompts.ask(promptsOf(body), endpoint.name)
}

/** Calls that name no media, so that a fault for them is one of the account. */
const ACCOUNT_WIDE: readonly EndpointScope[] = [
  'session',
  'createProject',
  'deleteProject',
  'credits',
  'upload',
  'uploadOlder',
  'concatenationStatus',
  'auxiliary',
]

/** Plans what the prompt asks for of calls of the account. */
export function armForAccount(world: World, { account }: Arrival, { later }: Asked): void {
  if (!account) return
  for (const each of later)
    if (ACCOUNT_WIDE.includes(each.scope) && !world.faults.list().some(planned => isSame(planned, each, account)))
      world.faults.plan(each.scope, each.fault, { ...scopeOf(each), account: account.email })
}

/** Plans what the prompt asks for of calls about what was made. */
export function armForMedia(world: World, { submissions }: Arrival, { later }: Asked): void {
  for (const each of later)
    if (!ACCOUNT_WIDE.includes(each.scope))
      for (const { mediaId } of submissions)
        world.faults.plan(each.scope, each.fault, { ...scopeOf(each), media: mediaId })
}

function scopeOf({ name, times, probability }: Later): FaultScope {
  return {
    name,
    ...(times === undefined ? {} : { times }),
    ...(probability === undefined ? {} : { probability }),
  }
}

/** A fault that waits for the account already is not planned once more by every submission. */
function isSame(planned: Planned, { scope, name }: Later, account: Account): boolean {
  return planned.endpoint === scope && planned.name === name && planned.account === account.email
}

async function silence(world: World): Promise<Response> {
  await world.wait(FOR_EVER_MS)
  return new Response(null, { status: 503 })
}

/** The last part of the path: `project.createProject`. */
export function procedureOf(endpoint: Endpoint): string {
  return endpoint.path.slice(endpoint.path.lastIndexOf('/') + 1)
}
