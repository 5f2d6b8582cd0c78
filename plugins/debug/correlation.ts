/** Which request and which job something belongs to. */
import { Jobs, Provider } from 'flow2api/contracts'
import type { BusRecord, Scope } from 'flow2api/plugin'

const JOB = /\b(?:job|video)_([0-9a-f]{6,})/
const KEYS = ['jobId', 'job', 'id', 'unit'] as const
/** Jobs whose request is remembered. */
const MOST_JOBS = 5_000

/** The id of the job that a value names, as `job_…`; a list is not of one job. */
export function jobIn(value: unknown, depth = 0): string | undefined {
  if (typeof value === 'string') {
    const hex = JOB.exec(value)?.[1]
    return hex && `job_${hex}`
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || depth > 2) return undefined
  for (const key of KEYS) {
    const found = jobIn(Reflect.get(value, key), depth + 1)
    if (found !== undefined) return found
  }
  return undefined
}

export class Correlation {
  readonly #requestOf = new Map<string, string>()

  /** The request that brought this job, where it is known. */
  requestOf(jobId: string): string | undefined {
    return this.#requestOf.get(jobId)
  }

  learn(jobId: string | undefined, requestId: string | undefined): void {
    if (jobId === undefined || requestId === undefined || this.#requestOf.has(jobId)) return
    this.#requestOf.set(jobId, requestId)
    const [oldest] = this.#requestOf.keys()
    if (this.#requestOf.size > MOST_JOBS && oldest !== undefined) this.#requestOf.delete(oldest)
  }

  /** What an admission answered. */
  learnFrom({ ref, method, outcome, detail, scope }: BusRecord): void {
    if (ref === Jobs.id && method === 'submit' && outcome === 'ok') this.learn(jobIn(detail), scope['requestId'])
  }

  scope({ ref, method, args }: Pick<BusRecord, 'ref' | 'method' | 'args'>, outer: Scope): Scope {
    // One round asks after the work of many.
    if (ref === Provider.id && method === 'status') return {}
    const jobId = args.map(arg => jobIn(arg)).find(Boolean)
    if (jobId === undefined || jobId === outer['jobId']) return outer
    // Whoever asks about a job does so in a request of his own; all else is done for the one that brought it.
    const requestId = ref === Jobs.id ? outer['requestId'] : (this.requestOf(jobId) ?? outer['requestId'])
    return { ...(requestId !== undefined && { requestId }), jobId }
  }
}
