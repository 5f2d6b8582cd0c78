/** The way of every generating request to its job: headers, body, inputs, submission. */
import {
  type AdmittedRequest,
  type Caller,
  domainFault,
  fingerprintOf,
  isValues,
  type JobRequest,
  LONGEST_USER,
  readRequestHeaders,
  type SuppliedInput,
  type SurfaceWorld,
  submit,
  tellIgnored,
  type Values,
  withInputs,
} from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { Reader } from './reader.ts'

const NAMEABLE = /^[\w.[\]]{1,80}$/

/** What a reader of a body makes of it. */
export interface Wanted {
  /** Without its inputs. */
  readonly job: JobRequest
  readonly inputs: readonly SuppliedInput[]
  /** The field in which the inputs stand. */
  readonly param: string
}

interface Admission<W extends Wanted> {
  readonly request: Request
  readonly caller: Caller
  /** How the endpoint is called in job records. */
  readonly endpoint: string
  /** What of the request stands in its path; part of what makes it the same request. */
  readonly subject: string
  read(body: Reader): Result<W, Fault> | Promise<Result<W, Fault>>
  answer(admitted: AdmittedRequest, wanted: W): Response | Promise<Response>
}

export async function admit<W extends Wanted>(world: SurfaceWorld, admission: Admission<W>): Promise<Response> {
  const { request, caller, endpoint, subject } = admission
  const headers = readRequestHeaders(request.headers)
  if (headers.isErr()) return world.refuse(headers.error)
  const values = await readBody(request)
  if (values.isErr()) return world.refuse(values.error)
  const body = Reader.of(values.value)
  const callbackUrl = body.text('callbackUrl')
  const user = body.text('user', LONGEST_USER)
  const wanted = await admission.read(body)
  // What a reader found wrong with a field says more than what it made of the rest.
  if (body.fault !== undefined) return world.refuse(body.fault)
  if (wanted.isErr()) return world.refuse(wanted.error)
  const { job, inputs, param } = wanted.value
  const complete = await withInputs(world, job, { inputs, param, signal: request.signal })
  if (complete.isErr()) return world.refuse(complete.error)
  const submission = {
    request,
    caller,
    endpoint,
    headers: headers.value,
    fingerprint: await fingerprintOf(`${endpoint} ${subject}`, values.value),
    job: complete.value,
    ...(callbackUrl !== undefined && { callbackUrl }),
    ...(user !== undefined && { user }),
  }
  const answer = await submit(world, submission, admitted => admission.answer(admitted, wanted.value))
  tellIgnored(answer, body.ignored, NAMEABLE)
  return answer
}

/** JSON, whatever `content-type` says: many scripts leave it out. Error: `invalid_json`. */
async function readBody(request: Request): Promise<Result<Values, Fault>> {
  const refuse = (message: string) => err(domainFault('invalid_json', message))
  try {
    const document: unknown = await request.json()
    return isValues(document) ? ok(document) : refuse('The request body must be a JSON object.')
  } catch {
    return refuse('The request body is not valid JSON. Send one JSON object.')
  }
}
