/** Interactions as server-sent events (api-surfaces B.7). */
import {
  type AdmittedRequest,
  attend,
  beatingStream,
  EVENT_STREAM,
  type Job,
  messageFor,
  outcomeFault,
  type SurfaceWorld,
  settle,
  unexpectedFault,
} from 'flow2api/contracts'
import type { Fault } from 'flow2api/plugin'
import { interactionId } from './ids.ts'
import { contentOf, interactionHead, type Shown } from './interaction-body.ts'

type Send = (type: string, data: object) => void

export function streamedInteraction(world: SurfaceWorld, admitted: AdmittedRequest, shown: Shown): Response {
  const { job, request } = admitted
  // The server takes the request for answered as soon as the answer begins.
  const hold = world.begin(`stream for ${job.id}`)
  return beatingStream(world, admitted, EVENT_STREAM, async (write, signal) => {
    let count = 0
    const send: Send = (type, data) => {
      count += 1
      const event = { event_type: type, event_id: String(count), ...data }
      write(`event: ${type}\nid: ${count}\ndata: ${JSON.stringify(event)}\n\n`)
    }
    const fault = await attend(world, admitted, signal, () => events(world, request.headers, job, shown, signal, send))
      .catch(cause => unexpectedFault(cause, world.log, job.id))
      .finally(() => hold[Symbol.asyncDispose]())
    if (fault !== undefined) send('error', { error: { code: fault.code, message: messageFor(fault) } })
    write('event: done\ndata: [DONE]\n\n')
  })
}

async function events(
  world: SurfaceWorld,
  headers: Headers,
  admitted: Job,
  shown: Shown,
  signal: AbortSignal,
  send: Send,
): Promise<Fault | undefined> {
  const id = interactionId(admitted)
  send('interaction.created', { interaction: { ...interactionHead(admitted), status: 'in_progress' } })
  send('interaction.status_update', { interaction_id: id, status: 'in_progress' })
  const settled = await settle(world.jobs, admitted, world.clock, signal)
  if (settled.isErr()) return settled.error
  const job = settled.value
  const head = interactionHead(job)
  const fault = outcomeFault(job)
  if (fault !== undefined) {
    send('interaction.status_update', { interaction_id: id, status: head.status })
    return fault
  }
  if (job.status !== 'completed') return undefined
  send('step.start', { index: 0, step: { type: 'model_output', content: [] } })
  for (const index of job.media.keys()) {
    const content = await contentOf(world, headers, job, index, shown)
    if (content.isErr()) return content.error
    send('step.delta', { index: 0, delta: content.value })
  }
  send('step.stop', { index: 0 })
  send('interaction.completed', { interaction: head })
  return undefined
}
