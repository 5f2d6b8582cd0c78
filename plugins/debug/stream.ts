/** Lines of the log as server-sent events: what is there, then what comes. */
import { type Clock, sleep } from 'flow2api/plugin'
import { type LineFilter, type LogLine, readLine, wants } from './log-line.ts'
import type { Entry, Ring } from './ring.ts'

export interface Lines {
  readonly ring: Ring
  requestOf(jobId: string): string | undefined
}

export interface StreamOptions {
  readonly filter: LineFilter
  /** Number of the first line to look at. Where it has gone, `gap` says how many are lost. */
  readonly from: number
  readonly clock: Clock
  /** Ends the stream: the reader comes back with its last id, to whichever instance serves then. */
  readonly signal: AbortSignal
}

const HEARTBEAT_MS = 15_000
const RETRY_MS = 1_000
/** Lines looked at for one piece of the stream. */
const AT_ONCE = 200

export const matching = (lines: Lines, filter: LineFilter, entry: Entry): LogLine | undefined => {
  const line = readLine(entry, lines.ring.epoch)
  return wants(filter, entry.line, line, id => lines.requestOf(id)) ? line : undefined
}

/** A slow reader costs nothing: it has a place in the ring, and no queue of its own. */
export function streamOf(lines: Lines, { filter, from, clock, signal }: StreamOptions): ReadableStream<Uint8Array> {
  const { ring } = lines
  const encoder = new TextEncoder()
  let next = from
  let wake = new AbortController()
  const ended = new AbortController()
  const unlisten = ring.onPush(() => wake.abort())
  const end = () => {
    unlisten()
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
      const line = matching(lines, filter, entry)
      if (line) text += `id: ${line.id}\nevent: line\ndata: ${JSON.stringify(line)}\n\n`
      if (++looked === AT_ONCE) break
    }
    return text
  }
  return new ReadableStream<Uint8Array>({
    start: controller => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    async pull(controller) {
      for (;;) {
        if (ended.signal.aborted || signal.aborted) return controller.close()
        const text = piece()
        if (text !== '') return controller.enqueue(encoder.encode(text))
        if (next < ring.next) continue
        wake = new AbortController()
        await sleep(clock, HEARTBEAT_MS, wake.signal)
        if (!wake.signal.aborted) return controller.enqueue(encoder.encode(': alive\n\n'))
      }
    },
    cancel() {
      signal.removeEventListener('abort', end)
      end()
    },
  })
}
