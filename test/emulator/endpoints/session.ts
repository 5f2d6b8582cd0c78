/** PROTOCOL.md 2.1 */
import { newAccessToken, SESSION_COOKIE } from '../accounts.ts'
import { json } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'

/** `expires` is that of the session, not of the access token. */
const SESSION_LIFETIME_MS = 30 * 24 * 3_600_000

const STATES = { alive: undefined, gone: 'empty', stale: 'stale', migrated: 'migrated' } as const

export const session = defineEndpoint({
  name: 'session',
  method: 'GET',
  path: '{labs}/auth/session',
  auth: 'cookie',
  latency: 'sessionMs',
  handle({ world, account, fault }) {
    if (!account) return json({})
    const wrong = fault && 'session' in fault ? fault.session : STATES[account.session]
    if (wrong === 'empty') return json({})
    const expires = new Date(world.settings.now() + SESSION_LIFETIME_MS)
    const answer = {
      user: { name: account.name, email: account.email, image: `https://images.example/${account.email}` },
      expires: expires.toISOString(),
    }
    if (wrong === 'migrated') return json(answer)
    if (wrong === 'without-access') return json({ ...answer, error: 'ACCESS_TOKEN_REFRESH_NEEDED' })
    if (wrong === 'stale')
      return json({ ...answer, access_token: newAccessToken(), error: 'ACCESS_TOKEN_REFRESH_NEEDED' })
    const opened = { ...answer, access_token: world.accounts.open(account).token }
    if (wrong !== 'rotated') return json(opened)
    world.accounts.rotate(account)
    const attributes = `Path=/; Expires=${expires.toUTCString()}; HttpOnly; Secure; SameSite=Lax`
    return json(opened, 200, { 'set-cookie': `${SESSION_COOKIE}=${account.st}; ${attributes}` })
  },
})
