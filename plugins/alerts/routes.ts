/** `/admin/api/alerts`. */
import { Type } from '@sinclair/typebox'
import { type AuthService, type Caller, domainFault, operatorAnswer, operatorDocs, pageLimit } from 'flow2api/contracts'
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
import type { Channel } from './channels.ts'
import type { Courier } from './courier.ts'
import { type Delivery, newId, type Outbox } from './outbox.ts'
import { CHANNELS, type ChannelName } from './rule-names.ts'
import { deliveryView } from './view.ts'

export interface RouteParts {
  readonly auth: Handle<AuthService>
  readonly outbox: Outbox
  readonly courier: Courier
  readonly channels: readonly Channel[]
  readonly clock: Clock
  rules(): object
  /** Writes down who sent a test over what. */
  tested(caller: Caller, request: Request, channels: readonly ChannelName[]): void
  begin(label: string): Job
}

interface Asked {
  readonly request: Request
  readonly query: Readonly<Record<string, string | undefined>>
}
type Answer = Result<object, Fault>

const DEFAULT_PAGE = 50
const LONGEST_PAGE = 200

const TestBody = Type.Object(
  {
    channel: Type.Optional(
      Type.Union(
        CHANNELS.map(name => Type.Literal(name)),
        { description: 'Default: all that are set up.' },
      ),
    ),
  },
  { additionalProperties: false },
)

export function routes(parts: RouteParts): AnyElysia {
  const { auth, outbox, courier, channels, clock } = parts

  /** For the admin alone, and every answer in JSON. */
  const guarded = (handle: (asked: Asked, caller: Caller) => Answer | Promise<Answer>) => (asked: Asked) =>
    operatorAnswer(auth, asked.request, caller => handle(asked, caller))

  const list = guarded(({ query }) => {
    const limit = pageLimit(query['limit'], DEFAULT_PAGE, LONGEST_PAGE)
    if (limit.isErr()) return err(limit.error)
    const size = limit.value
    const rows = outbox.list(query['after'], size + 1)
    const data = rows.slice(0, size).map(deliveryView)
    const ends = { first_id: data.at(0)?.id ?? null, last_id: data.at(-1)?.id ?? null }
    return ok({ object: 'list', data, ...ends, has_more: rows.length > size })
  })

  const test = guarded(async ({ request }, caller) => {
    const body = request.headers.get('content-length') === '0' ? ok({}) : await readJson(request, TestBody)
    if (body.isErr()) return err(body.error)
    const { channel } = body.value as { channel?: ChannelName } // as the schema has it; an empty body names none
    const over = channels.filter(({ name }) => channel === undefined || name === channel)
    if (over.length === 0) {
      const what = channel === undefined ? 'No channel is set up' : `The channel ${channel} is not set up`
      return invalid('channel', `${what}. See [alerts] in the settings.`)
    }
    parts.tested(
      caller,
      request,
      over.map(({ name }) => name),
    )
    await using job = parts.begin('alert test')
    const signal = AbortSignal.any([job.signal, request.signal])
    const sent = await Promise.all(over.map(one => attempt(one, signal)))
    return ok({ object: 'list', data: sent.map(deliveryView) })
  })

  async function attempt(channel: Channel, signal: AbortSignal): Promise<Delivery> {
    const row = newTest(channel.name, clock.now())
    const sent = await courier.attempt(channel, row, signal)
    const done: Delivery = {
      ...row,
      state: sent.isOk() ? 'delivered' : 'given_up',
      lastError: sent.isOk() ? null : sent.error.message,
      endedAt: clock.now(),
    }
    outbox.record(done)
    return done
  }

  return new Elysia()
    .get(
      '/admin/api/alerts',
      guarded(() => ok(parts.rules())),
      operatorDocs('List the alert rules', 'With their thresholds, what is wrong after each, and the channels.'),
    )
    .get(
      '/admin/api/alerts/deliveries',
      list,
      operatorDocs('List sent alerts', 'Newest first; `after` and `limit` page through them.'),
    )
    .post(
      '/admin/api/alerts/test',
      test,
      operatorDocs(
        'Send a test alert',
        'One attempt over each channel, or over one; answers how they went.',
        TestBody,
        false,
      ),
    )
}

function newTest(channel: ChannelName, now: number): Delivery {
  return {
    id: newId(now),
    channel,
    event: 'test',
    rule: null,
    subject: '',
    title: 'This is a test',
    text: 'If you can read this, alerts reach you here.',
    since: now,
    state: 'pending',
    attempts: 1,
    lastError: null,
    createdAt: now,
    dueAt: now,
    nextAt: now,
    endedAt: null,
  }
}

const invalid = (param: string, message: string): Answer => err(domainFault('invalid_value', message, { param }))
