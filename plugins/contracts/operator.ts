/** What routes of the operator, `/admin/api/…`, do alike: one way in, JSON that nobody keeps, pages, documentation. */
import { err, type Fault, type Handle, ok, type Result } from 'flow2api/plugin'
import { authorized, faultResponse } from './answers.ts'
import type { AuthService, Caller } from './auth.ts'
import { domainFault } from './faults.ts'

/** For the admin alone. Errors are answered in the envelope. */
export const operatorAnswer = (
  auth: Handle<AuthService>,
  request: Request,
  answer: (caller: Caller) => Result<object, Fault> | Promise<Result<object, Fault>>,
): Promise<Response> => authorized(auth, request, 'admin', async caller => operatorReply(await answer(caller)))

/** The same for one who has been let in. */
export const operatorReply = (
  answer: Result<object, Fault>,
  headers: Readonly<Record<string, string>> = {},
): Response =>
  answer.match(
    body => Response.json(body, { headers: { 'cache-control': 'no-store', ...headers } }),
    fault => faultResponse(fault),
  )

/** How many a page of a list has: the query's `limit`. Error: `invalid_value` with `param`. */
export function pageLimit(written: string | undefined, usual: number, most: number): Result<number, Fault> {
  if (written === undefined) return ok(usual)
  const limit = /^\d{1,6}$/.test(written) ? Number(written) : 0
  if (limit >= 1 && limit <= most) return ok(limit)
  return err(domainFault('invalid_value', `\`limit\` must be a whole number from 1 to ${most}.`, { param: 'limit' }))
}

/** Options of a route. Its body is read by hand, so that mistakes in it are answered in the envelope and by name. */
export const operatorDocs = (summary: string, description: string, body?: object, required = true) => ({
  parse: 'none' as const,
  detail: {
    tags: ['Admin'],
    summary,
    description,
    // A TypeBox schema is a JSON Schema.
    ...(body && { requestBody: { required, content: { 'application/json': { schema: body } } } }),
  },
})
