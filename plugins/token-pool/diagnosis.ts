/** What the doctor is told of the accounts: the state of each, as it is known. Nobody upstream is asked. */
import type { Finding } from 'flow2api/plugin'
import { type Account, heldAt, labelOf, stateAt } from './account.ts'

type NotWell = Exclude<Account['state'], 'ready'>

const TODO: Readonly<Record<NotWell, string | null>> = {
  cooling: null,
  quota_spent: null,
  needs_session: 'Sign in there again and give the account its new session token (PATCH /admin/api/tokens/{id}).',
  migrated: 'Look at the account upstream: it has moved, and has to be added as what it is now.',
  disabled: 'Enable it (POST /admin/api/tokens/{id}/enable) when the reason is gone.',
}

export function diagnose(accounts: readonly Account[], now: number): readonly Finding[] {
  if (accounts.length === 0)
    return [
      {
        severity: 'warning',
        about: 'accounts',
        message: 'There is none, so only providers that need no account can serve.',
        todo: 'Add one in the console, or with POST /admin/api/tokens.',
      },
    ]
  const ready = accounts.filter(account => stateAt(account, now) === 'ready')
  const whole: Finding = {
    severity: ready.length === 0 ? 'error' : 'ok',
    about: 'accounts',
    message: `${ready.length} of ${accounts.length} can serve.`,
    todo: ready.length === 0 ? 'See what each of them lacks.' : null,
  }
  return [whole, ...accounts.flatMap(account => findingsOf(account, now))]
}

function findingsOf(account: Account, now: number): readonly Finding[] {
  const about = `account ${account.id}`
  const state = stateAt(account, now)
  const until = account.stateUntil === null ? '' : ` until ${new Date(account.stateUntil).toISOString()}`
  const because = account.stateReason && ` (${account.stateReason})`
  if (state !== 'ready')
    return [
      {
        // What passes by itself is no more than news.
        severity: TODO[state] === null ? 'ok' : 'warning',
        about,
        message: `${labelOf(account)} is ${state}${until}${because}.`,
        todo: TODO[state],
      },
    ]
  const held = heldAt(account, now)
  if (held.length === 0) return []
  return [{ severity: 'ok', about, message: `${labelOf(account)} holds back ${held.join(', ')}.`, todo: null }]
}
