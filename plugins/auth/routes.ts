/** Logging in and out, and changing the password. */
import { Type } from '@sinclair/typebox'
import { type AuditEntry, domainFault, faultResponse } from 'flow2api/contracts'
import { type AnyElysia, Elysia, readJson, requestInfo } from 'flow2api/plugin'
import type { Login } from './login.ts'
import { bearer, COOKIE, cookie, fromOwnPage } from './request.ts'
import type { Sessions } from './sessions.ts'
import { ADMIN, type Verifier } from './verify.ts'

export interface RouteParts {
  readonly login: Login
  readonly sessions: Sessions
  readonly verifier: Verifier
  publicUrl(): string
  /** After a change of the password: ends every session. */
  dropSessions(): void
  audit(entry: AuditEntry): void
}

/** Longer ones only cost time to hash. */
const text = (minLength: number) => Type.String({ minLength, maxLength: 1024 })

const LoginBody = Type.Object(
  { username: text(1), password: text(1) },
  { additionalProperties: false, examples: [{ username: 'admin', password: 'PASSWORD' }] },
)
const PasswordBody = Type.Object(
  { old_password: text(1), new_password: text(8) },
  { additionalProperties: false, examples: [{ old_password: 'PASSWORD', new_password: 'a longer one than that' }] },
)

/** The longest that browsers keep a cookie. When the session really ends, the server decides. */
const COOKIE_SECONDS = 400 * 24 * 60 * 60

const json = (schema: object) => ({ required: true, content: { 'application/json': { schema } } })

export function routes(parts: RouteParts): AnyElysia {
  const { login, sessions, verifier } = parts

  const cookieFor = (request: Request, token: string, seconds: number) => {
    const secure = request.url.startsWith('https:') || parts.publicUrl().startsWith('https:')
    return `${COOKIE}=${token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}${secure ? '; Secure' : ''}`
  }

  const signIn = async ({ request }: { request: Request }) => {
    const body = await readJson(request, LoginBody)
    if (body.isErr()) return faultResponse(body.error)
    const { ip } = requestInfo(request)
    const checked = await login.check(ip, body.value.username, body.value.password)
    const noted = (action: string) =>
      parts.audit({ actor: checked.isOk() ? ADMIN.id : '', ip, action, target: 'console', detail: '' })
    if (checked.isErr()) {
      // Whoever is held off already would only fill the audit log.
      if (checked.error.code !== 'login_throttled') noted('login.refused')
      return faultResponse(checked.error)
    }
    noted('login')
    const { token, expiresAt } = sessions.open({ ip, userAgent: request.headers.get('user-agent') ?? '' })
    const headers = { 'set-cookie': cookieFor(request, token, COOKIE_SECONDS), 'cache-control': 'no-store' }
    return Response.json({ token, expires_at: Math.floor(expiresAt / 1000) }, { headers })
  }

  const signOut = ({ request }: { request: Request }) => {
    const token = bearer(request)
    const kept = fromOwnPage(request, parts.publicUrl()) ? cookie(request) : undefined
    if (token) sessions.close(token)
    if (kept) sessions.close(kept)
    return new Response(null, { status: 204, headers: kept ? { 'set-cookie': cookieFor(request, '', 0) } : {} })
  }

  const changePassword = async ({ request }: { request: Request }) => {
    const caller = await verifier.verify(request, 'admin')
    if (caller.isErr()) return faultResponse(caller.error)
    const body = await readJson(request, PasswordBody)
    if (body.isErr()) return faultResponse(body.error)
    if (login.fixed) {
      const message =
        'The admin password is set by [global] admin_password (or FLOW2API_ADMIN_PASSWORD). Change it there, or empty it there first.'
      return faultResponse(domainFault('invalid_value', message))
    }
    const { ip } = requestInfo(request)
    const changed = await login.change(ip, body.value.old_password, body.value.new_password)
    if (changed.isErr()) return faultResponse(changed.error)
    parts.dropSessions()
    parts.audit({ actor: caller.value.id, ip, action: 'password.change', target: 'console', detail: '' })
    return new Response(null, { status: 204, headers: { 'set-cookie': cookieFor(request, '', 0) } })
  }

  const detail = (summary: string, description: string, body?: object) => ({
    tags: ['Admin'],
    summary,
    description,
    ...(body && { requestBody: json(body) }),
  })
  // The bodies are read by hand, so that mistakes in them are answered in the envelope and by name.
  return new Elysia()
    .post('/admin/api/login', signIn, {
      parse: 'none',
      detail: detail('Log in', 'Answers a session token and sets it as a cookie. Throttled after failures.', LoginBody),
    })
    .post('/admin/api/logout', signOut, {
      parse: 'none',
      detail: detail('Log out', 'Ends the session of the Bearer token or the cookie.'),
    })
    .post('/admin/api/password', changePassword, {
      parse: 'none',
      detail: detail('Change the admin password', 'Ends every session, this one too.', PasswordBody),
    })
}
