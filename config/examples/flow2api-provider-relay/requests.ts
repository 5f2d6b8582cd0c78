/** The one call that is paid for, and what its answers mean. */

import {
  domainFault,
  type EgressFault,
  type MediaSource,
  type Session,
  type Started,
  type Unit,
} from 'flow2api/contracts'
import { err, errAsync, type Fault, fault, ok, type Result, ResultAsync } from 'flow2api/plugin'
import { nameOf, sizeOf } from './models.ts'

export interface Upstream {
  /** Without `/` at the end. */
  readonly baseUrl: string
  readonly key: string
}

export function draw(upstream: Upstream, unit: Unit, { fetch, signal }: Session): ResultAsync<Started, Fault> {
  const size = sizeOf(unit.parameters)
  if (size.isErr()) return errAsync(size.error)
  const fields = { model: nameOf(unit.model), prompt: unit.prompt, size: size.value, n: '1' }
  return ResultAsync.fromSafePromise(bodyOf(unit, fields))
    .andThen(({ path, body, type }) => {
      const headers = { ...(upstream.key && { authorization: `Bearer ${upstream.key}` }), ...type }
      return fetch(`${upstream.baseUrl}${path}`, { method: 'POST', headers, body, signal }).mapErr(lost)
    })
    .andThen(response => new ResultAsync(readAnswer(response)))
}

async function bodyOf({ inputs }: Unit, fields: Readonly<Record<string, string>>) {
  if (inputs.length === 0)
    return {
      path: '/images/generations',
      body: JSON.stringify({ ...fields, n: 1 }),
      type: { 'content-type': 'application/json' },
    }
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  for (const { bytes, mime } of inputs)
    form.append('image[]', new File([new Uint8Array(await bytes())], `input.${mime.split('/')[1]}`, { type: mime }))
  // Its own type, with the boundary, is set by fetch.
  return { path: '/images/edits', body: form, type: {} }
}

/** A connection that broke after the request had gone out: it may have been paid for, and is not sent again. */
const lost = (why: EgressFault): Fault =>
  why.unsent || why.code === 'cancelled'
    ? why
    : domainFault('outcome_unknown', `The upstream did not answer (${why.message}) It may have been paid for.`, {
        cause: why,
      })

async function readAnswer(response: Response): Promise<Result<Started, Fault>> {
  const { status } = response
  const body: unknown = await response.json().catch(() => undefined)
  if (status >= 200 && status < 300) {
    const data = at(body, 'data')
    const media = Array.isArray(data) ? data.flatMap(sourceOf) : []
    if (media.length > 0) return ok({ state: 'done', media })
    return err(
      domainFault('upstream_unreadable', 'The upstream answered without a picture. It may have been paid for.'),
    )
  }
  const said = at(body, 'error')
  const message = at(said, 'message')
  return err(refusal(status, typeof message === 'string' ? message : `HTTP ${status}`, at(said, 'code')))
}

function sourceOf(picture: unknown): MediaSource[] {
  const [base64, url] = [at(picture, 'b64_json'), at(picture, 'url')]
  if (typeof base64 === 'string' && base64 !== '') return [{ bytes: Buffer.from(base64, 'base64') }]
  return typeof url === 'string' && url !== '' ? [{ url }] : []
}

/** A member of whatever came. */
const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined

function refusal(status: number, message: string, code: unknown): Fault {
  const text = `The upstream said: ${message}`
  if (code === 'moderation_blocked' || code === 'content_policy_violation')
    return domainFault('moderation_blocked', text)
  if (status === 401 || status === 403)
    return fault('relay_key_refused', `${text} Check [relay] api_key.`, { blame: 'gateway', retry: 'never' })
  if (status === 429) return domainFault('upstream_down', text)
  if (status >= 400 && status < 500) return domainFault('upstream_rejected', text)
  return domainFault(status === 503 ? 'upstream_down' : 'upstream_error', text)
}
