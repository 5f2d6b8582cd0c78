/** `/admin/api/webhooks`: the log of deliveries, for the operator. */
import { Type } from '@sinclair/typebox'
import { type AuthService, domainFault, operatorAnswer, operatorDocs, pageLimit } from 'flow2api/contracts'
import {
  type AnyElysia,
  type Clock,
  Elysia,
  err,
  type Fault,
  type Handle,
  type Job,
  ok,
  type Result,
  readJson,
} from 'flow2api/plugin'
import type { Courier } from './courier.ts'
import { type Deliveries, type Delivery, originOf } from './deliveries.ts'
import type { Desk } from './desk.ts'
import { newEventId, TEST_EVENT, testEvent } from './event.ts'
import type { Traffic } from './traffic.ts'
import { deliveryView } from './view.ts'

export interface RouteParts {
  readonly auth: Handle<AuthService>
  readonly deliveries: Deliveries
  readonly courier: Courier
  readonly traffic: Traffic
  readonly desk: Pick<Desk, 'usable'>
  readonly clock: Clock
  /** The address of the settings. */
  readonly url: string
  begin(label: string): Job
}

interface Asked {
  readonly request: Request
  readonly params: { readonly id?: string }
  readonly query: Readonly<Record<string, string | undefined>>
}
type Answer = Result<object, Fault>

const DEFAULT_PAGE = 50
const LONGEST_PAGE = 200

const TestBody = Type.Object(
  { url: Type.Optional(Type.String({ minLength: 1, description: 'Default: the `url` of the settings.' })) },
  { additionalProperties: false, examples: [{ url: 'https://example.com/webhook' }] },
)

export function routes(parts: RouteParts): AnyElysia {
  const { auth, deliveries, courier, traffic, desk, clock } = parts

  /** For the admin alone, and every answer in JSON. */
  const guarded = (handle: (asked: Asked) => Answer | Promise<Answer>) => (asked: Asked) =>
    operatorAnswer(auth, asked.request, () => handle(asked))

  const list = guarded(({ query }) => {
    const limit = pageLimit(query['limit'], DEFAULT_PAGE, LONGEST_PAGE)
    if (limit.isErr()) return err(limit.error)
    const size = limit.value
    const rows = deliveries.list(query['after'], size + 1, query['job'])
    const data = rows.slice(0, size).map(deliveryView)
    const ends = { first_id: data.at(0)?.id ?? null, last_id: data.at(-1)?.id ?? null }
    return ok({ object: 'list', data, ...ends, has_more: rows.length > size })
  })

  const retry = guarded(({ params: { id = '' } }) => {
    const row = deliveries.get(id)
    if (!row) return err(domainFault('not_found', `There is no delivery ${id.slice(0, 80)}.`, { param: 'id' }))
    if (row.body === null || row.source === 'test')
      return invalid('id', 'Only the end of a job can be told again. For a test, send a new one.')
    // One that is on its way right now is being tried already.
    if (!traffic.inFlight.has(id)) {
      deliveries.renew(id, clock.now())
      traffic.wake()
    }
    return ok(deliveryView(deliveries.get(id) ?? row))
  })

  const test = guarded(async ({ request }) => {
    const body =
      request.headers.get('content-length') === '0' ? ok({ url: undefined }) : await readJson(request, TestBody)
    if (body.isErr()) return err(body.error)
    const url = body.value.url ?? parts.url
    if (url === '') {
      const message = 'Name a `url`, or set [webhooks] url, to which the test can go.'
      return err(domainFault('missing_required_parameter', message, { param: 'url' }))
    }
    const checked = await desk.usable(url, 'url')
    if (checked.isErr()) return err(checked.error)
    await using job = parts.begin('webhook test')
    const row = newTest(url, clock.now())
    const signal = AbortSignal.any([job.signal, request.signal])
    const verdict = await courier.attempt({ ...row, dueAt: row.createdAt }, signal)
    if (verdict.isErr()) return err(verdict.error)
    const { state, status, error } = verdict.value
    const done: Delivery = {
      ...row,
      state: state === 'delivered' ? 'delivered' : 'given_up',
      attempts: 1,
      lastStatus: status,
      lastError: error,
      endedAt: clock.now(),
    }
    deliveries.record(done)
    return ok(deliveryView(done))
  })

  return new Elysia()
    .get(
      '/admin/api/webhooks/deliveries',
      list,
      operatorDocs(
        'List webhook deliveries',
        'Newest first; `after` and `limit` page through them, `job` (an id) filters.',
      ),
    )
    .post(
      '/admin/api/webhooks/deliveries/:id/retry',
      retry,
      operatorDocs(
        'Deliver again',
        'At once, with all the time again; also what was delivered or given up. The id stays the same.',
      ),
    )
    .post(
      '/admin/api/webhooks/test',
      test,
      operatorDocs('Send a test event', 'One attempt, of type `webhook.test`; answers how it went.', TestBody, false),
    )
}

/** As it is before its only attempt. */
function newTest(url: string, now: number): Delivery & { readonly body: string } {
  const id = newEventId()
  return {
    id,
    jobId: null,
    url,
    origin: originOf(url),
    source: 'test',
    state: 'pending',
    type: TEST_EVENT,
    body: testEvent(id, now),
    attempts: 0,
    createdAt: now,
    dueAt: now,
    nextAt: null,
    lastAt: now,
    lastStatus: null,
    lastError: null,
    endedAt: null,
  }
}

const invalid = (param: string, message: string): Answer => err(domainFault('invalid_value', message, { param }))
