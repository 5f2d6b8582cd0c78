/** Who is signed in, and from where: listing sessions and ending them. */
import { type Caller, domainFault, faultResponse } from 'flow2api/contracts'
import { type AnyElysia, Elysia, requestInfo } from 'flow2api/plugin'
import { bearer, cookie } from './request.ts'
import type { RouteParts } from './routes.ts'
import type { SessionView } from './sessions.ts'

const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)

const view = ({ id, createdAt, expiresAt, ip, userAgent, current }: SessionView) => ({
  id,
  object: 'session',
  created_at: seconds(createdAt),
  expires_at: seconds(expiresAt),
  ip,
  user_agent: userAgent,
  current,
})

const json = (body: object): Response => Response.json(body, { headers: { 'cache-control': 'no-store' } })

const tokenOf = (request: Request): string | undefined => bearer(request) ?? cookie(request)

type Parts = Pick<RouteParts, 'login' | 'sessions' | 'verifier' | 'audit'>

export function sessionRoutes({ login, sessions, verifier, audit }: Parts): AnyElysia {
  const guarded = async (request: Request, answer: (caller: Caller) => Response): Promise<Response> => {
    const caller = await verifier.verify(request, 'admin')
    return caller.isErr() ? faultResponse(caller.error) : answer(caller.value)
  }
  const noted = (request: Request, caller: Caller, target: string) =>
    audit({ actor: caller.id, ip: requestInfo(request).ip, action: 'session.revoke', target, detail: '' })
  const revoke = (request: Request, caller: Caller, id: string): Response => {
    if (!sessions.revoke(id))
      return faultResponse(domainFault('not_found', 'There is no such session. It may have ended.'))
    noted(request, caller, id)
    return json({ id, object: 'session', deleted: true })
  }
  const revokeOthers = (request: Request, caller: Caller): Response => {
    const deleted = sessions.revokeOthers(tokenOf(request))
    noted(request, caller, 'all others')
    return json({ deleted })
  }
  const detail = (summary: string, description: string) => ({ tags: ['Admin'], summary, description })
  return new Elysia()
    .get(
      '/admin/api/session',
      async ({ request }) => {
        const caller = await verifier.verify(request, 'admin')
        if (caller.isErr() && caller.error.code !== 'admin_required') return faultResponse(caller.error)
        const operator = caller.isOk() ? { username: login.username, password_fixed: login.fixed } : null
        return json({ object: 'sign_in', operator })
      },
      {
        detail: detail(
          'Who is signed in',
          'Name of the operator, and whether the configuration fixes the password; `operator` is null where nobody is.',
        ),
      },
    )
    .get(
      '/admin/api/sessions',
      ({ request }) =>
        guarded(request, () => json({ object: 'list', data: sessions.list(tokenOf(request)).map(view) })),
      { detail: detail('List sessions', 'What is open now, newest first; `current` is the one that asks.') },
    )
    .delete(
      '/admin/api/sessions/:id',
      ({ request, params }) => guarded(request, caller => revoke(request, caller, params.id)),
      { detail: detail('End a session', 'At once, wherever it is used.') },
    )
    .delete('/admin/api/sessions', ({ request }) => guarded(request, caller => revokeOthers(request, caller)), {
      detail: detail('End all other sessions', 'All but the one that asks.'),
    })
}
