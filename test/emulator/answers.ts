/** Answers in the two dialects of the upstream. PROTOCOL.md 1.6, 3.1. */

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...headers },
  })
}

/** Google's status name and usual text by HTTP status. */
const USUAL: Readonly<Record<number, readonly [status: string, message: string]>> = {
  400: ['INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  401: [
    'UNAUTHENTICATED',
    'Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.',
  ],
  403: ['PERMISSION_DENIED', 'The caller does not have permission'],
  404: ['NOT_FOUND', 'Requested entity was not found.'],
  429: ['RESOURCE_EXHAUSTED', 'Resource has been exhausted (e.g. check quota).'],
  500: ['INTERNAL', 'Internal error encountered.'],
  503: ['UNAVAILABLE', 'The service is currently unavailable.'],
  504: ['DEADLINE_EXCEEDED', 'Deadline expired before operation could complete.'],
}

export interface GoogleErrorDetails {
  readonly message?: string
  /** `ErrorInfo.reason`. */
  readonly reason?: string
  /** `BadRequest.fieldViolations`. */
  readonly violation?: { readonly field: string; readonly description: string }
  readonly headers?: Readonly<Record<string, string>>
}

/** An error of the API base. */
export function googleError(code: number, details: GoogleErrorDetails = {}): Response {
  const [status, message] = USUAL[code] ?? ['UNKNOWN', `HTTP status ${code}`]
  const list = []
  if (details.reason !== undefined)
    list.push({ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: details.reason })
  if (details.violation !== undefined)
    list.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [details.violation] })
  const error = { code, message: details.message ?? message, status }
  return json({ error: list.length > 0 ? { ...error, details: list } : error }, code, details.headers)
}

/** A body with a field that there is not. `parent` is where it stands, e.g. `requests[0]`; empty: at the top. */
export function unknownField(name: string, parent = ''): Response {
  const message = unknownFieldMessage(name, parent)
  return googleError(400, { message, violation: { field: parent, description: message } })
}

export function unknownFieldMessage(name: string, parent: string): string {
  const place = parent === '' ? '' : ` at '${parent}'`
  return `Invalid JSON payload received. Unknown name "${name}"${place}: Cannot find field.`
}

/** A success of a tRPC procedure. */
export function trpcResult(result: unknown): Response {
  return json({ result: { data: { json: { result, status: 200, statusText: 'OK' } } } })
}

const TRPC_CODES: Readonly<Record<number, readonly [name: string, code: number]>> = {
  400: ['BAD_REQUEST', -32600],
  401: ['UNAUTHORIZED', -32001],
  403: ['FORBIDDEN', -32003],
  404: ['NOT_FOUND', -32004],
  429: ['TOO_MANY_REQUESTS', -32029],
}

/** 200, and the error of that status inside. PROTOCOL.md 1.6. */
export async function errorInside(base: 'labs' | 'api' | 'media', status: number, reason?: string): Promise<Response> {
  if (base === 'labs') return json({ result: { data: { json: { result: null, status, statusText: 'Error' } } } })
  return json(await googleError(status, reason === undefined ? {} : { reason }).json())
}

/** An error of the labs base. `path` is the procedure's name. */
export function trpcError(
  httpStatus: number,
  path: string,
  message?: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const [name, code] = TRPC_CODES[httpStatus] ?? ['INTERNAL_SERVER_ERROR', -32603]
  const error = { json: { message: message ?? name, code, data: { code: name, httpStatus, path } } }
  return json({ error }, httpStatus, headers)
}

export function html(status: number): Response {
  return new Response(
    '<!DOCTYPE html><html><head><title>Sorry...</title></head><body><h1>We are sorry...</h1></body></html>\n',
    { status, headers: { 'content-type': 'text/html; charset=UTF-8' } },
  )
}
