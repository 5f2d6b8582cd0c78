/** Whether a proxy works: one request through it and no other way. */
import type { Clock, Fault, Job } from 'flow2api/plugin'
import type { ProxyAddress } from './address.ts'
import { type Bridge, goCarefully } from './attempt.ts'
import { readCapped } from './capped.ts'
import { exitAddressIn } from './exit-address.ts'

export interface Verdict {
  /** Of the answer, whatever it is; null where there was none. */
  readonly status: number | null
  /** Until the answer began, or until it was clear that there is none. */
  readonly latencyMs: number
  /** What the target saw as the caller; null where it does not say. */
  readonly exitAddress: string | null
  readonly fault: Fault | undefined
}

export interface TestWant {
  readonly url: URL
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface TesterWorld {
  readonly bridge: Bridge
  readonly clock: Clock
  begin(label: string): Job
}

/** Of an answer that tells an address. */
const MOST_BYTES = 64 * 1024

/** Never rejects. */
export async function testProxy(
  { bridge, clock, begin }: TesterWorld,
  address: ProxyAddress,
  want: TestWant,
): Promise<Verdict> {
  await using job = begin(`testing proxy ${address.masked}`)
  const late = new AbortController()
  const cancel = clock.after(want.timeoutMs, () =>
    late.abort(new DOMException('The test took too long.', 'TimeoutError')),
  )
  const signal = AbortSignal.any([late.signal, job.signal, want.signal])
  const started = performance.now()
  const elapsed = () => Math.round(performance.now() - started)
  try {
    const headers = { accept: 'application/json, text/plain;q=0.9, */*;q=0.5', 'accept-encoding': 'identity' }
    // Every test has a connection of its own.
    const init: RequestInit = { headers, redirect: 'manual', keepalive: false, signal }
    const attempt = await goCarefully(bridge, address, want.url, init)
    const latencyMs = elapsed()
    if (attempt.isErr()) return { status: null, latencyMs, exitAddress: null, fault: attempt.error.fault }
    const { status } = attempt.value
    return { status, latencyMs, exitAddress: await exitOf(attempt.value), fault: undefined }
  } finally {
    cancel()
  }
}

/** The answer came: that its body is long, broken or late says nothing about the proxy. */
async function exitOf(answer: Response): Promise<string | null> {
  try {
    const bytes = await readCapped(answer, MOST_BYTES)
    return bytes ? exitAddressIn(new TextDecoder().decode(bytes)) : null
  } catch {
    return null
  }
}
