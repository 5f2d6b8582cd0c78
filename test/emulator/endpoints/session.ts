/** PROTOCOL.md 2.1 */
import { newAccessToken } from '../accounts.ts'
import { json } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'

/** `expires` is that of the session, not of the access token. */
const SESSION_LIFETIME_MS = 30 * 24 * 3_600_000

export const session = defineEndpoint({
  name: 'session',
  method: 'GET',
  path: '{labs}/auth/session',
  auth: 'cookie',
  latency: 'sessionMs',
  handle({ world, account, fault }) {
    const acted = fault && 'session' in fault ? fault.session : undefined
    if (!account || account.session === 'gone' || acted === 'empty') return json({})
    const answer = {
      user: { name: account.name, email: account.email, image: `https://images.example/${account.email}` },
      expires: new Date(world.settings.now() + SESSION_LIFETIME_MS).toISOString(),
    }
    if (acted === 'without-access') return json({ ...answer, error: 'ACCESS_TOKEN_REFRESH_NEEDED' })
    if (acted === 'stale' || account.session === 'stale')
      return json({ ...answer, access_token: newAccessToken(), error: 'ACCESS_TOKEN_REFRESH_NEEDED' })
    return json({ ...answer, access_token: world.accounts.open(account).token })
  },
})
