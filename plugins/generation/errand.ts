/** A short free call about something that was made, on the account that made it. */
import type { EgressFetch, EgressWant, MediaKind, Session, SessionAccount } from 'flow2api/contracts'
import { err, type Fault, type Result, type ResultAsync } from 'flow2api/plugin'
import { ask } from './ask.ts'
import type { Ports } from './ports.ts'

export interface Place {
  readonly provider: string
  readonly kind: MediaKind
  /** `null`: the provider needs no account. */
  readonly accountId: number | null
}

/** `media` is the way for downloads of pictures and videos. */
type Errand<T> = (session: Session, media: EgressFetch) => ResultAsync<T, Fault>

/** Waits for no turn and counts neither for nor against the account. Access that was refused is renewed once. */
export async function runErrand<T>(
  ports: Pick<Ports, 'accounts' | 'egress'>,
  { provider, kind, accountId }: Place,
  signal: AbortSignal,
  errand: Errand<T>,
): Promise<Result<T, Fault>> {
  const go = (want: EgressWant, account?: SessionAccount) =>
    ask(() => {
      const media = ports.egress.route({ ...want, purpose: 'media' }).fetch
      const { fetch } = ports.egress.route(want)
      return errand({ ...(account && { account }), fetch, signal, progress: () => {} }, media)
    })
  if (accountId === null) return go({})
  const adopted = await ask(() => ports.accounts.adopt({ accountId, provider, kind }))
  if (adopted.isErr()) return err(adopted.error)
  await using lease = adopted.value
  const want = { accountId, ...(lease.proxyUrl !== undefined && { proxyUrl: lease.proxyUrl }) }
  let account = await ask(() => lease.session(signal))
  for (let renewed = false; ; renewed = true) {
    if (account.isErr()) return err(account.error)
    const { value } = account
    const answer = await go(want, value)
    if (answer.isOk() || answer.error.code !== 'access_expired' || renewed) return answer
    account = await ask(() => lease.renew(value.access, signal))
  }
}
