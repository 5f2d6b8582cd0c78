/** Server-sent events: heartbeats while nothing happens, errors and the end as OpenAI clients expect them. */
import { attend, JOB_HEADER, streamErrorBody, unexpectedFault } from 'flow2api/contracts'
import type { Clock, Fault, Logger } from 'flow2api/plugin'
import type { Admitted } from './admission.ts'
import type { Surface } from './surface.ts'

interface EventSink {
  /** One event: `data`, and `event` where it has a name. Nothing happens once the client is gone. */
  send(data: unknown, event?: string): void
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

interface StreamOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly heartbeatMs: number
  readonly jobId: string
  /** The request's own signal. */
  readonly signal: AbortSignal
}

/**
 * Answers with the events that `run` sends. What `run` resolves to, if anything, is sent as the error that ended the
 * stream; `[DONE]` follows in either case.
 */
export function eventStream(options: StreamOptions, run: (sink: EventSink) => Promise<Fault | undefined>): Response {
  const { clock, log, heartbeatMs, jobId } = options
  const encoder = new TextEncoder()
  const gone = new AbortController()
  const signal = AbortSignal.any([gone.signal, options.signal])
  let stopHeartbeat = () => {}
  let open = true

  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const write = (text: string) => {
        if (!open || signal.aborted) return
        controller.enqueue(encoder.encode(text))
        stopHeartbeat()
        stopHeartbeat = clock.after(heartbeatMs, beat)
      }
      const beat = () => write(': keep-alive\n\n')
      const send = (data: unknown, event?: string) =>
        write(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`)

      // Headers travel with the first byte.
      beat()
      run({ send, signal })
        .catch(cause => unexpectedFault(cause, log, jobId))
        .then(fault => {
          if (fault !== undefined) send(streamErrorBody(fault))
          write('data: [DONE]\n\n')
          stopHeartbeat()
          if (open) controller.close()
          open = false
        })
    },
    cancel() {
      open = false
      stopHeartbeat()
      gone.abort()
    },
  })
  return new Response(body, {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      [JOB_HEADER]: jobId,
    },
  })
}

/** The stream of an admitted request. When its reader leaves, the job goes on, or not, as the request says. */
export function streamAnswer(
  surface: Surface,
  admitted: Admitted,
  run: (sink: EventSink) => Promise<Fault | undefined>,
): Response {
  const { clock, log } = surface
  const { job, request } = admitted
  return eventStream(
    { clock, log, heartbeatMs: surface.jobs.heartbeatMs(), jobId: job.id, signal: request.signal },
    sink => attend(surface, admitted, sink.signal, () => run(sink)),
  )
}
