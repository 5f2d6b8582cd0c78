/** How the process itself is: its event loop, memory, and the disks it writes to. */
import { statfs } from 'node:fs/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MetricFamily } from 'flow2api/contracts'

const RESOLUTION_MS = 20
const NS_PER_S = 1e9

export interface Lag {
  readonly p99S: number
  readonly maxS: number
}

/** How late timers come: what holds the event loop up holds every request up. */
export class LoopLag {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #before: Lag = { p99S: 0, maxS: 0 }

  constructor() {
    this.#delays.enable()
  }

  /** Of this window and the one before, so that nobody who looks seldom misses a stall, and several may look. */
  now(): Lag {
    const { p99S, maxS } = this.#window()
    return { p99S: Math.max(p99S, this.#before.p99S), maxS: Math.max(maxS, this.#before.maxS) }
  }

  nextWindow(): void {
    this.#before = this.#window()
    this.#delays.reset()
  }

  stop(): void {
    this.#delays.disable()
  }

  #window(): Lag {
    // Without a measurement yet the library has its own idea of the largest.
    if (this.#delays.count === 0) return { p99S: 0, maxS: 0 }
    return { p99S: this.#delays.percentile(99) / NS_PER_S, maxS: this.#delays.max / NS_PER_S }
  }
}

/** Bytes that the gateway's user may still write there; undefined where the system does not say. */
export async function freeBytes(path: string): Promise<number | undefined> {
  try {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  } catch {
    return undefined
  }
}

export async function vitals(
  lag: LoopLag,
  places: { readonly data: string; readonly tmp: string },
): Promise<readonly MetricFamily[]> {
  const { rss, heapUsed } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const { p99S, maxS } = lag.now()
  const disks = await Promise.all(
    Object.entries(places).map(async ([place, path]) => ({ labels: { place }, value: (await freeBytes(path)) ?? NaN })),
  )
  const gauge = (name: string, help: string, value: number): MetricFamily => ({
    name,
    help,
    kind: 'gauge',
    samples: [{ value }],
  })
  return [
    gauge('process_resident_memory_bytes', 'Resident memory.', rss),
    gauge('process_start_time_seconds', 'When the process started, unix time.', startedAtS()),
    {
      name: 'process_cpu_seconds_total',
      help: 'Processor time, user and system.',
      kind: 'counter',
      samples: [{ value: (user + system) / 1e6 }],
    },
    gauge('flow2api_heap_used_bytes', 'Memory that JavaScript objects take.', heapUsed),
    gauge('flow2api_event_loop_lag_p99_seconds', 'Delay of timers within the last minutes, 99th percentile.', p99S),
    gauge('flow2api_event_loop_lag_max_seconds', 'Delay of timers within the last minutes, largest.', maxS),
    {
      name: 'flow2api_disk_free_bytes',
      help: 'What may still be written in the data and the tmp directory.',
      kind: 'gauge',
      samples: disks.filter(({ value }) => Number.isFinite(value)),
    },
  ]
}

/** The real time: the process knows no other. */
const startedAtS = () => Math.round(Date.now() / 1000 - process.uptime())
