/**
 * What an import would do, row by row, without asking the upstream: the dry run, and the plan of the real one. Pure.
 * A second run over the same rows plans no change.
 */
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Account } from './account.ts'
import { type Candidate, readCandidate, type SourceRow } from './import-row.ts'

/** What is known here that a row is compared with. */
export interface Known {
  /** The provider that takes it. Error: it is not switched on. */
  provider(named: string | undefined): Result<string, Fault>
  /** The session token in what was pasted. */
  secret(provider: string, pasted: string): Result<string, Fault>
  /** A proxy's canonical form. */
  proxy(written: string): Result<string, Fault>
  /** The account that has this session token, or that it was imported for. */
  bySecret(provider: string, secret: string): Account | undefined
  /** `email` in small letters. */
  byEmail(provider: string, email: string): Account | undefined
}

/** A row that was understood. */
export interface Wanted extends Omit<Candidate, 'st' | 'provider'> {
  readonly provider: string
  readonly secret: string
}

interface Row {
  readonly row: number
  readonly email: string | null
}
export type Refused = Row & { readonly verdict: 'refused'; readonly reason: string }
export type Planned =
  | Refused
  | (Row & { readonly verdict: 'add'; readonly wanted: Wanted })
  | (Row & {
      readonly verdict: 'update' | 'unchanged'
      readonly wanted: Wanted
      readonly account: Account
      /** Names of fields, as the API has them; `st` where the session is opened anew. */
      readonly changes: readonly string[]
    })

export function planImport(rows: readonly SourceRow[], known: Known): Planned[] {
  /** Account, session token or e-mail → the row that spoke of it first. */
  const spoken = new Map<string, number>()
  /** The row that spoke of one of them before. Refused rows count: what a row is told must not depend on what is here. */
  const claim = (names: readonly string[], row: number): number | undefined => {
    const earlier = names.map(name => spoken.get(name)).find(number => number !== undefined)
    for (const name of names) spoken.set(name, spoken.get(name) ?? row)
    return earlier
  }
  return rows.map(source => {
    if ('problem' in source) return { row: source.row, email: null, verdict: 'refused', reason: source.problem }
    const { row } = source
    const read = readCandidate(source.fields)
    if (read.isErr()) return { row, email: null, verdict: 'refused', reason: read.error }
    const email = read.value.email ?? null
    const wanted = understood(read.value, known)
    if (wanted.isErr()) return { row, email, verdict: 'refused', reason: wanted.error.message }
    const earlier = claim(namesOf(wanted.value), row)
    if (earlier !== undefined) return { row, email, verdict: 'refused', reason: sameAccount(`Row ${earlier}`) }
    const account = accountOf(wanted.value, known)
    if (account && !isSameEmail(account.email, wanted.value))
      return { row, email, verdict: 'refused', reason: OTHER_EMAIL }
    const other = account && claim([`#${account.id}`], row)
    if (other !== undefined) return { row, email, verdict: 'refused', reason: sameAccount(`Row ${other}`) }
    if (!account) return { row, email, verdict: 'add', wanted: wanted.value }
    const changes = changesOf(account, wanted.value, known)
    const verdict = changes.length > 0 ? 'update' : 'unchanged'
    return { row, email: account.email || email, verdict, wanted: wanted.value, account, changes }
  })
}

export const OTHER_EMAIL =
  'The session token is of another account than the e-mail says. Correct one of them, or leave the e-mail out.'

/** Or one of them is not known. */
export const isSameEmail = (named: string, { email }: Wanted): boolean =>
  named === '' || email === undefined || named.toLowerCase() === email

export const sameAccount = (other: string): string => `${other} is about the same account. Keep the one that is right.`

function understood({ st, provider: named, ...rest }: Candidate, known: Known): Result<Wanted, Fault> {
  const provider = known.provider(named)
  if (provider.isErr()) return err(provider.error)
  const secret = known.secret(provider.value, st)
  if (secret.isErr()) return err(secret.error)
  const wanted = { ...rest, provider: provider.value, secret: secret.value }
  return rest.proxyUrl === undefined
    ? ok(wanted)
    : known.proxy(rest.proxyUrl).map(proxyUrl => ({ ...wanted, proxyUrl }))
}

const accountOf = ({ provider, secret, email }: Wanted, known: Known): Account | undefined =>
  known.bySecret(provider, secret) ?? (email === undefined ? undefined : known.byEmail(provider, email))

const namesOf = ({ provider, secret, email }: Wanted): string[] => [
  JSON.stringify([provider, 'st', secret]),
  ...(email === undefined ? [] : [JSON.stringify([provider, 'email', email])]),
]

/** Whether its session is to be opened anew: it is another one, or the one that is there opens nothing any more. */
function isNews(account: Account, { provider, secret }: Wanted, known: Known): boolean {
  const lost = account.state === 'needs_session' || account.state === 'migrated'
  return lost || known.bySecret(provider, secret)?.id !== account.id
}

function changesOf(account: Account, wanted: Wanted, known: Known): string[] {
  const differs = (value: unknown, present: unknown) => value !== undefined && value !== present
  const present = account.proxyUrl === null ? null : known.proxy(account.proxyUrl).unwrapOr(account.proxyUrl)
  return Object.entries({
    st: isNews(account, wanted, known),
    project_id: differs(wanted.projectId, account.attributes['project_id']),
    project_name: differs(wanted.projectName, account.attributes['project_name']),
    remark: differs(wanted.remark, account.remark),
    image_enabled: differs(wanted.imageEnabled, account.imageEnabled),
    video_enabled: differs(wanted.videoEnabled, account.videoEnabled),
    image_concurrency: differs(wanted.imageConcurrency, account.imageConcurrency),
    video_concurrency: differs(wanted.videoConcurrency, account.videoConcurrency),
    proxy_url: differs(wanted.proxyUrl, present),
  }).flatMap(([name, changed]) => (changed ? [name] : []))
}
