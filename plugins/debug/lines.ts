/** What is logged of each thing that is seen. Pure. */
import { Accounts, JOB_HEADER, type Lease, Provider, type UpstreamCall } from 'flow2api/contracts'
import { Announcement, type BusRecord, type HttpArrival, type HttpRecord, type StreamRecord } from 'flow2api/plugin'
import { showSent } from './bodies.ts'
import { jobIn } from './correlation.ts'
import { show, showText, withoutKey } from './mask.ts'

export interface Settings {
  readonly requests: boolean
  readonly responses: boolean
  readonly mask: boolean
}

export interface Line {
  readonly message: string
  readonly fields: Readonly<Record<string, string>>
}

/** Headers that explain an exchange. */
const REQUEST_HEADERS = [
  'accept',
  'api-key',
  'authorization',
  'content-length',
  'content-type',
  'cookie',
  'idempotency-key',
  'if-none-match',
  'last-event-id',
  'origin',
  'prefer',
  'range',
  'user-agent',
  'x-api-key',
  'x-flow2api-on-disconnect',
  'x-goog-api-key',
]
const RESPONSE_HEADERS = [
  'content-length',
  'content-type',
  'location',
  'retry-after',
  'set-cookie',
  'x-flow2api-job',
  'x-should-retry',
]

const MAX_STACK = 4_000

const milliseconds = (duration: number): string => `${duration < 10 ? duration.toFixed(1) : Math.round(duration)} ms`

/** A request, before anything has been done for it. */
export function arrivalLine(
  { request, plugin, requestId }: HttpArrival,
  settings: Settings,
  body: string | undefined,
): Line {
  return {
    message: `${request.method} ${targetOf(request, settings)} arrives`,
    fields: {
      requestId,
      owner: plugin,
      request: show(selected(request.headers, REQUEST_HEADERS), settings),
      ...(body !== undefined && { body }),
    },
  }
}

/** An answer, as it begins. */
export function httpLine(
  { request, response, plugin, requestId, durationMs }: HttpRecord,
  settings: Settings,
  body: string | undefined,
): Line {
  const jobId = jobIn(response.headers.get(JOB_HEADER))
  return {
    message: `${request.method} ${targetOf(request, settings)} ${response.status} ${milliseconds(durationMs)}`,
    fields: {
      requestId,
      owner: plugin,
      ...(jobId !== undefined && { jobId }),
      ...(settings.responses && { response: show(selected(response.headers, RESPONSE_HEADERS), settings) }),
      ...(body !== undefined && { body }),
    },
  }
}

/** An event stream, when it has ended. */
export function streamLine({ requestId, plugin, bytes, start, durationMs }: StreamRecord, settings: Settings): Line {
  return {
    message: `stream of ${requestId} ended: ${bytes} bytes in ${milliseconds(durationMs)}`,
    fields: { requestId, owner: plugin, ...(settings.responses && { body: showText(start, settings) }) },
  }
}

export function busLine(record: BusRecord, settings: Settings): Line {
  const { kind, from, to, ref, method, outcome, durationMs, detail, scope } = record
  const what = method === null ? ref : `${ref}.${method}`
  // What is announced to the operator on the console may hold a password in plain words.
  const secret = ref === Announcement.id
  const stack = stackOf(detail)
  return {
    message: chosen(record, settings) ?? `${kind} ${from} → ${to} ${what} ${outcome} ${milliseconds(durationMs)}`,
    fields: {
      ...scope,
      ...(settings.requests && !secret && { args: show(record.args, settings) }),
      ...(settings.responses && kind === 'ask' && { answer: catalogueIn(record) ?? show(detail, settings) }),
      ...(kind === 'tell' && outcome === 'threw' && { answer: show(detail, settings) }),
      ...(stack !== undefined && outcome !== 'ok' && { stack: showText(stack, { ...settings, maxChars: MAX_STACK }) }),
    },
  }
}

/** Lists of models are asked for again and again, say the same each time, and are half of all that would be written. */
const catalogueIn = ({ ref, method, detail }: BusRecord): string | undefined =>
  ref === Provider.id && method === 'models' && Array.isArray(detail) ? `<${detail.length} models>` : undefined

/** The one answer that people look for most: which account, and why not the others. */
function chosen({ ref, method, outcome, detail, durationMs }: BusRecord, settings: Settings): string | undefined {
  if (ref !== Accounts.id || method !== 'acquire' || outcome !== 'ok') return undefined
  const { accountId, label, why } = detail as Lease // what the contract answers
  const reason = showText(`account #${accountId} (${label}): ${why}`, settings)
  return `chosen after ${milliseconds(durationMs)}: ${reason}`
}

/** A request to an upstream. */
export function callLine(call: UpstreamCall, settings: Settings, body: string | undefined): Line {
  const { method, url, route, accountId, durationMs, request, response, fault } = call
  const outcome = response?.status ?? fault?.code ?? ''
  const sent = settings.requests ? showSent(request.body, settings.mask) : undefined
  const stack = stackOf(fault)
  return {
    message: `upstream ${method} ${showText(url, settings)} ${outcome} ${milliseconds(durationMs)}, ${route}`,
    fields: {
      ...(accountId !== null && { account: String(accountId) }),
      ...(settings.requests && { request: show(new Headers(request.headers), settings) }),
      ...(sent !== undefined && { sent }),
      ...(settings.responses && response && { response: show(response.headers, settings) }),
      ...(body !== undefined && { body }),
      ...(fault && { fault: showText(fault.message, settings) }),
      ...(stack !== undefined && { stack: showText(stack, { ...settings, maxChars: MAX_STACK }) }),
    },
  }
}

function targetOf(request: Request, settings: Settings): string {
  const url = new URL(request.url)
  return showText(withoutKey(`${url.pathname}${url.search}`), settings)
}

/** Of an error, or of what caused a fault. */
function stackOf(detail: unknown): string | undefined {
  if (detail instanceof Error) return detail.stack
  if (typeof detail !== 'object' || detail === null || !('cause' in detail)) return undefined
  return stackOf(detail.cause)
}

function selected(headers: Headers, names: readonly string[]): Record<string, string> {
  const found = names.map(name => [name, headers.get(name)] as const)
  return Object.fromEntries(found.filter((entry): entry is readonly [string, string] => entry[1] !== null))
}
