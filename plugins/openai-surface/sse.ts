/** Server-sent events: heartbeats while nothing happens, errors and the end as OpenAI clients expect them. */
import { domainFault, errorBody, JOB_HEADER } from 'flow2api/contracts'
import { type Clock, type Fault, FaultError, type Logger } from 'flow2api/plugin'

/** Shorter than every idle time-out on the way (api-surfaces 0.4). */
const HEARTBEAT_MS = 15_000

interface EventSink {
  /** One event: `data`, and `event` where it has a name. Nothing happens once the client is gone. */
  send(data: unknown, event?: string): void
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

interface StreamOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly jobId: string
  /** The request's own signal. */
  readonly signal: AbortSignal
}

/**
 * Answers with the events that `run` sends. What `run` resolves to, if anything, is sent as the error that ended the
 * stream; `[DONE]` follows in either case.
 */
export function eventStream(options: StreamOptions, run: (sink: EventSink) => Promise<Fault | undefined>): Response {
  const { clock, log, jobId } = options
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
        stopHeartbeat = clock.after(HEARTBEAT_MS, beat)
      }
      const beat = () => write(': keep-alive\n\n')
      const send = (data: unknown, event?: string) =>
        write(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`)

      // Headers travel with the first byte.
      beat()
      run({ send, signal })
        .catch(cause => unexpected(cause, log, jobId))
        .then(fault => {
          if (fault !== undefined) send(errorBody(fault))
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

function unexpected(cause: unknown, log: Logger, jobId: string): Fault {
  if (cause instanceof FaultError) return cause.fault
  log.error({ err: cause, job: jobId }, 'a stream broke off')
  return domainFault('internal_error', 'The gateway broke off this answer because of a mistake of its own. Try again.')
}
