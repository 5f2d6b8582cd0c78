/** What the emulator was asked, for assertions. */
import type { EndpointName } from './endpoint.ts'

export interface RecordedRequest {
  /** Epoch milliseconds by the emulator's clock. */
  readonly at: number
  readonly method: string
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  /** Parsed JSON, the text if it is not JSON, or null if there is none. */
  readonly body: unknown
  /** Null where no endpoint answers to the path. */
  readonly endpoint: EndpointName | null
  /** E-mail of the account that the credentials belong to. */
  readonly account: string | null
  /** HTTP status of the answer; null while there is none. */
  status: number | null
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

  /** Those of one endpoint, of one account if given by its e-mail; oldest first. */
  of(endpoint: EndpointName, account?: string): readonly RecordedRequest[] {
    return this.kept.filter(
      request => request.endpoint === endpoint && (account === undefined || request.account === account),
    )
  }

  clear(): void {
    this.total = 0
    this.kept.length = 0
  }
}
