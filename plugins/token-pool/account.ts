/** One account as the pool knows it. Values are replaced, never changed in place. */
import type { MediaKind, SessionAccount } from 'flow2api/contracts'
import type { accounts, HeldModel } from './schema.ts'

/** As its row, but opened: secret, access and proxy are plain here and must not leave through a log or an answer. */
export type Account = Readonly<Omit<typeof accounts.$inferSelect, 'attributes' | 'heldModels'>> & {
  readonly attributes: Readonly<Record<string, string>>
  readonly heldModels: Readonly<Record<string, HeldModel>>
}
export type AccountState = Account['state']
/** What may be written to an account. */
export type AccountPatch = Partial<Omit<Account, 'id' | 'provider' | 'createdAt'>>

/** States that pass by themselves are over when their time has come. */
export function stateAt(account: Account, now: number): AccountState {
  return account.stateUntil !== null && account.stateUntil <= now ? 'ready' : account.state
}

/** The models that it does not serve now, in the order of their names. */
export const heldAt = ({ heldModels }: Account, now: number): readonly string[] => {
  const models = Object.keys(heldModels)
  // Nearly always.
  return models.length === 0 ? models : models.filter(model => (heldModels[model]?.until ?? 0) > now).sort()
}

/** It was throttled, has rested, and nothing has succeeded since: one unit at a time shows whether it is well again. */
export const onProbation = (account: Account): boolean => account.consecutiveThrottles > 0

export const labelOf = (account: Account): string => account.name || account.email || `#${account.id}`

/** How many units at once: Infinity for unlimited, 0 for none. */
export function limitOf(account: Account, kind: MediaKind): number {
  const enabled = kind === 'image' ? account.imageEnabled : account.videoEnabled
  const limit = kind === 'image' ? account.imageConcurrency : account.videoConcurrency
  if (!enabled) return 0
  return limit < 0 ? Number.POSITIVE_INFINITY : limit
}

/** Access is fetched anew when less than this is left of it. */
export const FRESH_MS = 5 * 60_000

/** Whether access lasts for at least `forMs` more. */
export const hasAccess = (account: Account, now: number, forMs: number): boolean =>
  account.access !== null && (account.accessExpiresAt ?? 0) - now > forMs

/** As its provider sees it. */
export function sessionAccount(account: Account): SessionAccount {
  const { id, secret, access, tier, attributes } = account
  return { id, secret, access: access ?? '', tier, attributes }
}
