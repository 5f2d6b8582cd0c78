/** `GET /admin/api/logs`: the last lines of the log as a list, or live as a stream. */
import {
  type AuthService,
  authorized,
  domainFault,
  faultResponse,
  followed,
  type Ring,
  type RingEntry,
} from 'flow2api/contracts'
import { type Clock, Elysia, type Slot } from 'flow2api/plugin'
import { LEVELS, type LineFilter, type LogLine, readLine, wants } from './log-line.ts'

export const LOGS_PATH = '/admin/api/logs'
const LISTED = 200
const MOST_LISTED = 1_000

export interface Lines {
  readonly ring: Ring
  requestOf(jobId: string): string | undefined
}

export interface LogRoutes {
  readonly auth: Slot<AuthService>
  readonly lines: Lines
  readonly clock: Clock
  readonly signal: AbortSignal
}

type Query = Readonly<Record<string, string | undefined>>

export const logRoutes = ({ auth, lines, clock, signal }: LogRoutes) =>
  new Elysia().get(
    LOGS_PATH,
    ({ request, query }: { request: Request; query: Query }) => {
      const gate = auth.current
      if (!gate)
        return faultResponse(domainFault('internal_error', 'Nobody can be let in: no plugin verifies requests.'))
      return authorized(gate, request, 'admin', () => {
        const level = LEVELS.find(one => one === query['level'])
        if (query['level'] && !level)
          return faultResponse(
            domainFault('invalid_value', `\`level\` is one of ${LEVELS.join(', ')}.`, { param: 'level' }),
          )
        const filter: LineFilter = {
          ...(level && { level }),
          ...(query['plugin'] && { plugins: query['plugin'].split(',') }),
          ...(query['request'] && { request: query['request'] }),
          ...(query['job'] && { job: query['job'] }),
          ...(query['text'] && { text: query['text'] }),
        }
        const limit = Math.min(MOST_LISTED, whole(query['limit']) ?? LISTED)
        if (!request.headers.get('accept')?.includes('text/event-stream')) return listed(lines, filter, limit, query)
        const last = request.headers.get('last-event-id') ?? query['after']
        return followed({
          ring: lines.ring,
          from: last ? lines.ring.after(last) : tail(lines, filter, limit),
          clock,
          signal,
          event: entry => {
            const data = matching(lines, filter, entry)
            return data && { event: 'line', data }
          },
          allowed: async () => (await gate.verify(request, 'admin')).isOk(),
        })
      })
    },
    {
      detail: {
        tags: ['Admin'],
        summary: 'Read the log',
        description:
          'The last lines, newest first: `level` (this and above), `plugin` (several with commas), `request` (with all that its jobs did), `job`, `text`; `limit` and `before` (an id) page. With `Accept: text/event-stream` the last `limit` of them in order, then each as it comes: events `line` and, where lines had gone before they could be sent, `gap` with `lost`. `Last-Event-ID`, or `after`, goes on behind an id. Lines stay in memory, some thousands of them, until the process ends.',
      },
    },
  )

const whole = (text: string | undefined): number | undefined =>
  text && /^\d{1,9}$/.test(text) ? Number(text) : undefined

function matching(lines: Lines, filter: LineFilter, entry: RingEntry): LogLine | undefined {
  const line = readLine(entry, lines.ring)
  return wants(filter, entry.line, line, id => lines.requestOf(id)) ? line : undefined
}

function* newestFirst(lines: Lines, filter: LineFilter, before = lines.ring.next): Generator<LogLine> {
  for (const entry of lines.ring.before(before)) {
    const line = matching(lines, filter, entry)
    if (line) yield line
  }
}

function listed(lines: Lines, filter: LineFilter, limit: number, query: Query): Response {
  const before = query['before'] ? lines.ring.numberOf(query['before']) : undefined
  const found = newestFirst(lines, filter, before)
    .take(limit + 1)
    .toArray()
  return Response.json({ object: 'list', data: found.slice(0, limit), has_more: found.length > limit })
}

/** Where the last `limit` lines begin. */
function tail(lines: Lines, filter: LineFilter, limit: number): number {
  if (limit === 0) return lines.ring.next
  const last = newestFirst(lines, filter).take(limit).toArray().at(-1)
  return (last && lines.ring.numberOf(last.id)) ?? lines.ring.next
}
