/**
 * Signs of life on a JSON answer that takes long (api-surfaces 0.4): after a time of grace it begins, with status 200
 * and white space, which every JSON parser skips.
 */
import { faultResponse, JOB_HEADER } from 'flow2api/contracts'
import type { Clock } from 'flow2api/plugin'
import type { Admitted } from './admission.ts'
import { type Surface, unexpected } from './surface.ts'

/** For so long an error still gets its real status. */
const LONGEST_GRACE_MS = 20_000

/** Two silent intervals at most: who asks for a shorter one has something on the way that cuts sooner. */
const graceMs = (heartbeatMs: number): number => Math.min(LONGEST_GRACE_MS, 2 * heartbeatMs)

/**
 * What `answer` resolves to, as it is where that comes within the grace. Later its body alone, an error's too. `signal`
 * aborts when the client hangs up.
 */
export async function withHeartbeats(
  surface: Surface,
  { job, request }: Pick<Admitted, 'job' | 'request'>,
  answer: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> {
  const { clock, log } = surface
  const gone = new AbortController()
  const signal = AbortSignal.any([request.signal, gone.signal])
  // The server takes the request for answered as soon as the answer begins.
  const hold = surface.begin(`answer for ${job.id}`)
  const heartbeatMs = surface.jobs.heartbeatMs()
  const late = answer(signal)
    .catch(cause => faultResponse(unexpected(cause, log, job.id), { jobId: job.id }))
    .finally(() => hold[Symbol.asyncDispose]())
  const early = await within(clock, graceMs(heartbeatMs), late)
  if (early !== undefined) return early
  return new Response(trickle({ clock, heartbeatMs, hangUp: () => gone.abort() }, late), {
    headers: {
      'content-type': 'application/json',
      // Neither compressed, which would hold single bytes back, nor collected by nginx.
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      [JOB_HEADER]: job.id,
    },
  })
}

/** Undefined where it takes longer. */
function within<T>(clock: Clock, milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  const { promise: first, resolve, reject } = Promise.withResolvers<T | undefined>()
  const cancel = clock.after(milliseconds, () => resolve(undefined))
  promise.finally(cancel).then(resolve, reject)
  return first
}

interface Pulse {
  readonly clock: Clock
  readonly heartbeatMs: number
  hangUp(): void
}

function trickle({ clock, heartbeatMs, hangUp }: Pulse, late: Promise<Response>): ReadableStream<Uint8Array> {
  const space = new TextEncoder().encode(' ')
  let stop = () => {}
  let open = true
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const beat = () => {
        controller.enqueue(space)
        stop = clock.after(heartbeatMs, beat)
      }
      // Headers travel with the first byte.
      beat()
      void late
        .then(response => response.bytes())
        .then(body => {
          stop()
          if (!open) return
          if (body.length > 0) controller.enqueue(body)
          controller.close()
        })
    },
    cancel() {
      open = false
      stop()
      hangUp()
    },
  })
}
