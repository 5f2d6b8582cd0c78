/** What the emulator was asked, for assertions. */
import { type EndpointName, type EndpointScope, scopeIncludes } from './endpoint.ts'

/** Paid work that was accepted: whatever became of it, and whether or not the answer arrived. */
export interface Submission {
  readonly kind: 'image' | 'upsample_image' | 'video' | 'extend' | 'upsample_video'
  /** The model's name or key; of `upsample_image` the target resolution. */
  readonly model: string
  /** What is made; of `upsample_image` what it is made from. */
  readonly mediaId: string
  /** Media that it is made from, in their order. */
  readonly inputs: readonly string[]
  /** Null where the call has none. */
  readonly batchId: string | null
  readonly credits: number
  /** Empty where the call has none. */
  readonly prompt: string
}

export interface PaidSubmission extends Submission {
  readonly endpoint: EndpointName
  /** E-mail. */
  readonly account: string
  /** Epoch milliseconds by the emulator's clock. */
  readonly at: number
}

export interface RecordedRequest {
  /** Epoch milliseconds by the emulator's clock. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** Parsed JSON, the text if it is not JSON, or null if there is none; very long texts are cut, see `brief`. */
  readonly body: unknown
  /** Null where no endpoint answers to the path. */
  readonly endpoint: EndpointName | null
  /** E-mail of the account that the credentials belong to. */
  readonly account: string | null
  /** HTTP status of the answer; null while there is none. */
  status: number | null
  /** Names of the faults that it met. */
  readonly faults: string[]
  /** What was accepted by it; empty unless it is an accepted submission of paid work. */
  readonly submissions: Submission[]
}

/** Longer than any prompt; files in requests are longer. */
const TEXT_LIMIT = 20_000

/** The same, its very long texts cut: the start and the number of characters. */
export function brief(body: unknown): unknown {
  if (typeof body === 'string')
    return body.length > TEXT_LIMIT ? `${body.slice(0, 80)}… (${body.length} characters)` : body
  if (typeof body !== 'object' || body === null) return body
  if (Array.isArray(body)) return body.map(brief)
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, brief(value)]))
}

export class RequestRecord {
  /** Requests since the start or the last `clear`, also those that are not kept any more. */
  total = 0
  private readonly kept: RecordedRequest[] = []

  constructor(private readonly limit: number) {}

  /** Whether `add` keeps anything, so that nobody gathers details in vain. */
  get enabled(): boolean {
    return this.limit > 0
  }

  add(request: RecordedRequest): void {
    this.kept.push(request)
    if (this.kept.length > this.limit) this.kept.shift()
  }

  /** Oldest first. */
  get all(): readonly RecordedRequest[] {
    return this.kept
  }

  /** Those of one endpoint or group, of one account if given by its e-mail; oldest first. */
  of(scope: EndpointScope, account?: string): readonly RecordedRequest[] {
    return this.kept.filter(
      request =>
        request.endpoint !== null &&
        scopeIncludes(scope, request.endpoint) &&
        (account === undefined || request.account === account),
    )
  }

  /** Every piece of paid work that was accepted, oldest first; with that value of each field that is given. */
  paid(wanted: Partial<Pick<PaidSubmission, 'kind' | 'account' | 'batchId' | 'model' | 'mediaId'>> = {}) {
    const fields = Object.entries(wanted)
    return this.kept
      .flatMap(({ submissions, endpoint, account, at }) =>
        submissions.flatMap((each): PaidSubmission[] =>
          endpoint === null || account === null ? [] : [{ ...each, endpoint, account, at }],
        ),
      )
      .filter(each => fields.every(([field, value]) => Reflect.get(each, field) === value))
  }

  clear(): void {
    this.total = 0
    this.kept.length = 0
  }
}
