/**
 * `/api/plugin`: for browser extensions that keep their user's own sessions fresh here. Paths, bodies and answers are
 * those of the Python flow2api, which such extensions were written for; what they send beside that is not looked at.
 */
import { hash, timingSafeEqual } from 'node:crypto'
import { type AuditEntry, domainFault, errorBody } from 'flow2api/contracts'
import { type AnyElysia, type Clock, Elysia, type Fault, FaultError, type Logger, requestInfo } from 'flow2api/plugin'
import { type Account, stateAt } from './account.ts'
import type { AccountBook } from './accounts.ts'
import type { Importer } from './importer.ts'

export interface ConnectionParts {
  /** `[admin] connection_token`, not empty. */
  readonly token: string
  readonly book: AccountBook
  readonly importer: Importer
  readonly clock: Clock
  readonly log: Logger
  audit(entry: AuditEntry): void
}

const ACTOR = 'extension'
const MOST_EMAILS = 1000
const REMARK = 'Added by the browser extension'

export function connectionRoutes({ token, book, importer, clock, log, audit }: ConnectionParts): AnyElysia {
  const known = digest(token)

  /** Nothing is read before it is known who asks. */
  const guarded =
    (answer: (body: Readonly<Record<string, unknown>>, request: Request) => Promise<Response> | Response) =>
    async ({ request }: { readonly request: Request }) => {
      const sent = (request.headers.get('authorization') ?? '').replace(/^Bearer\s+/i, '')
      if (!timingSafeEqual(digest(sent), known))
        return refusal(domainFault('invalid_api_key', 'Invalid connection token'), 401)
      try {
        return await answer(await readBody(request), request)
      } catch (cause) {
        if (cause instanceof FaultError) return refusal(cause.fault, 503)
        throw cause
      }
    }

  const update = guarded(async (body, request) => {
    const session = body['session_token']
    if (typeof session !== 'string' || session.trim() === '')
      return refusal(
        domainFault('missing_required_parameter', 'Missing session_token', { param: 'session_token' }),
        400,
      )
    const taken = await importer.takeOne({ ...body, session_token: session }, REMARK)
    if (taken.isErr()) {
      const { message, blame } = taken.error
      const status = blame === 'account' || blame === 'request' ? 400 : 502
      return refusal({ ...taken.error, message: `Invalid session token: ${message}` }, status)
    }
    const { action, account, revived } = taken.value
    const { ip } = requestInfo(request)
    log.info({ account: account.id, ip }, `account #${account.id} was ${action} by the browser extension`)
    audit({
      actor: ACTOR,
      ip,
      action: action === 'added' ? 'account.add' : 'account.edit',
      target: `#${account.id}`,
      detail: 'session token',
    })
    const message = `Token ${action}${revived ? ' and auto-enabled' : ''} for ${account.email}`
    return Response.json(
      { success: true, message, action, token_id: account.id, ...(revived && { auto_enabled: true }) },
      { headers: NO_STORE },
    )
  })

  const check = guarded(body => {
    const asked = Array.isArray(body['emails']) ? body['emails'].slice(0, MOST_EMAILS) : undefined
    const wanted = asked && new Set(asked.map(email => String(email).trim().toLowerCase()))
    const now = clock.now()
    const tokens = book
      .all()
      .filter(({ email }) => wanted === undefined || wanted.has(email.toLowerCase()))
      .map(account => status(account, now))
    return Response.json({ success: true, tokens }, { headers: NO_STORE })
  })

  return new Elysia()
    .post(
      '/api/plugin/update-token',
      update,
      docs('Supply a session token', 'Adds the account, or updates it by e-mail.'),
    )
    .post('/api/plugin/check-tokens', check, docs('Ask which accounts need a new session token', '`emails` filters.'))
}

const NO_STORE = { 'cache-control': 'no-store' }

const digest = (value: string): Uint8Array => hash('sha256', value, 'buffer')

/** `detail` is where the extensions look. */
const refusal = (fault: Fault, status: number): Response =>
  Response.json({ detail: fault.message, ...errorBody(fault) }, { status, headers: NO_STORE })

/** Whatever is no JSON object counts as empty. */
async function readBody(request: Request): Promise<Readonly<Record<string, unknown>>> {
  try {
    const body: unknown = await request.json()
    // An object may be looked at by any name.
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

const iso = (time: number | null) => (time === null ? null : new Date(time).toISOString())

/** Access is renewed here; an extension is needed only where the session itself is lost. */
function status(account: Account, now: number) {
  const state = stateAt(account, now)
  return {
    id: account.id,
    email: account.email,
    is_active: state !== 'disabled',
    needs_refresh: state === 'needs_session' || state === 'migrated',
    at_expires: iso(account.accessExpiresAt),
    last_used_at: iso(account.lastUsedAt),
    protocol_mode: 'session',
    auto_refresh_enabled: true,
    refresh_interval_minutes: 120,
    last_st_refresh_at: null,
    last_st_refresh_result: null,
    credits: account.credits,
  }
}

const docs = (summary: string, description: string) => ({
  parse: 'none' as const,
  detail: { tags: ['Extension'], summary, description: `${description} With \`[admin] connection_token\` as Bearer.` },
})
