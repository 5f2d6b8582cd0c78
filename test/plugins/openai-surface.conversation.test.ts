/** Conversations: what of them is the prompt, which pictures they are about, and what programs ask on the side. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { auxiliaryAnswer } from '../../plugins/openai-surface/auxiliary.ts'
import { readMessages } from '../../plugins/openai-surface/chat-messages.ts'
import { shownPictures } from '../../plugins/openai-surface/shown-pictures.ts'
import { PNG, picture } from './openai-surface.fixtures.ts'
import { events, inputsOf, openWorld, type World } from './openai-surface.world.ts'

const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown, more = {}) => ({ role: 'assistant', content, ...more })
const data = (mark: number) => `data:image/png;base64,${new Uint8Array([...PNG, mark]).toBase64()}`
const text = (words: string) => ({ type: 'text', text: words })

describe('messages', () => {
  test('the last user message is the prompt; its parts in order, whatever stands between', () => {
    const read = readMessages([
      { role: 'system', content: 'Be brief.' },
      user('first'),
      assistant('?'),
      user([
        text('make'),
        { type: 'image_url', image_url: { url: 'a' } },
        text('it snow'),
        { type: 'input_image', image_url: 'b' },
      ]),
      assistant('not an answer yet'),
    ])._unsafeUnwrap()
    expect(read).toEqual({ text: 'make\nit snow', pictures: [{ url: 'a' }, 'b'], answered: [] })
  })

  test.each([
    [
      'Markdown',
      assistant('here: ![image](http://x/1.png) and ![](<http://x/2.png> "t")'),
      ['http://x/1.png', 'http://x/2.png'],
    ],
    ['HTML', assistant("<img alt='' src='http://x/1.png'>"), ['http://x/1.png']],
    ['data in Markdown', assistant(`![image](${data(1)})`), [data(1)]],
    [
      'images beside the text',
      assistant('Here.', { images: [{ image_url: { url: 'http://x/1.png' } }] }),
      ['http://x/1.png'],
    ],
    [
      'parts',
      assistant([text('![i](http://x/no.png)'), { type: 'image_url', image_url: { url: 'http://x/1.png' } }]),
      ['http://x/1.png'],
    ],
    ['a link, which is no picture', assistant('[video.mp4](http://x/1.mp4)'), []],
  ])('pictures of the last answer: %s', (_, answer, expected) => {
    const read = readMessages([user('a'), assistant('![old](http://x/0.png)'), user('b'), answer, user('c')])
    const older = expected.length === 0 ? ['http://x/0.png'] : expected
    expect(read._unsafeUnwrap().answered).toEqual(older)
  })

  // With patterns that begin anew at each bracket, each of these takes minutes, and the test its time-out.
  test.each(['![', '![](', '![](http://x', '](http://x', '<img ', '<img src="http://x', '![a](  ', '<img src= '])(
    'a long text of nothing but %p shows nothing, soon',
    beginning => {
      const long = beginning.repeat(200_000)
      expect(readMessages([user('a'), assistant(long), user('b')])._unsafeUnwrap().answered).toEqual([])
    },
  )

  test('any text is read, and what is shown in it is found whatever stands around', () => {
    const noise = fc.string({
      unit: fc.constantFrom('!', '[', ']', '(', ')', '<', '>', 'img', ' src="', '"', 'http://', 'a', ' ', '\n'),
    })
    fc.assert(
      fc.property(noise, noise, (before, after) => {
        const found = shownPictures(`${before})>]\n![image](http://x/1.png)${after}`)
        expect(found).toContain('http://x/1.png')
        for (const address of found) expect(address).toMatch(/^http:\/\/[^\s]*$/)
      }),
    )
  })
})

describe('over HTTP', () => {
  let kernel: World['kernel']
  let engine: World['engine']
  let post: World['post']
  beforeEach(async () => {
    ;({ kernel, engine, post } = await openWorld())
  })
  afterEach(() => kernel.stop())
  const chat = (fields: Record<string, unknown>) => post('/v1/chat/completions', { model: 'img-refs', ...fields })

  test('the picture of the last answer is a reference behind those of the message', async () => {
    const messages = [
      user('a fox'),
      assistant(`![image](${data(1)})`),
      user([text('in the rain'), { type: 'image_url', image_url: data(2) }]),
    ]
    expect((await chat({ messages })).status).toBe(200)
    expect(inputsOf(engine)).toEqual([
      ['reference', 2],
      ['reference', 1],
    ])
    // A model that takes none is not given it, and one that is gone is left out.
    expect(
      (await chat({ model: 'img-1', messages: [user('a'), assistant(`![i](${data(1)})`), user('b')] })).status,
    ).toBe(200)
    expect((await chat({ messages: [user('a'), assistant('![i](http://x/gone.png)'), user('b')] })).status).toBe(200)
    expect([inputsOf(engine, 1), inputsOf(engine, 2)]).toEqual([[], []])
    // Nor do they count where it has no place for so many.
    const answered = Array.from({ length: 16 }, (_, index) => `![image](${data(index + 100)})`).join()
    const attached = [1, 2, 3].map(mark => ({ type: 'image_url', image_url: data(mark) }))
    const many = [user('a'), assistant(answered), user([text('b'), ...attached])]
    expect((await chat({ messages: many })).status).toBe(200)
    expect(inputsOf(engine, 3)?.map(([, mark]) => mark)).toEqual([1, 2, 3, 100])
  })

  test('pictures beside the text, where `modalities` asks for them: whole as data, no Markdown', async () => {
    const body = await (await chat({ messages: [user('a fox')], modalities: ['image', 'text'] })).json()
    expect(body.choices[0].message).toMatchObject({
      content: 'Here is the picture.',
      images: [{ type: 'image_url', image_url: { url: `data:image/png;base64,${PNG.toBase64()}` }, index: 0 }],
    })
    const chunks = events(await (await chat({ messages: [user('a')], modalities: ['image'], stream: true })).text())
    const deltas = chunks.slice(0, -1).map(chunk => (chunk as { choices: [{ delta: object }] }).choices[0].delta)
    expect(deltas).toContainEqual({
      images: [{ type: 'image_url', image_url: { url: expect.stringMatching(/^data:/) }, index: 0 }],
    })
  })

  test('a picture that is too long for a line of a stream is there by its address', async () => {
    engine.fate = job => ({ status: 'completed', finishedAt: job.createdAt, media: [{ ...picture(), bytes: 200_000 }] })
    const answer = await (await chat({ messages: [user('a')], modalities: ['image'], stream: true })).text()
    expect(answer).toContain('"url":"http://media.test/tmp/1.png"')
    expect(answer).not.toContain('data:image')
  })

  test('a form with messages as JSON text', async () => {
    const form = new FormData()
    form.set('model', 'img-1')
    form.set('messages', JSON.stringify([user('a fox')]))
    const init = { method: 'POST', headers: { authorization: 'Bearer test-key' }, body: form }
    expect((await kernel.fetch('/v1/chat/completions', init)).status).toBe(200)
    expect(engine.submitted[0]?.request.prompt).toBe('a fox')
  })

  test('what programs ask on the side is answered, and nothing is made', async () => {
    const content = '### Task:\nWrite a title. JSON: { "title": "…" }\n<chat_history>\nUSER: a red fox\n</chat_history>'
    const answer = await (await chat({ messages: [user(content)] })).json()
    expect(JSON.parse(answer.choices[0].message.content)).toEqual({ title: 'a red fox' })
    expect(answer).toMatchObject({ object: 'chat.completion', model: 'img-refs', choices: [{ finish_reason: 'stop' }] })
    expect(engine.submitted).toHaveLength(0)
  })
})

describe('asked on the side', () => {
  const task = (
    wanted: string,
    history = 'USER: a red fox in the snow at night, very detailed\nASSISTANT: ![i](x)\nUSER: now green',
  ) => auxiliaryAnswer(`### Task:\nDo it. JSON: ${wanted}\n<chat_history>\n${history}\n</chat_history>`)

  test.each([
    ['{ "title": "x" }', { title: 'a red fox in the snow at night, very…' }],
    ['{ "tags": ["a"] }', { tags: [] }],
    ['{"follow_ups": []}', { follow_ups: [] }],
    ['{ "queries": ["a"] }', { queries: [] }],
    ['{ "text": "x" }', { text: '' }],
    ['{ "prompt": "x" }', { prompt: 'now green' }],
  ])('%s', (wanted, expected) => {
    expect(JSON.parse(task(wanted) ?? '')).toEqual(expected)
  })

  test('anything else is a prompt', () => {
    expect(task('no JSON')).toBeUndefined()
    expect(auxiliaryAnswer('### Task: draw { "title": "x" }')).toBeUndefined()
    expect(auxiliaryAnswer('a fox')).toBeUndefined()
  })
})
