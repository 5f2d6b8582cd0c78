/** Who is asking: the service behind the `Auth` contract. */
import { type AuthService, type Caller, domainFault, type Scope } from 'flow2api/contracts'
import { err, errAsync, type Fault, ok, okAsync, type Result, ResultAsync, requestInfo } from 'flow2api/plugin'
import { digest, matches } from './digest.ts'
import type { Login } from './login.ts'
import { apiKeys, basic, bearer, cookie, fromOwnPage } from './request.ts'
import type { Sessions } from './sessions.ts'

const CLIENT: Caller = { kind: 'api_key', id: 'api_key' }
export const ADMIN: Caller = { kind: 'admin', id: 'admin' }

export class Verifier implements AuthService {
  readonly #apiKey: Uint8Array

  constructor(
    apiKey: string,
    private readonly sessions: Sessions,
    private readonly login: Login,
    private readonly publicUrl: () => string,
  ) {
    this.#apiKey = digest(apiKey)
  }

  verify(request: Request, scope: Scope): ResultAsync<Caller, Fault> {
    let sent = false
    if (scope !== 'admin') {
      for (const key of apiKeys(request)) {
        if (matches(key, this.#apiKey)) return okAsync(CLIENT)
        sent = true
      }
      if (scope === 'api') return errAsync(wrongKey(sent))
    }
    return new ResultAsync(this.#admin(request, scope))
  }

  async #admin(request: Request, scope: Scope): Promise<Result<Caller, Fault>> {
    const token = bearer(request)
    if (token && this.sessions.use(token)) return ok(ADMIN)
    const pair = basic(request)
    if (pair) {
      const checked = await this.login.checkBasic(requestInfo(request).ip, pair.username, pair.password)
      if (checked.isOk()) return ok(ADMIN)
      return err(checked.error.code === 'login_throttled' ? checked.error : refused(checked.error.message))
    }
    const session = cookie(request)
    if (session && this.sessions.use(session)) {
      if (fromOwnPage(request, this.publicUrl())) return ok(ADMIN)
      return err(refused('A page of another site sent this request. Scripts send the token as a Bearer token instead.'))
    }
    if (scope === 'any') return err(wrongKey(token !== undefined))
    if (token && matches(token, this.#apiKey))
      return err(refused('The API key is not enough here. Log in with POST /admin/api/login and send its token.'))
    const ended = token || session
    return err(refused(ended ? 'The session has ended. Log in again.' : 'Log in with POST /admin/api/login.'))
  }
}

const refused = (message: string) => domainFault('admin_required', message)

const wrongKey = (sent: boolean) =>
  domainFault(
    'invalid_api_key',
    sent
      ? 'Incorrect API key provided. Use the key that the gateway printed at its first start, or the [global] api_key of its configuration.'
      : 'No API key provided. Send it as `Authorization: Bearer <key>`.',
  )
