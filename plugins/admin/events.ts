/** What happens in the gateway, as it happens: kept in memory, some thousands of events, until the process ends. */
import {
  AccountStateChanged,
  Audited,
  domainFault,
  errorBody,
  faultResponse,
  followed,
  JobFinished,
  type Ring,
} from 'flow2api/contracts'
import { type Clock, Elysia, type EventType, Reloaded } from 'flow2api/plugin'
import { type Admin, allowed } from './routes.ts'

const TYPES = ['job', 'account', 'reload', 'audit'] as const
type Kind = (typeof TYPES)[number]

interface Happened {
  readonly event: Kind
  readonly data: Readonly<Record<string, unknown>>
}

const seconds = (milliseconds: number | null) => (milliseconds === null ? null : Math.floor(milliseconds / 1000))

interface Bus {
  on<P>(event: EventType<P>, listener: (payload: P) => void): void
}

/** Writes down what the bus tells; `ring` outlives the plugin's generations. */
export function listen(bus: Bus, ring: Ring): void {
  const put = (event: Kind, data: Happened['data']) => ring.push(JSON.stringify({ event, data }))
  bus.on(JobFinished, ({ id, status, kind, resolvedModel, provider, createdAt, finishedAt, fault }) =>
    put('job', {
      id,
      object: 'job',
      status,
      kind,
      model: resolvedModel,
      provider,
      created_at: seconds(createdAt),
      finished_at: seconds(finishedAt),
      error: fault === null ? null : { ...errorBody(fault).error, blame: fault.blame },
    }),
  )
  bus.on(AccountStateChanged, ({ accountId, state, reason }) => put('account', { id: accountId, state, reason }))
  bus.on(Reloaded, ({ trigger, result, plugins }) => put('reload', { trigger, result, plugins }))
  bus.on(Audited, entry => put('audit', { ...entry }))
}

export interface EventRoutes {
  readonly admin: Admin
  readonly ring: Ring
  readonly clock: Clock
  readonly signal: AbortSignal
}

type Query = Readonly<Record<string, string | undefined>>

export const eventRoutes = ({ admin, ring, clock, signal }: EventRoutes) =>
  new Elysia().get(
    '/admin/api/events',
    ({ request, query }: { request: Request; query: Query }) =>
      allowed(admin, request, 'admin', () => {
        const types = query['types']?.split(',') ?? TYPES
        const unknown = types.find(type => !TYPES.some(one => one === type))
        if (unknown !== undefined)
          return faultResponse(
            domainFault('invalid_value', `\`types\` are any of ${TYPES.join(', ')}, with commas between them.`, {
              param: 'types',
            }),
          )
        const last = request.headers.get('last-event-id') ?? query['after']
        return followed({
          ring,
          from: last ? ring.after(last) : ring.next,
          clock,
          signal,
          event: ({ line }) => {
            const happened = JSON.parse(line) as Happened // as `listen` wrote it
            return types.includes(happened.event) ? happened : undefined
          },
          allowed: async () => (await admin.auth.verify(request, 'admin')).isOk(),
        })
      }),
    {
      detail: {
        tags: ['Admin'],
        summary: 'Follow what happens',
        description:
          'Server-sent events from now on, or behind `Last-Event-ID` (`after`): `job` (one has ended), `account` (its state changed), `reload` (what became of each plugin), `audit` (who changed what), and `gap` with `lost` where events had gone before they could be sent. `types` names those that are wanted, with commas between them. No secret is in it.',
      },
    },
  )
