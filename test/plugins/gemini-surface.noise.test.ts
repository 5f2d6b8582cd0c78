/** Requests that nobody sends on purpose: none is a failure of ours, and none that is wrong becomes a job. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type GeminiWorld, openGemini } from './gemini-surface.world.ts'
import { PNG } from './openai-surface.fixtures.ts'

let world: GeminiWorld
beforeAll(async () => {
  world = await openGemini()
})
afterAll(() => world[Symbol.asyncDispose]())

const prefix = fc.constantFrom('/v1beta', '/v1')
const model = fc.constantFrom(
  'img',
  'img-plain',
  'vid-text',
  'veo-3.1-generate-preview',
  'google/img',
  'none',
  '',
  '..',
  '%00',
)
const method = fc.constantFrom(
  ':generateContent',
  ':streamGenerateContent',
  ':streamGenerateContent?alt=sse',
  ':predict',
  ':predictLongRunning',
  ':',
  '',
  ':constructor',
  '/operations/ff:cancel',
)
const segment = fc.oneof(
  fc.constantFrom('v1_ff', 'ff', 'ffx1', 'job_ff', '__proto__', '%2e%2e', 'a:download', ':download'),
  fc.string({ maxLength: 20 }).map(encodeURIComponent),
)
const path = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(prefix, fc.constant('/models/'), model, method) },
  { weight: 2, arbitrary: fc.tuple(prefix, fc.constantFrom('/interactions')) },
  fc.tuple(prefix, fc.constantFrom('/interactions/', '/files/', '/models/', '/models/x/operations/'), segment),
  fc.tuple(prefix, fc.constant('/interactions/'), segment, fc.constant('/cancel')),
)

/** Names that readers look for, with values that they do not. */
const name = fc.constantFrom(
  ...['contents', 'parts', 'text', 'role', 'inlineData', 'data', 'fileData', 'file_uri', 'generation_config', 'seed'],
  ...[
    'imageConfig',
    'instances',
    'prompt',
    'image',
    'bytesBase64Encoded',
    'parameters',
    'sampleCount',
    'input',
    'model',
  ],
  ...['response_format', 'type', 'previous_interaction_id', 'background', 'callback_url', 'user', '__proto__'],
)
const leaf = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }),
  fc.constantFrom(
    'img',
    'vid-text',
    'a fox',
    PNG.toBase64(),
    'http://127.0.0.1/x.png',
    'files/ff',
    'data:,',
    1e300,
    -1,
  ),
)
const { body } = fc.letrec(tie => ({
  value: fc.oneof({ depthSize: 'small' }, leaf, tie('body'), fc.array(tie('value'), { maxLength: 3 })),
  body: fc.dictionary(name, tie('value'), { maxKeys: 6 }),
}))
const sent = fc.oneof(
  { weight: 5, arbitrary: body.map(value => JSON.stringify(value)) },
  fc.constantFrom(
    '',
    '{',
    '[]',
    'null',
    '"x"',
    `${'['.repeat(20_000)}`,
    '{"contents":'.repeat(2_000),
    '\ufeff{}',
    '\u0000',
  ),
  fc.string(),
)
const header = fc.dictionary(
  fc.constantFrom(
    'content-type',
    'prefer',
    'idempotency-key',
    'x-flow2api-on-disconnect',
    'range',
    'x-goog-api-client',
  ),
  fc.constantFrom('', 'x', 'application/json', 'multipart/form-data', 'wait=0', 'bytes=5-2', 'bytes=-', 'detach', 'é'),
  { maxKeys: 3 },
)

test('no failure of ours, and Google’s envelope on every refusal', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('POST', 'POST', 'GET', 'DELETE'),
      path,
      sent,
      header,
      async (verb, parts, text, headers) => {
        const before = world.engine.submitted.length
        const more = verb === 'POST' ? { method: verb, body: text } : { method: verb }
        const response = await world.kernel.fetch(parts.join(''), {
          ...more,
          headers: { ...headers, authorization: 'Bearer test-key' },
        })
        const answer = await response.text()
        expect([response.status < 500, answer.slice(0, 300)]).toEqual([true, expect.any(String)])
        if (response.status < 400) return
        const { error } = JSON.parse(answer)
        expect(error.message).toBeString()
        // What no route answers to is the kernel's to refuse.
        if (typeof error.code === 'number')
          expect([error.code, typeof error.status]).toEqual([response.status, 'string'])
        else expect([404, 405]).toContain(response.status)
        expect(world.engine.submitted.length).toBe(before)
      },
    ),
    { numRuns: 1500 },
  )
})
