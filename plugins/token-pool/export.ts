/** The accounts with their session tokens, to be kept or moved: the one place where secrets come out. */
import { type Static, Type } from '@sinclair/typebox'
import type { Account } from './account.ts'
import { SHORTEST_PASSPHRASE, seal } from './passphrase.ts'
import { operatorFields } from './view.ts'

export const ExportBody = Type.Object(
  {
    passphrase: Type.Optional(
      Type.String({
        minLength: SHORTEST_PASSPHRASE,
        maxLength: 1024,
        description: 'Seals the export; only it opens it again. Absent: session tokens and proxies in clear.',
      }),
    ),
  },
  { additionalProperties: false },
)
export type ExportBody = Static<typeof ExportBody>

/** What an import takes back, field by field. Times in unix seconds. */
export async function exportAccounts(
  accounts: readonly Account[],
  { passphrase }: ExportBody,
  now: number,
): Promise<object> {
  const exportedAt = Math.floor(now / 1000)
  // Those that the present secret key does not open have nothing to give.
  const whole = accounts.filter(({ secret }) => secret !== '').map(exported)
  const plain = { object: 'flow2api.accounts', version: 1, exported_at: exportedAt, accounts: whole }
  return passphrase === undefined ? plain : seal(JSON.stringify(plain), passphrase, exportedAt)
}

const exported = (account: Account) => ({
  provider: account.provider,
  email: account.email,
  name: account.name,
  st: account.secret,
  ...operatorFields(account),
  proxy_url: account.proxyUrl,
  enabled: account.state !== 'disabled',
})
