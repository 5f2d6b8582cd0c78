/** What the kernel and the job engine are doing now, as families. */
import type { JobEngine, MetricFamily } from 'flow2api/contracts'
import { FaultError, type Handle, type KernelControl } from 'flow2api/plugin'

export type Queue = ReturnType<JobEngine['underWay']>

/** The engine may be away for a moment; then nothing is under way. */
export function queueNow(jobs: Handle<JobEngine>): Queue {
  try {
    return jobs.underWay()
  } catch (cause) {
    if (!(cause instanceof FaultError)) throw cause
    const idle = { queued: 0, running: 0 }
    return { image: idle, video: idle }
  }
}

export function queueFamilies(queue: Queue): readonly MetricFamily[] {
  const kinds = Object.entries(queue)
  return [
    {
      name: 'flow2api_queue_units',
      help: 'Units that wait for an account.',
      kind: 'gauge',
      samples: kinds.map(([kind, { queued }]) => ({ labels: { kind }, value: queued })),
    },
    {
      name: 'flow2api_running_units',
      help: 'Units that were begun.',
      kind: 'gauge',
      samples: kinds.map(([kind, { running }]) => ({ labels: { kind }, value: running })),
    },
  ]
}

const STATES = ['live', 'draining', 'failed', 'disabled'] as const

export function kernelFamilies(kernel: Pick<KernelControl, 'plugins' | 'reloads'>): readonly MetricFamily[] {
  const plugins = kernel.plugins()
  const last = kernel.reloads()[0]
  return [
    {
      name: 'flow2api_plugins',
      help: 'Plugins by state.',
      kind: 'gauge',
      samples: STATES.map(state => ({
        labels: { state },
        value: plugins.filter(plugin => plugin.state === state).length,
      })),
    },
    {
      name: 'flow2api_last_reload_success',
      help: 'Whether the last reload was neither rejected nor rolled back in part: 1 or 0.',
      kind: 'gauge',
      samples: last ? [{ value: last.result === 'rejected' || last.result === 'partial' ? 0 : 1 }] : [],
    },
    {
      name: 'flow2api_last_reload_timestamp_seconds',
      help: 'When the configuration was last reloaded, unix time.',
      kind: 'gauge',
      samples: last ? [{ value: last.at / 1000 }] : [],
    },
  ]
}
