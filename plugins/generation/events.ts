/** `GET /v1/jobs/{id}/events`: a job as server-sent events, from its present state to its end. */
import { FINAL, JOB_HEADER, type Job } from 'flow2api/contracts'
import { type Clock, errAsync, type Fault, type Job as Hold, okAsync, ResultAsync } from 'flow2api/plugin'
import { finalVersion } from './active.ts'
import { type Archive, noJob } from './archive.ts'
import type { Ledger } from './ledger.ts'

/** After how long a browser comes back when a stream has ended before the job. */
const RECONNECT_MS = 1_000

export interface EventsParts {
  readonly ledger: Ledger
  readonly archive: Pick<Archive, 'view'>
  readonly clock: Clock
  readonly heartbeatMs: number
  readonly show: (job: Job) => object
  /** Work of this instance; its signal fires when the patience of a reload or a stop ends. */
  begin(label: string): Hold
}

interface Seen {
  /** Its `id:`. */
  readonly version: number
  readonly job: Job
}

export class JobEvents {
  constructor(private readonly parts: EventsParts) {}

  /** Error: `not_found`. */
  open(id: string, request: Request): ResultAsync<Response, Fault> {
    const { ledger, archive, show } = this.parts
    const last = request.headers.get('last-event-id')?.trim()
    if (ledger.get(id)) return okAsync(this.#stream(id, request.signal, last))
    const stored = ledger.store.get(id)
    if (!stored) return errAsync(noJob(id))
    return ResultAsync.fromSafePromise(archive.view(stored)).map(job => {
      const seen = { version: versionOf(job), job }
      // This answer keeps a browser from coming back.
      if (last === String(seen.version)) return new Response(null, { status: 204, headers: { [JOB_HEADER]: id } })
      return answer(new Blob([event(seen, undefined, show)]).stream(), id)
    })
  }

  /** The ledger outlives this instance: so may the stream, until the instance is out of patience. */
  #stream(id: string, hungUp: AbortSignal, last: string | undefined): Response {
    const { ledger, clock, heartbeatMs, show, begin } = this.parts
    const hold = begin(`events of ${id}`)
    const encoder = new TextEncoder()
    let sent: Seen | undefined
    let next: Seen | undefined
    let over = false
    let open = true
    let pull = () => {}
    let unwatch = () => {}
    let unbeat = () => {}
    const close = () => {
      if (!open) return
      open = false
      unwatch()
      unbeat()
      hungUp.removeEventListener('abort', cut)
      hold.signal.removeEventListener('abort', cut)
      void hold[Symbol.asyncDispose]()
    }
    /** No more is learned here; what was learned is still sent. */
    const cut = () => {
      over = true
      pull()
    }
    const learn = (seen: Seen) => {
      next = seen
      if (FINAL.has(seen.job.status)) over = true
      pull()
    }
    const current = () => {
      const active = ledger.get(id)
      if (active) learn({ version: active.version, job: active.view() })
    }
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        const write = (text: string) => {
          controller.enqueue(encoder.encode(text))
          unbeat()
          unbeat = clock.after(heartbeatMs, beat)
        }
        const beat = () => {
          if (!open) return
          // Whoever does not read gets no more of them.
          if ((controller.desiredSize ?? 0) > 0) write(': keep-alive\n\n')
          else unbeat = clock.after(heartbeatMs, beat)
        }
        // A slow reader gets the newest state, not every one.
        pull = () => {
          if (!open) return
          if (next && (over || (controller.desiredSize ?? 0) > 0)) {
            const seen = next
            next = undefined
            if (String(seen.version) !== last) write(event(seen, sent, show))
            sent = seen
          }
          if (!over) return
          close()
          controller.close()
        }
        unwatch = ledger.watch(id, {
          changed: current,
          ended: job => learn({ version: versionOf(job), job }),
          parked: cut,
        })
        hungUp.addEventListener('abort', cut)
        hold.signal.addEventListener('abort', cut)
        // Headers travel with the first byte.
        controller.enqueue(encoder.encode(`retry: ${RECONNECT_MS}\n\n`))
        unbeat = clock.after(heartbeatMs, beat)
        current()
        const active = ledger.get(id)
        if (hold.signal.aborted || hungUp.aborted || (active && ledger.isParked(active))) cut()
      },
      pull: () => pull(),
      cancel: close,
    })
    return answer(body, id)
  }
}

/** Of a job that is not under way any more. */
const versionOf = ({ finishedAt, createdAt }: Job): number => finalVersion(finishedAt ?? createdAt)

function event({ version, job }: Seen, before: Seen | undefined, show: EventsParts['show']): string {
  const name = FINAL.has(job.status)
    ? job.status === 'completed'
      ? 'completed'
      : 'failed'
    : job.status === before?.job.status
      ? 'progress'
      : 'state'
  return `id: ${version}\nevent: ${name}\ndata: ${JSON.stringify(show(job))}\n\n`
}

const answer = (body: ReadableStream<Uint8Array>, jobId: string): Response =>
  new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      [JOB_HEADER]: jobId,
    },
  })
