/** Formats, variations, and what of a request has no effect. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { imageSize } from 'image-size'
import { jpg, png } from '../fixtures/media.ts'
import { PNG, picture } from './openai-surface.fixtures.ts'
import { events, inputsOf, openWorld, pictureFile, type World } from './openai-surface.world.ts'

let kernel: World['kernel']
let engine: World['engine']
let post: World['post']
let send: World['send']

beforeEach(async () => {
  ;({ kernel, engine, post, send } = await openWorld())
})
afterEach(() => kernel.stop())

const image = (fields: Record<string, unknown>) => post('/v1/images/generations', { prompt: 'a fox', ...fields })
const delivers = (body: Uint8Array, mime: string) => {
  engine.contents = { body }
  engine.fate = job => ({ status: 'completed', finishedAt: job.createdAt, media: [{ ...picture(), mime }] })
}

test.each(['png', 'jpeg', 'webp', 'jpg'])('what was made as another format is converted to %s', async output_format => {
  delivers(output_format === 'png' ? jpg(8, 4) : png(8, 4), output_format === 'png' ? 'image/jpeg' : 'image/png')
  const body = await (await image({ output_format, output_compression: 50 })).json()
  const { type, width, height } = imageSize(Buffer.from(body.data[0].b64_json, 'base64'))
  const usual = output_format === 'jpg' ? 'jpeg' : output_format
  expect([body.output_format, type, width, height]).toEqual([usual, usual === 'jpeg' ? 'jpg' : usual, 8, 4])
})

test('in a stream, too; and a picture that cannot be converted is delivered as it is, and called so', async () => {
  delivers(jpg(8, 4), 'image/jpeg')
  const [event] = events(await (await image({ output_format: 'png', stream: true })).text())
  expect(event).toMatchObject({ output_format: 'png' })
  delivers(PNG, 'image/png')
  const body = await (await image({ output_format: 'webp' })).json()
  expect([body.output_format, body.data[0].b64_json]).toEqual(['png', PNG.toBase64()])
})

test.each([
  [{ style: 'vivid', steps: 30, moderation: null }, 'style, steps'],
  [{ background: 'transparent', output_compression: 50 }, 'background, output_compression'],
  [{ background: 'opaque', quality: 'high', user: 'ada' }, null],
  [{ user: 'ada', safety_identifier: 'ada' }, 'safety_identifier'],
  [{ response_format: 'url', output_format: 'webp' }, 'output_format'],
  [{ 'not\r\na name': 1, __proto__x: 1, [`x${'y'.repeat(100)}`]: 1 }, '__proto__x'],
  [
    Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`x${index}`, 1])),
    expect.stringMatching(/^(x\d+, ){19}x\d+$/),
  ],
])('of %j the header names what had no effect', async (fields, expected) => {
  const response = await image(fields)
  expect([response.status, response.headers.get('x-flow2api-ignored')]).toEqual([200, expected])
})

test('the header is on streams, videos and chat as well', async () => {
  const messages = [{ role: 'user', content: 'a fox' }]
  const answers = [
    await image({ stream: true, odd: 1 }),
    await post('/v1/videos', { prompt: 'x', odd: 1 }),
    await post('/v1/chat/completions', { model: 'img-1', messages, odd: 1 }),
  ]
  expect(answers.map(({ headers }) => headers.get('x-flow2api-ignored'))).toEqual(['odd', 'odd', 'odd'])
})

test('a variation is an edit with a standing prompt, which a prompt replaces', async () => {
  const path = '/v1/images/variations'
  expect(
    (
      await send(path, [
        ['image', pictureFile(3)],
        ['n', '2'],
      ])
    ).status,
  ).toBe(200)
  expect([inputsOf(engine), engine.submitted[0]?.request.count]).toEqual([[['reference', 3]], 2])
  expect(engine.submitted[0]?.request.prompt).toStartWith('Make a new picture')
  await post(path, { image: PNG.toBase64(), prompt: 'as a drawing' })
  expect(engine.submitted[1]?.request.prompt).toBe('as a drawing')
  const missing = await post(path, {})
  expect([missing.status, (await missing.json()).error.param]).toEqual([400, 'image'])
})

test('in a stream every event has its picture, and its address where that was asked for', async () => {
  const [event] = events(await (await image({ stream: true, response_format: 'url', quality: '2k' })).text())
  expect(event).toMatchObject({ b64_json: PNG.toBase64(), url: 'http://media.test/tmp/1.png', quality: 'auto' })
})
