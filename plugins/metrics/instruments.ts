/** What is counted as it happens. One for all generations of the plugin, so that a reload sets nothing back. */
import type { Job } from 'flow2api/contracts'
import type { HttpRecord, ReloadReport } from 'flow2api/plugin'
import { Counter, Histogram, Registry } from 'prom-client'

const ANSWER_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300]
const GENERATION_BUCKETS = [1, 2.5, 5, 10, 20, 40, 60, 120, 240, 480, 900, 1800]
const WAIT_BUCKETS = [0.1, 0.5, 1, 5, 15, 30, 60, 120, 300, 600, 1800]

export class Instruments {
  readonly registry = new Registry()
  readonly #requests = new Counter({
    name: 'flow2api_http_requests_total',
    help: 'Answered requests.',
    labelNames: ['plugin', 'route', 'method', 'status'],
    registers: [this.registry],
  })
  readonly #answers = new Histogram({
    name: 'flow2api_http_request_duration_seconds',
    help: 'From a request to the head of its answer.',
    labelNames: ['plugin', 'route'],
    buckets: ANSWER_BUCKETS,
    registers: [this.registry],
  })
  readonly #durations = new Histogram({
    name: 'flow2api_generation_duration_seconds',
    help: 'Completed jobs, from start to end.',
    labelNames: ['kind', 'model'],
    buckets: GENERATION_BUCKETS,
    registers: [this.registry],
  })
  readonly #waits = new Histogram({
    name: 'flow2api_generation_wait_seconds',
    help: 'Ended jobs that were begun, from admission to start.',
    labelNames: ['kind'],
    buckets: WAIT_BUCKETS,
    registers: [this.registry],
  })
  readonly #reloads = new Counter({
    name: 'flow2api_reloads_total',
    help: 'Reloads of the configuration that were not rejected.',
    labelNames: ['result'],
    registers: [this.registry],
  })

  answered({ plugin, route, request, response, durationMs }: HttpRecord): void {
    this.#requests.inc({ plugin, route, method: request.method, status: response.status })
    this.#answers.observe({ plugin, route }, durationMs / 1000)
  }

  ended({ kind, status, resolvedModel, createdAt, startedAt, finishedAt }: Job): void {
    if (startedAt === null) return
    this.#waits.observe({ kind }, (startedAt - createdAt) / 1000)
    if (status === 'completed' && finishedAt !== null)
      this.#durations.observe({ kind, model: resolvedModel }, (finishedAt - startedAt) / 1000)
  }

  reloaded({ result }: ReloadReport): void {
    this.#reloads.inc({ result })
  }
}
