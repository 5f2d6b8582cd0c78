/** Calls that steer a running emulator, under `/__control`. README.md lists them. */
import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { type Account, SESSION_STATES } from './accounts.ts'
import { json } from './answers.ts'
import { ENDPOINT_NAMES, GROUPS, isScope } from './endpoint.ts'
import { type Fault, FaultShape, type Planned } from './faults.ts'
import type { Media } from './media.ts'
import { strictObject } from './shapes.ts'
import { SWITCHES, switchNamed } from './switches.ts'
import type { World } from './world.ts'

export const CONTROL_PATH = '/__control'

interface ControlRequest {
  readonly body: unknown
  readonly query: URLSearchParams
  /** The last part of the path, where the call has one. */
  readonly id: string
}

interface ControlCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** After `/__control`; `{id}` stands for one part. */
  readonly path: string
  readonly says: string
  handle(world: World, request: ControlRequest): Response
}

const FaultOrder = strictObject({
  endpoint: Type.Optional(Type.String()),
  fault: Type.Union([Type.String(), FaultShape]),
  times: Type.Optional(Type.Integer({ minimum: 1 })),
  always: Type.Optional(Type.Boolean()),
  probability: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  account: Type.Optional(Type.String()),
  media: Type.Optional(Type.String()),
})

const AccountOrder = strictObject({
  email: Type.String({ minLength: 1 }),
  st: Type.Optional(Type.String({ minLength: 1 })),
  name: Type.Optional(Type.String()),
  credits: Type.Optional(Type.Integer({ minimum: 0 })),
  tier: Type.Optional(
    Type.Union([
      Type.Literal('PAYGATE_TIER_NOT_PAID'),
      Type.Literal('PAYGATE_TIER_ONE'),
      Type.Literal('PAYGATE_TIER_TWO'),
    ]),
  ),
  session: Type.Optional(Type.Union(SESSION_STATES.map(state => Type.Literal(state)))),
  expireAccess: Type.Optional(Type.Literal(true)),
})

/** Of a call that has nothing to tell. */
const done = (act: (world: World) => void) => (world: World) => {
  act(world)
  return json({})
}

export const CONTROL_CALLS: readonly ControlCall[] = [
  { method: 'GET', path: '', says: 'everything that can be switched, and how it stands', handle: overview },
  {
    method: 'GET',
    path: '/faults',
    says: 'planned faults, in the order in which they are met',
    handle: world => json({ faults: world.faults.list().map(planView) }),
  },
  { method: 'POST', path: '/faults', says: 'plans a fault', handle: planFault },
  {
    method: 'DELETE',
    path: '/faults',
    says: 'no fault is planned any more',
    handle: done(world => world.faults.clear()),
  },
  {
    method: 'DELETE',
    path: '/faults/{id}',
    says: 'takes one back',
    handle: (world, { id }) =>
      world.faults.remove(Number(id)) ? json({}) : refuse(`There is no planned fault ${id}.`, 404),
  },
  { method: 'GET', path: '/record', says: 'calls received; ?endpoint=&account=&limit=', handle: recordedCalls },
  {
    method: 'DELETE',
    path: '/record',
    says: 'forgets them',
    handle: done(world => world.record.clear()),
  },
  {
    method: 'GET',
    path: '/paid',
    says: 'accepted submissions of paid work; ?kind=&account=&batchId=&model=&mediaId=',
    handle: (world, { query }) => json({ submissions: world.record.paid(Object.fromEntries(query)) }),
  },
  {
    method: 'GET',
    path: '/media',
    says: 'what was made and uploaded',
    handle: world => json({ media: world.media.list().map(mediaView) }),
  },
  { method: 'POST', path: '/accounts', says: 'changes an account, or adds one with `st`', handle: changeAccount },
  {
    method: 'POST',
    path: '/reset',
    says: 'no faults, an empty record, accounts as added; media, projects and tokens stay',
    handle: done(world => world.reset()),
  },
]

/** The answer, if it is a control call. */
export function control(world: World, method: string, url: URL, body: unknown): Response | undefined {
  if (url.pathname !== CONTROL_PATH && !url.pathname.startsWith(`${CONTROL_PATH}/`)) return undefined
  const path = url.pathname.slice(CONTROL_PATH.length).replace(/\/$/, '')
  const id = path.slice(path.lastIndexOf('/') + 1)
  const found = CONTROL_CALLS.find(
    call => call.method === method && (call.path === path || call.path === path.replace(/\/\d+$/, '/{id}')),
  )
  if (found) return found.handle(world, { body, query: url.searchParams, id })
  return refuse(`There is no control call ${method} ${url.pathname}. GET ${CONTROL_PATH} lists them.`, 404)
}

