/** A ring as server-sent events: what is there, then what comes. */
import { type Clock, sleep } from 'flow2api/plugin'
import type { Ring, RingEntry } from './ring.ts'

export interface Following {
  readonly ring: Ring
  /** Number of the first line to look at. Where it has gone, an event `gap` says how many are `lost`. */
  readonly from: number
  readonly clock: Clock
  /** Ends the stream: the reader comes back with its last id, to whichever instance serves then. */
  readonly signal: AbortSignal
  /** One event, without its `id`; undefined where the reader does not want the line. */
  event(entry: RingEntry): { readonly event: string; readonly data: unknown } | undefined
  /** Asked now and then whether the reader may still have it: a session that has ended ends its streams. */
  allowed(): Promise<boolean>
}

const HEARTBEAT_MS = 15_000
const RETRY_MS = 1_000
/** Lines looked at for one piece of the stream. */
const AT_ONCE = 200

export const followed = (following: Following): Response =>
  new Response(streamOf(following), {
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    },
  })

/** A slow reader costs nothing: it has a place in the ring, and no queue of its own. */
function streamOf({ ring, from, clock, signal, event, allowed }: Following): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let next = from
  let wake = new AbortController()
  let checkedAt = clock.now()
  let sentAt = checkedAt
  const ended = new AbortController()
  const unlisten = ring.onPush(() => wake.abort())
  const end = () => {
    unlisten()
    signal.removeEventListener('abort', end)
    ended.abort()
    wake.abort()
  }
  signal.addEventListener('abort', end, { once: true })
  const piece = (): string => {
    let text = ''
    if (next < ring.oldest) {
      text += `event: gap\ndata: ${JSON.stringify({ lost: ring.oldest - next })}\n\n`
      next = ring.oldest
    }
    let looked = 0
    for (const entry of ring.from(next)) {
      next = entry.number + 1
      const found = event(entry)
      if (found)
        text += `id: ${ring.idOf(entry.number)}\nevent: ${found.event}\ndata: ${JSON.stringify(found.data)}\n\n`
      if (++looked === AT_ONCE) break
    }
    return text
  }
  return new ReadableStream<Uint8Array>({
    start: controller => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    async pull(controller) {
      const send = (text: string) => {
        sentAt = clock.now()
        controller.enqueue(encoder.encode(text))
      }
      for (;;) {
        if (clock.now() - checkedAt >= HEARTBEAT_MS) {
          checkedAt = clock.now()
          // Where nobody can say at the moment, the reader asks again.
          if (!(await allowed().catch(() => false))) end()
        }
        if (ended.signal.aborted || signal.aborted) {
          end()
          return controller.close()
        }
        const text = piece()
        if (text !== '') return send(text)
        // Also where lines come all the time and none of them is wanted.
        const restMs = sentAt + HEARTBEAT_MS - clock.now()
        if (restMs <= 0) return send(': alive\n\n')
        if (next < ring.next) continue
        wake = new AbortController()
        await sleep(clock, restMs, wake.signal)
      }
    },
    cancel: end,
  })
}
