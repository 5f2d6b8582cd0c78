/** Which time is asked for, and in how many pieces it is shown. Pure. Times in epoch milliseconds. */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export interface Span {
  /** A multiple of `bucketMs` away from `until`. */
  readonly from: number
  readonly bucketMs: number
  readonly buckets: number
}

/** How many buckets of which length. */
const NAMED = {
  '1h': { bucketMs: MINUTE, buckets: 60 },
  '24h': { bucketMs: 15 * MINUTE, buckets: 96 },
  '7d': { bucketMs: 2 * HOUR, buckets: 84 },
  '30d': { bucketMs: 6 * HOUR, buckets: 120 },
} as const
const LENGTHS_MS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 7 * DAY] as const
const MOST_BUCKETS = 120

const isNamed = (name: string): name is keyof typeof NAMED => Object.hasOwn(NAMED, name)

export const endOf = ({ from, bucketMs, buckets }: Span): number => from + bucketMs * buckets

/** `query`: of the request, times in unix seconds. The last bucket of a named span is the one that is under way. */
export function readSpan(query: Readonly<Record<string, string | undefined>>, now: number): Result<Span, Fault> {
  if (query['from'] !== undefined || query['to'] !== undefined) return fromTo(query['from'], query['to'], now)
  const name = query['span'] ?? '24h'
  if (!isNamed(name)) return invalid('span', `\`span\` must be one of ${Object.keys(NAMED).join(', ')}.`)
  const { bucketMs, buckets } = NAMED[name]
  return ok({ from: Math.floor(now / bucketMs) * bucketMs - (buckets - 1) * bucketMs, bucketMs, buckets })
}

function fromTo(fromText: string | undefined, toText: string | undefined, now: number): Result<Span, Fault> {
  const from = secondsOf(fromText ?? '')
  const to = toText === undefined ? now : secondsOf(toText)
  if (from === undefined) return invalid('from', '`from` must be a time in unix seconds.')
  if (to === undefined) return invalid('to', '`to` must be a time in unix seconds.')
  if (to <= from) return invalid('to', '`to` must be later than `from`.')
  const bucketMs = LENGTHS_MS.find(length => (to - from) / length <= MOST_BUCKETS)
  if (bucketMs === undefined) return invalid('from', 'Ask for two years at most.')
  return ok({ from, bucketMs, buckets: Math.ceil((to - from) / bucketMs) })
}

const secondsOf = (text: string): number | undefined => (/^\d{1,11}$/.test(text) ? Number(text) * 1000 : undefined)

const invalid = (param: string, message: string) => err(domainFault('invalid_value', message, { param }))
