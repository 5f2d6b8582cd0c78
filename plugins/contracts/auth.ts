/** Who is asking. Provided by `auth`. */
import { defineCapability, type Fault, type ResultAsync } from 'flow2api/plugin'

export interface Caller {
  readonly kind: 'api_key' | 'admin'
  /** Stable and not secret: what jobs and logs store. */
  readonly id: string
}

/** `api`: the API key. `admin`: the console's session, its Bearer token, or HTTP Basic. `any`: either. */
export type Scope = 'api' | 'admin' | 'any'

export interface AuthService {
  /**
   * Compares in constant time. The API key is taken from `Authorization: Bearer`, `api-key`, `x-api-key`,
   * `x-goog-api-key` or `?key=`.
   * Errors: `invalid_api_key`, `admin_required`, `login_throttled`.
   */
  verify(request: Request, scope: Scope): ResultAsync<Caller, Fault>
}

export const Auth = defineCapability<AuthService>('auth', 1)
