/** Answers that went wrong on their way. */
import type { Spoiling } from './faults.ts'

/** The answer as `faults.ts` says; the work behind it is done. */
export async function spoil(response: Response, how: Spoiling): Promise<Response> {
  const bytes = await response.bytes()
  // A redirect, too, then has nowhere to go: it has nothing but its headers, and those are lost.
  if (bytes.length === 0 && how === 'cut') return new Response(breakingAfter(new TextEncoder().encode(' ')))
  if (bytes.length === 0 || how === 'empty') return new Response('')
  const { status, headers } = response
  headers.delete('content-length')
  if (how === 'wrong-types') return new Response(withWrongTypes(bytes), { status, headers })
  const half = bytes.subarray(0, Math.ceil(bytes.length / 2))
  return new Response(how === 'cut' ? breakingAfter(half) : half, { status, headers })
}

/** A body that delivers so much, then the connection ends. */
function breakingAfter(bytes: Uint8Array<ArrayBuffer>): ReadableStream {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes)
    },
    async pull(controller) {
      // What was delivered is on its way before the end comes.
      await Bun.sleep(5)
      controller.error(new Error('The emulator closes the connection, as it was told.'))
    },
  })
}

function withWrongTypes(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  try {
    return JSON.stringify(mistyped(JSON.parse(text)))
  } catch {
    return text
  }
}

function mistyped(value: unknown): unknown {
  if (typeof value === 'string') return value.length
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'object' || value === null) return []
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, mistyped(each)]))
}