function refuse(message: string, status = 400): Response {
  return json({ error: { message } }, status)
}

/** The body in that shape, or why it has not. */
function read<T extends TSchema>(shape: T, body: unknown): Static<T> | Response {
  if (Value.Check(shape, body)) return body
  const [first] = Value.Errors(shape, body)
  return refuse(`${first?.path || 'The body'}: ${first?.message ?? 'is not right'}. README.md has the fields.`)
}

function planFault(world: World, { body }: ControlRequest): Response {
  const order = read(FaultOrder, body)
  if (order instanceof Response) return order
  const named = typeof order.fault === 'string' ? switchNamed(order.fault) : undefined
  if (typeof order.fault === 'string' && !named)
    return refuse(`There is no fault "${order.fault}". GET ${CONTROL_PATH} lists them.`)
  const fault: Fault | undefined = typeof order.fault === 'string' ? named?.fault : order.fault
  const endpoint = order.endpoint ?? named?.at
  if (endpoint === undefined || !fault) return refuse('This fault needs an "endpoint": where it is to be met.')
  if (!isScope(endpoint)) return refuse(`There is no endpoint "${endpoint}". GET ${CONTROL_PATH} lists them.`)
  const { account, media, probability } = order
  const times = order.always ? Number.POSITIVE_INFINITY : (order.times ?? named?.times)
  const planned = world.faults.plan(endpoint, fault, {
    ...(named ? { name: named.name } : {}),
    ...(times === undefined ? {} : { times }),
    ...(probability === undefined ? {} : { probability }),
    ...(account === undefined ? {} : { account }),
    ...(media === undefined ? {} : { media }),
  })
  return json(planView(planned), 201)
}

function planView({ left, ...planned }: Planned) {
  return { ...planned, left: Number.isFinite(left) ? left : 'always' }
}

function recordedCalls(world: World, { query }: ControlRequest): Response {
  const endpoint = query.get('endpoint') ?? undefined
  if (endpoint !== undefined && !isScope(endpoint)) return refuse(`There is no endpoint "${endpoint}".`)
  const account = query.get('account') ?? undefined
  const limit = Number(query.get('limit') ?? 100)
  const all = endpoint === undefined ? world.record.all : world.record.of(endpoint)
  const calls = all.filter(call => account === undefined || call.account === account)
  return json({ total: world.record.total, calls: limit > 0 ? calls.slice(-limit) : calls })
}

function mediaView(media: Media) {
  const { account, ...rest } = media
  return { ...rest, account: account.email, file: undefined }
}

function accountView({ st, email, tier, credits, session, projects }: Account) {
  return { email, st, tier, credits, session, projects: [...projects.keys()] }
}

function changeAccount(world: World, { body }: ControlRequest): Response {
  const order = read(AccountOrder, body)
  if (order instanceof Response) return order
  const { email, st, name, credits, tier, session, expireAccess } = order
  const more = { ...(credits === undefined ? {} : { credits }), ...(tier === undefined ? {} : { tier }) }
  const known = world.accounts.list().find(account => account.email === email)
  if (!known && st === undefined) return refuse(`There is no account "${email}"; one is added with an "st".`, 404)
  const account = known ?? world.accounts.add({ st: st ?? '', email, ...(name === undefined ? {} : { name }), ...more })
  if (known) Object.assign(known, more)
  if (session !== undefined) account.session = session
  if (expireAccess) world.accounts.expireAccess(account)
  return json(accountView(account))
}

function overview(world: World): Response {
  const { seedAccounts: _, now: __, random: ___, ...settings } = world.settings
  return json({
    calls: CONTROL_CALLS.map(({ method, path, says }) => `${method} ${CONTROL_PATH}${path}: ${says}`),
    switches: SWITCHES.map(({ name, says, at, times }) => ({ name, says, at, times })),
    endpoints: ENDPOINT_NAMES,
    groups: GROUPS,
    planned: world.faults.list().map(planView),
    accounts: world.accounts.list().map(accountView),
    settings,
  })
}
