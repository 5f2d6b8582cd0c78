/** Reading requests: bodies, fields, messages. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Body, fromForm, parsedJson, readBody } from '../../plugins/openai-surface/body.ts'
import { readMessages } from '../../plugins/openai-surface/chat-messages.ts'
import { Fields } from '../../plugins/openai-surface/fields.ts'
import { readImageRequest as readFields } from '../../plugins/openai-surface/images.ts'

const json = (values: Record<string, unknown>): Body => ({ values, textual: false })
const form = (values: Record<string, unknown>): Body => ({ values, textual: true })
const post = (body: BodyInit, headers: Record<string, string> = {}) =>
  new Request('http://localhost/', { method: 'POST', body, headers })

const readImageRequest = (body: Body) => readFields(new Fields(body))

describe('bodies', () => {
  test('brackets and repetitions of a form become objects and lists, in order', () => {
    const values = fromForm([
      ['prompt', '{"a":1}'],
      ['image[]', 'one'],
      ['image[]', 'two'],
      ['frame', 'first'],
      ['frame', 'last'],
      ['indexed[0]', 'x'],
      ['input_reference[image_url]', 'data:,'],
      ['__proto__[polluted]', 'yes'],
      ['odd]name', 'kept'],
    ])
    expect(JSON.parse(JSON.stringify(values))).toMatchObject({
      prompt: '{"a":1}',
      image: ['one', 'two'],
      frame: ['first', 'last'],
      indexed: ['x'],
      input_reference: { image_url: 'data:,' },
      'odd]name': 'kept',
    })
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test('no form field is lost, whatever it is called', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ minLength: 1 }), fc.stringMatching(/^v\d+$/)), { maxLength: 8 }),
        pairs => {
          const leaves = (value: unknown): number =>
            typeof value === 'object' && value !== null
              ? Object.values(value).reduce<number>((sum, inner) => sum + leaves(inner), 0)
              : 1
          expect(leaves(fromForm(pairs))).toBe(pairs.length)
        },
      ),
    )
  })

  test('anything that is not a form is read as JSON, with or without a content type', async () => {
    const body = await readBody(post('{"prompt":"x"}', { 'content-type': 'application/x-www-form-urlencoded' }))
    expect(body._unsafeUnwrap()).toEqual({ values: { prompt: 'x' }, textual: false })
  })

  test.each(['{"prompt":', '', '[1]', '"text"', 'null'])('%p is refused as invalid JSON', async text => {
    const refused = (await readBody(post(text, { 'content-type': 'application/json' })))._unsafeUnwrapErr()
    expect(refused).toMatchObject({ code: 'invalid_json', blame: 'request' })
  })

  test.each(['[', '{"a":'])('%p without end, or closed too late, is refused', async opening => {
    const nested = (depth: number) => {
      const closing = opening === '[' ? ']' : '}'
      return `{"prompt":"x","messages":${opening.repeat(depth)}1${closing.repeat(depth)}}`
    }
    const read = (text: string) => readBody(post(text, { 'content-type': 'application/json' }))
    expect((await read(nested(60))).isOk()).toBe(true)
    for (const depth of [64, 5000, 100_000])
      expect((await read(nested(depth)))._unsafeUnwrapErr()).toMatchObject({ code: 'invalid_json' })
    expect(parsedJson('['.repeat(100) + ']'.repeat(100))).toBeUndefined()
  })

  test('a broken form is a mistake of the request', async () => {
    const refused = await readBody(post('nonsense', { 'content-type': 'multipart/form-data; boundary=x' }))
    expect(refused._unsafeUnwrapErr()).toMatchObject({ code: 'body_unreadable', blame: 'request' })
  })

  test('extra_body is merged, as text too, and never beats a field', async () => {
    const data = new FormData()
    data.set('prompt', 'direct')
    data.set('extra_body', '{"prompt":"extra","seed":7}')
    const body = await readBody(post(data))
    expect(body._unsafeUnwrap().values).toEqual({ prompt: 'direct', seed: 7 })
  })
})

describe('image requests', () => {
  test('the whole request in our terms, unknown fields and nulls left out', () => {
    const read = readImageRequest(
      json({
        model: 'gpt-image-1',
        prompt: 'a fox',
        n: 2,
        size: '1536x1024',
        quality: 'high',
        response_format: 'url',
        output_format: 'webp',
        negative_prompt: 'dogs',
        seed: 5,
        stream: null,
      }),
    )
    expect(read._unsafeUnwrap()).toEqual({
      job: {
        kind: 'image',
        model: 'gpt-image-1',
        prompt: 'a fox',
        parameters: { size: '1536x1024', seed: 5, quality: 'high' },
        inputs: [],
        count: 2,
      },
      form: 'url',
      stream: false,
      format: { format: 'webp', quality: undefined },
    })
  })

  test('defaults: b64_json, one picture, the default model', () => {
    expect(readImageRequest(json({ prompt: 'x' }))._unsafeUnwrap()).toMatchObject({
      form: 'b64_json',
      job: { count: 1, model: '', parameters: {} },
    })
  })

  test.each([
    [{ prompt: 7 }, 'prompt', 'invalid_value'],
    [{}, 'prompt', 'missing_required_parameter'],
    [{ prompt: '  ' }, 'prompt', 'missing_required_parameter'],
    [{ prompt: 'x', model: ['a'] }, 'model', 'invalid_value'],
    [{ prompt: 'x', n: 0 }, 'n', 'invalid_value'],
    [{ prompt: 'x', n: 11 }, 'n', 'invalid_value'],
    [{ prompt: 'x', n: 1.5 }, 'n', 'invalid_value'],
    [{ prompt: 'x', n: '2' }, 'n', 'invalid_value'],
    [{ prompt: 'x', size: { w: 1 } }, 'size', 'invalid_value'],
    [{ prompt: 'x', response_format: 'png' }, 'response_format', 'invalid_value'],
    [{ prompt: 'x', stream: 'true' }, 'stream', 'invalid_value'],
    [{ prompt: 'x', seed: -2 }, 'seed', 'invalid_value'],
    [{ prompt: 'x', quality: 'best' }, 'quality', 'invalid_value'],
    [{ prompt: 'x', background: 'green' }, 'background', 'invalid_value'],
    [{ prompt: 'x', output_format: 'svg' }, 'output_format', 'invalid_value'],
    [{ prompt: 'x', output_compression: 101 }, 'output_compression', 'invalid_value'],
    [{ prompt: 'x', partial_images: 4 }, 'partial_images', 'invalid_value'],
  ])('%j is refused at %s', (values, param, code) => {
    const refused = readImageRequest(json(values))._unsafeUnwrapErr()
    expect(refused).toMatchObject({ code, param })
    expect(refused.message).toContain(`\`${param}\``)
  })

  test('a prompt may have 32000 characters', () => {
    expect(readImageRequest(json({ prompt: 'x'.repeat(32_000) })).isOk()).toBe(true)
    const refused = readImageRequest(json({ prompt: 'x'.repeat(32_001) }))._unsafeUnwrapErr()
    expect(refused).toMatchObject({ code: 'invalid_value', param: 'prompt' })
  })

  test('in a form everything is text, and "null" is nothing', () => {
    const read = readImageRequest(form({ prompt: 'x', n: '2', stream: 'true', seed: 'null', size: '' }))
    expect(read._unsafeUnwrap()).toMatchObject({ stream: true, job: { count: 2, parameters: {} } })
    expect(readImageRequest(form({ prompt: new File(['x'], 'p.txt') }))._unsafeUnwrapErr()).toMatchObject({
      param: 'prompt',
      code: 'invalid_value',
    })
  })
})

describe('messages', () => {
  test('the prompt is the text of the last user message', () => {
    const read = readMessages([
      { role: 'system', content: 'be nice' },
      { role: 'user', content: 'first' },
      { role: 'assistant', content: '![image](http://x)' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'make it' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,xx' } },
          { type: 'text', text: 'snow' },
        ],
      },
    ])
    expect(read._unsafeUnwrap()).toEqual({
      text: 'make it\nsnow',
      pictures: [{ url: 'data:image/png;base64,xx' }],
      answered: ['http://x'],
    })
  })

  test.each([
    [undefined],
    ['text'],
    [[]],
    [[{ role: 'user' }]],
    [[{ role: 'user', content: ' ' }]],
    [[{ role: 'assistant', content: 'x' }]],
    [[null, 3]],
    [[{ role: 'user', content: [null, { type: 'image_url', image_url: 'x' }] }]],
  ])('%j has no prompt', messages => {
    expect(readMessages(messages)._unsafeUnwrapErr()).toMatchObject({ param: 'messages' })
  })
})
