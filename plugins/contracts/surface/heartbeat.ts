/**
 * Signs of life on answers that take long (api-surfaces 0.4). A JSON answer begins after a time of grace, with status
 * 200 and white space, which every JSON parser skips; a stream begins at once.
 */
import type { Clock } from 'flow2api/plugin'
import { JOB_HEADER } from '../answers.ts'
import { type AdmittedRequest, type SurfaceWorld, unexpectedFault } from './world.ts'

/** For so long an error still gets its real status. */
const LONGEST_GRACE_MS = 20_000

/** Two silent intervals at most: who asks for a shorter one has something on the way that cuts sooner. */
const graceMs = (heartbeatMs: number): number => Math.min(LONGEST_GRACE_MS, 2 * heartbeatMs)

/** Neither compressed, which would hold single bytes back, nor collected by nginx. */
const UNBUFFERED = { 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' } as const

/**
 * What `answer` resolves to, as it is where that comes within the grace. Later its body alone, an error's too. `signal`
 * aborts when the client hangs up.
 */
export async function withHeartbeats(
  world: SurfaceWorld,
  { job, request }: Pick<AdmittedRequest, 'job' | 'request'>,
  answer: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const { clock, log } = world
  const gone = new AbortController()
  const signal = AbortSignal.any([request.signal, gone.signal])
  // The server takes the request for answered as soon as the answer begins.
  const hold = world.begin(`answer for ${job.id}`)
  const heartbeatMs = world.jobs.heartbeatMs()
  const late = answer(signal)
    .catch(cause => world.refuse(unexpectedFault(cause, log, job.id), job.id))
    .finally(() => hold[Symbol.asyncDispose]())
  const early = await within(clock, graceMs(heartbeatMs), late)
  if (early !== undefined) return early
  const body = beating(clock, { everyMs: heartbeatMs, beat: ' ', gone: () => gone.abort() }, async write => {
    const response = await late
    const bytes = await response.bytes()
    if (bytes.length > 0) write(bytes)
  })
  return new Response(body, { headers: { 'content-type': 'application/json', ...UNBUFFERED, [JOB_HEADER]: job.id } })
}

/** Undefined where it takes longer. */
function within<T>(clock: Clock, milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: first, resolve, reject } = Promise.withResolvers<T | undefined>()
  const cancel = clock.after(milliseconds, () => resolve(undefined))
  promise.finally(cancel).then(resolve, reject)
  return first
}

export interface StreamForm {
  readonly contentType: string
  /** Written first: headers travel with the first byte. */
  readonly opening: string
  /** Written in every silent interval. */
  readonly beat: string
}

const COMMENT = ': keep-alive\n\n'

/** Of server-sent events, whose readers skip comments. */
export const EVENT_STREAM: StreamForm = {
  contentType: 'text/event-stream; charset=utf-8',
  opening: COMMENT,
  beat: COMMENT,
}

/**
 * A stream that `run` writes; `signal` aborts when its reader leaves. What `run` throws is a mistake of ours, and `run`
 * has to see to it.
 */
export function beatingStream(
  world: SurfaceWorld,
  { job, request }: Pick<AdmittedRequest, 'job' | 'request'>,
  form: StreamForm,
  run: (write: (text: string) => void, signal: AbortSignal) => Promise<void>,
): Response {
  const gone = new AbortController()
  const signal = AbortSignal.any([gone.signal, request.signal])
  const beats = { everyMs: world.jobs.heartbeatMs(), beat: form.beat, opening: form.opening, gone: () => gone.abort() }
  const encoder = new TextEncoder()
  const body = beating(world.clock, beats, write =>
    run(text => {
      if (!signal.aborted) write(encoder.encode(text))
    }, signal),
  )
  return new Response(body, { headers: { 'content-type': form.contentType, ...UNBUFFERED, [JOB_HEADER]: job.id } })
}

interface Beats {
  readonly everyMs: number
  readonly beat: string
  readonly opening?: string
  gone(): void
}

function beating(
  clock: Clock,
  { everyMs, beat, opening = beat, gone }: Beats,
  run: (write: (bytes: Uint8Array) => void) => Promise<void>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stop = () => {}
  let open = true
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (bytes: Uint8Array) => {
        if (!open) return
        controller.enqueue(bytes)
        stop()
        stop = clock.after(everyMs, () => write(encoder.encode(beat)))
      }
      write(encoder.encode(opening))
      const end = () => {
        stop()
        if (open) controller.close()
        open = false
      }
      void run(write).then(end, end)
    },
    cancel() {
      open = false
      stop()
      gone()
    },
  })
}
