/** A closed loop: so many connections, each sending its next request when the last was answered to its end. */
export interface Measured {
  readonly perSecond: number
  /** Milliseconds. */
  readonly latencies: readonly number[]
  readonly failed: number
}

export async function run(
  url: string,
  init: RequestInit,
  connections: number,
  milliseconds: number,
): Promise<Measured> {
  const latencies: number[] = []
  let failed = 0
  const began = performance.now()
  const worker = async () => {
    while (performance.now() - began < milliseconds) {
      const sent = performance.now()
      const answer = await fetch(url, init).catch(() => undefined)
      await answer?.arrayBuffer()
      if (!answer?.ok) failed++
      latencies.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  return { perSecond: (latencies.length * 1000) / (performance.now() - began), latencies, failed }
}

/** All rounds as one. */
export function merge(rounds: readonly Measured[]) {
  const sorted = rounds.flatMap(({ latencies }) => latencies).sort((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return {
    perSecond: rounds.reduce((sum, { perSecond }) => sum + perSecond, 0) / rounds.length,
    p50: at(0.5),
    p99: at(0.99),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
  }
}
