/** What is logged of a record of the kernel's tap. */
import { Announcement, type BusRecord, type HttpRecord } from 'flow2api/plugin'
import { show, showText } from './mask.ts'

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

const milliseconds = (duration: number): string => `${duration < 10 ? duration.toFixed(1) : Math.round(duration)} ms`

export function httpLine({ request, response, plugin, requestId, durationMs }: HttpRecord, settings: Settings): Line {
  const url = new URL(request.url)
  const target = showText(`${url.pathname}${url.search}`, settings)
  return {
    message: `${request.method} ${target} ${response.status} ${milliseconds(durationMs)}`,
    fields: {
      requestId,
      owner: plugin,
      ...(settings.requests && { request: show(selected(request.headers, REQUEST_HEADERS), settings) }),
      ...(settings.responses && { response: show(selected(response.headers, RESPONSE_HEADERS), settings) }),
    },
  }
}

export function busLine(record: BusRecord, settings: Settings): Line {
  const { kind, from, to, ref, method, outcome, durationMs } = record
  const what = method === null ? ref : `${ref}.${method}`
  // What is announced to the operator on the console may hold a password in plain words.
  const secret = ref === Announcement.id
  return {
    message: `${kind} ${from} → ${to} ${what} ${outcome} ${milliseconds(durationMs)}`,
    fields: {
      ...(settings.requests && !secret && { args: show(record.args, settings) }),
      ...(settings.responses && kind === 'ask' && { answer: show(record.detail, settings) }),
      ...(kind === 'tell' && outcome === 'threw' && { answer: show(record.detail, settings) }),
    },
  }
}

function selected(headers: Headers, names: readonly string[]): Record<string, string> {
  const found = names.map(name => [name, headers.get(name)] as const)
  return Object.fromEntries(found.filter((entry): entry is readonly [string, string] => entry[1] !== null))
}
