/** Event streams as they pass: who serves one is held until it ends. */

/** What passed. */
export interface Seen {
  readonly bytes: number
  /** The first of it, at most `MOST_SHOWN` bytes. */
  readonly start: string
  readonly durationMs: number
}

const MOST_SHOWN = 16 * 1024

/** The same answer, whose end (or whose reader's leaving) calls `release`, and `ended` with what has passed. */
export function releasing(response: Response, release: () => void, ended?: (seen: Seen) => void): Response {
  const reader = response.body?.getReader()
  if (!reader) {
    release()
    return response
  }
  const watch = ended && watcher(ended)
  const end = () => {
    release()
    watch?.end()
  }
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (!done) {
          watch?.pass(value)
          return controller.enqueue(value)
        }
        end()
        controller.close()
      } catch (cause) {
        end()
        controller.error(cause)
      }
    },
    async cancel(reason) {
      end()
      await reader.cancel(reason)
    },
  })
  return new Response(body, response)
}

function watcher(ended: (seen: Seen) => void) {
  const began = performance.now()
  const decoder = new TextDecoder()
  let bytes = 0
  let start = ''
  return {
    // Elysia's own streams are of text, whatever the types say.
    pass(chunk: Uint8Array | string) {
      const raw = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      if (bytes < MOST_SHOWN) start += decoder.decode(raw.subarray(0, MOST_SHOWN - bytes), { stream: true })
      bytes += raw.byteLength
    },
    end: () => ended({ bytes, start, durationMs: performance.now() - began }),
  }
}
