/** A request's JSON body, checked by a schema. For routes that want the whole gateway's envelope in their errors. */
import type { Static, TSchema } from '@sinclair/typebox'
import { Value, ValueErrorType } from '@sinclair/typebox/value'
import { err, ok, type Result } from 'neverthrow'
import { strictSchema } from './config/strict.ts'
import { type Fault, type FaultDetails, fault } from './fault.ts'

const refused = (code: string, message: string, details: FaultDetails = {}) =>
  err(fault(code, message, { blame: 'request', retry: 'never', ...details }))

/** The first thing that is wrong, by name. Errors: `invalid_json`, `missing_required_parameter`, `invalid_value`. */
export async function readJson<S extends TSchema>(request: Request, schema: S): Promise<Result<Static<S>, Fault>> {
  let body: unknown
  try {
    body = await request.json()
  } catch {
    return refused('invalid_json', 'The body is not valid JSON. Send a JSON object.')
  }
  // Elysia's number types also take text, which is right for queries and wrong here.
  const problem = Value.Errors(strictSchema(schema), body).First()
  if (!problem) return ok(body as Static<S>) // without an error it is what the schema says
  const param = problem.path.slice(1).replaceAll('/', '.')
  if (param === '') return refused('invalid_value', 'The body must be a JSON object.')
  if (problem.type === ValueErrorType.ObjectRequiredProperty)
    return refused('missing_required_parameter', `\`${param}\` is missing.`, { param })
  if (problem.type === ValueErrorType.ObjectAdditionalProperties)
    return refused('invalid_value', `\`${param}\` is not known here. Check its spelling.`, { param })
  const either: unknown = problem.schema.anyOf
  const types = Array.isArray(either) ? either.map(one => one.type).join(' or ') : undefined
  const what = types ? `expected ${types}` : problem.message.toLowerCase()
  return refused('invalid_value', `\`${param}\` is not valid: ${what}.`, { param })
}
