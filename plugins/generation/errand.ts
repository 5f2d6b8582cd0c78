/** A short free call about something that was made, on the account that made it. */
import type { Lease, MediaKind, Session } from 'flow2api/contracts'
import { err, type Fault, type Result, type ResultAsync } from 'flow2api/plugin'
import { ask } from './ask.ts'
import type { Ports } from './ports.ts'

export interface Place {
  readonly provider: string
  readonly kind: MediaKind
  /** `null`: the provider needs no account. */
  readonly accountId: number | null
}

type Errand<T> = (session: Session) => ResultAsync<T, Fault>

/** Waits for no turn and counts neither for nor against the account. Access that was refused is renewed once. */
export async function runErrand<T>(
  ports: Pick<Ports, 'accounts' | 'egress'>,
  { provider, kind, accountId }: Place,
  signal: AbortSignal,
  errand: Errand<T>,
): Promise<Result<T, Fault>> {
  if (accountId === null) return ask(() => errand({ fetch: ports.egress.route({}).fetch, signal, progress: () => {} }))
  const adopted = await ask(() => ports.accounts.adopt({ accountId, provider, kind }))
  if (adopted.isErr()) return err(adopted.error)
  await using lease = adopted.value
  return onLease(ports, lease, signal, errand)
}

async function onLease<T>(
  { egress }: Pick<Ports, 'egress'>,
  lease: Lease,
  signal: AbortSignal,
  errand: Errand<T>,
): Promise<Result<T, Fault>> {
  const { accountId, proxyUrl } = lease
  const want = { accountId, ...(proxyUrl !== undefined && { proxyUrl }) }
  let account = await ask(() => lease.session(signal))
  for (let renewed = false; ; renewed = true) {
    if (account.isErr()) return err(account.error)
    const { value } = account
    const answer = await ask(() =>
      errand({ account: value, fetch: egress.route(want).fetch, signal, progress: () => {} }),
    )
    if (answer.isOk() || answer.error.code !== 'access_expired' || renewed) return answer
    account = await ask(() => lease.renew(value.access, signal))
  }
}
