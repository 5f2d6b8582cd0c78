/** Server-sent events: heartbeats while nothing happens, errors and the end as OpenAI clients expect them. */
import {
  type AdmittedRequest,
  attend,
  beatingStream,
  EVENT_STREAM,
  type SurfaceWorld,
  streamErrorBody,
  unexpectedFault,
} from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'

interface EventSink {
  /** One event: `data`, and `event` where it has a name. Nothing happens once the client is gone. */
  send(data: unknown, event?: string): void
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

/**
 * Answers with the events that `run` sends. What `run` resolves to, if anything, is sent as the error that ended the
 * stream; `[DONE]` follows in either case. When its reader leaves, the job goes on, or not, as the request says.
 */
export function streamAnswer(
  world: SurfaceWorld,
  admitted: AdmittedRequest,
  run: (sink: EventSink) => Promise<Fault | undefined>,
): Response {
  const response = beatingStream(world, admitted, EVENT_STREAM, async (write, signal) => {
    const send = (data: unknown, event?: string) =>
      write(`${event === undefined ? '' : `event: ${event}\n`}data: ${JSON.stringify(data)}\n\n`)
    const fault = await attend(world, admitted, signal, () => run({ send, signal })).catch(cause =>
      unexpectedFault(cause, world.log, admitted.job.id),
    )
    if (fault !== undefined) send(streamErrorBody(fault))
    write('data: [DONE]\n\n')
  })
  // As clients of this API have always had it.
  response.headers.set('cache-control', 'no-cache, no-transform')
  return response
}
