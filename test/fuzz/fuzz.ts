/**
 * Throws requests at a gateway in front of the emulator, and holds it to four things: no 5xx, no answer outside the
 * envelope, no crash, and no upstream work. What fails is shrunk to the smallest request that still does.
 */
import fc from 'fast-check'
import { API_KEY, startWorld, type World } from '../fixtures/world.ts'
import { fuzzRequests } from './arbitrary.ts'
import { encoded, type FuzzRequest } from './request.ts'
import { exchange, tricks } from './socket.ts'

const MAX_BODY_MB = 1
const SETTINGS = `[server]\nmax_body_mb = ${MAX_BODY_MB}\n`
/** Sent side by side. */
const BATCH = 8
/** Every so many requests one is sent over a socket of its own. */
const PER_TRICK = 40

export interface FuzzOptions {
  readonly requests: number
  readonly seed: number
}

export interface FuzzReport {
  readonly requests: number
  readonly tricks: number
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>
  /** Requests that reached the upstream with work; paid or not. */
  readonly submissions: number
  /** Lines of the gateway's log that speak of a failure of its own. */
  readonly failures: readonly string[]
  /** The process that was there at the start still is, and works. */
  readonly alive: boolean
}

/** Rejects with the smallest request that was answered wrongly. */
export async function fuzz({ requests, seed }: FuzzOptions): Promise<FuzzReport> {
  await using world = await startWorld({ settings: SETTINGS })
  const statuses: Record<string, number> = {}
  const count = (status: number | string) => {
    statuses[status] = (statuses[status] ?? 0) + 1
  }
  const batches = fc.array(fuzzRequests, { minLength: BATCH, maxLength: BATCH })
  let sent = 0
  await fc.assert(
    fc.asyncProperty(batches, async batch => {
      sent += batch.length
      const complaints = await Promise.all(batch.map(request => complaintAbout(world, request, count)))
      const wrong = complaints.filter(complaint => complaint !== undefined)
      if (wrong.length > 0) throw new Error(wrong.join('\n'))
    }),
    { numRuns: Math.ceil(requests / BATCH), seed },
  )
  const tried = Math.ceil(requests / PER_TRICK)
  await fc.assert(
    fc.asyncProperty(tricks, async text => {
      const [, status = 'closed'] = /^HTTP\/1\.1 (\d{3})/.exec(await exchange(world.url, text)) ?? []
      count(status)
      // 505 is Bun's own word for what is no HTTP of a version that it speaks.
      if (status.startsWith('5') && status !== '505') throw new Error(`answered ${status}`)
    }),
    { numRuns: tried, seed },
  )
  return {
    requests: sent,
    tricks: tried,
    statuses,
    submissions: world.emulator.record.of('submission').length,
    failures: failuresIn(world.gateway.output()),
    alive: await works(world),
  }
}

async function complaintAbout(
  world: World,
  request: FuzzRequest,
  count: (status: number) => void,
): Promise<string | undefined> {
  const { method, path, headers, body, expect } = request
  const sent = body === undefined ? undefined : encoded(body)
  const response = await fetch(`${world.url}${path}`, {
    method,
    redirect: 'manual',
    headers: {
      authorization: `Bearer ${API_KEY}`,
      ...(sent !== undefined && { 'content-type': sent.type }),
      ...headers,
    },
    ...(sent !== undefined && { body: sent.bytes }),
  })
  const { status } = response
  count(status)
  const text = await response.text()
  if (status >= 500) return `${status}: ${text.slice(0, 500)}`
  if (expect === 'refused' && status < 400) return `${status} instead of a refusal: ${text.slice(0, 500)}`
  return status >= 400 && method !== 'HEAD' ? outsideEnvelope(text, request.param) : undefined
}

function outsideEnvelope(text: string, named: string | undefined): string | undefined {
  try {
    const { error } = JSON.parse(text) as { error: Record<string, unknown> } // looked at on the next line
    const { message, type, code, status } = error
    const whole = [message, type, code].every(word => typeof word === 'string' && word !== '') && 'param' in error
    // The list of models answers in the words of whose key it was given.
    const google = typeof code === 'number' && [message, status].every(word => typeof word === 'string' && word !== '')
    if (google) return undefined
    if (!whole) return `an envelope with a key missing: ${text.slice(0, 500)}`
    return named === undefined || error['param'] === named
      ? undefined
      : `\`${named}\` is not named: ${text.slice(0, 500)}`
  } catch {
    return `no envelope: ${text.slice(0, 500)}`
  }
}

/** Levels 50 and 60 of the log's JSON lines. */
const failuresIn = (output: string): readonly string[] =>
  output
    .split('\n')
    .filter(line => /"level":"?(50|60|error|fatal)\b/i.test(line) || /^\S*\s*(ERROR|FATAL)\b/.test(line))

async function works(world: World): Promise<boolean> {
  const ended = await Promise.race([world.gateway.exited.then(() => true), Promise.resolve(false)])
  if (ended) return false
  const body = JSON.stringify({ prompt: 'after all of that', response_format: 'url' })
  const response = await world.call('/v1/images/generations', { method: 'POST', body })
  return response.status === 200 && world.emulator.record.paid().length === 1
}
