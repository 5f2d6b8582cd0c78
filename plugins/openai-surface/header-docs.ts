/** What the OpenAPI document says of the headers that all generating endpoints read. */
import type { DocumentDecoration } from 'elysia'

type Parameter = NonNullable<DocumentDecoration['parameters']>[number]

const IDEMPOTENCY_KEY: Parameter = {
  in: 'header',
  name: 'Idempotency-Key',
  description:
    '1 to 255 visible ASCII characters. The same key with the same body answers with the job of the first request instead of making another; with another body it is 400 `idempotency_key_reused`. A retry that an OpenAI library marks with `x-stainless-retry-count` finds its first try without any key.',
  schema: { type: 'string', maxLength: 255 },
}

const ON_DISCONNECT: Parameter = {
  in: 'header',
  name: 'x-flow2api-on-disconnect',
  description: 'What a hang-up does: `detach` (the work goes on) or `cancel`.',
  schema: { type: 'string', enum: ['detach', 'cancel'], default: 'detach' },
}

const PREFER: Parameter = {
  in: 'header',
  name: 'Prefer',
  description:
    '`respond-async` answers 202 with the job at once, `wait=N` after N seconds (at most 3600) if the work is not done by then. Of no effect with `stream: true`.',
  schema: { type: 'string', example: 'respond-async' },
}

/** Of endpoints that answer when the work is done. */
export const WAITING: DocumentDecoration = {
  parameters: [IDEMPOTENCY_KEY, PREFER, ON_DISCONNECT],
  responses: {
    200: { description: 'The result.' },
    202: {
      description: 'The job, as `GET /v1/jobs/{id}` shows it, where `Prefer` asks for it.',
      headers: {
        location: { description: '`/v1/jobs/{id}`', schema: { type: 'string' } },
        'preference-applied': { schema: { type: 'string' } },
        'x-flow2api-job': { schema: { type: 'string' } },
      },
    },
  },
}

/** Of endpoints that answer with a job anyway. */
export const ASYNCHRONOUS = { parameters: [IDEMPOTENCY_KEY, ON_DISCONNECT] } satisfies DocumentDecoration

export const CALLBACK =
  '`callback_url`: told when the job has ended, signed after Standard Webhooks (400 where webhooks are switched off).'

export const LONG_ANSWERS =
  'After 20 seconds the answer begins with status 200 and white space, so that nothing on the way cuts a silent connection; an error then comes in the body alone.'

export const IGNORED =
  '`user` (or `safety_identifier`): for whom it is; the users of one key take turns in the queue. `x-flow2api-ignored` of the answer names the fields that had no effect.'
