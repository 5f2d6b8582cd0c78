/** Every example in the OpenAPI document, as somebody pastes it, against the gateway and the emulator. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { API_KEY, startWorld, type World } from '../fixtures/world.ts'

/** What the document calls a video and its job; people put their own there. */
const PLACEHOLDER = '68d7512d07848190b3e45da0ecbebcde'
/** The endpoints that an API key opens, in the order of the document's groups. */
const TAGS = ['Models', 'Images', 'Videos', 'Chat', 'Jobs']

interface Schema {
  readonly type?: string
  readonly format?: string
  readonly example?: unknown
  readonly default?: unknown
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
}
interface Parameter {
  readonly in: 'path' | 'query' | 'header'
  readonly name: string
  readonly required?: boolean
  readonly schema: Schema
}
interface Content {
  readonly schema: Schema
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}
interface Documented {
  readonly tags?: readonly string[]
  readonly summary?: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> }
}
interface Call {
  readonly title: string
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Content
}

let world: World
let calls: readonly Call[]
let operations: readonly (readonly [title: string, operation: Documented])[]
beforeAll(async () => {
  world = await startWorld()
  const { paths } = (await (await fetch(`${world.url}/swagger/json`)).json()) as {
    paths: Record<string, Record<string, Documented>>
  } // an OpenAPI document
  const entries = Object.entries(paths)
    .flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
    .filter(({ operation }) => operation.tags?.some(tag => TAGS.includes(tag)))
  operations = entries.map(({ path, method, operation }) => [`${method.toUpperCase()} ${path}`, operation])
  calls = entries.flatMap(({ path, method, operation }) => callsOf(method.toUpperCase(), path, operation))
})
afterAll(() => world[Symbol.asyncDispose]())

const shown = ({ schema }: Parameter) => schema.example ?? schema.default

function callsOf(method: string, path: string, { parameters = [], requestBody }: Documented): readonly Call[] {
  const of = (place: Parameter['in']) => parameters.filter(one => one.in === place && shown(one) !== undefined)
  const filled = of('path').reduce((text, one) => text.replace(`{${one.name}}`, String(shown(one))), path)
  const query = new URLSearchParams(of('query').map(one => [one.name, String(shown(one))])).toString()
  const call = { method, path: filled, query, headers: {} }
  const title = `${method} ${path}`
  const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([type, content]): readonly Call[] => {
    if (type === 'multipart/form-data') return [{ ...call, title: `${title}, a form`, body: content }]
    const values =
      content.examples === undefined ? [content.example] : Object.values(content.examples).map(one => one.value)
    return values.map(value => ({ ...call, title, headers: { 'content-type': type }, body: JSON.stringify(value) }))
  })
  if (bodies.length === 0) return [{ ...call, title }]
  // Once more as a form in which the headers are filled in, too, since some pages send their examples along.
  const headers = Object.fromEntries(of('header').map(one => [one.name.toLowerCase(), String(shown(one))]))
  const [first] = bodies
  return first === undefined || Object.keys(headers).length === 0
    ? bodies
    : [...bodies, { ...first, title: `${title}, with its headers`, headers: { ...first.headers, ...headers } }]
}

function formOf({ schema }: Content): FormData {
  const form = new FormData()
  for (const [name, { example, items }] of Object.entries(schema.properties ?? {}))
    if (items?.format === 'binary') form.append(name, new File([PICTURE], 'picture.png'))
    else form.append(name, String(example))
  return form
}

/** As the document itself has it: 32 pixels a side. */
const PICTURE = Uint8Array.fromBase64(
  'iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAUElEQVR42mP4QGMwasGoBXSy4I6GBi5EBQvwmE6MHfgsIGg0MdYMnAUkmY7HDuwWkGE6LjtGLRi1YNSCAcvJw6Kwo0d9QKcabbRVMWoBIQAAUxxMJGnoP/8AAAAASUVORK5CYII=',
)

interface Video {
  readonly id: string
  readonly object: string
  readonly status: string
}
async function ended({ id }: Pick<Video, 'id'>): Promise<Video> {
  for (;;) {
    const video = (await (await world.call(`/v1/videos/${id}`)).json()) as Video // the documented object
    if (video.status === 'completed' || video.status === 'failed') return video
    await Bun.sleep(20)
  }
}

async function made(): Promise<string> {
  const body = JSON.stringify({ prompt: 'a red fox', model: 'veo_3_1_t2v_fast', size: '1280x720' })
  const response = await world.call('/v1/videos', { method: 'POST', body })
  return (await ended((await response.json()) as Video)).id.replace('video_', '') // the documented object
}

test('each endpoint has a summary, and an example for all that it needs', () => {
  expect(operations.length).toBeGreaterThanOrEqual(17)
  for (const [title, { summary, parameters = [], requestBody }] of operations) {
    expect([title, typeof summary]).toEqual([title, 'string'])
    for (const parameter of parameters)
      if (parameter.required) expect([title, parameter.name, shown(parameter)]).not.toContain(undefined)
    for (const { schema, example, examples } of Object.values(requestBody?.content ?? {})) {
      const fields = Object.values(schema.properties ?? {})
      const inFields =
        fields.length > 0 && fields.every(field => field.example !== undefined || field.items !== undefined)
      expect([title, example ?? examples ?? inFields]).not.toContain(false)
    }
  }
})

test('each example works when it is pasted, with a video of one’s own where it names one', async () => {
  for (const { title, method, path, query, headers, body } of calls) {
    const whole = `${path}?${query}${typeof body === 'string' ? body : JSON.stringify(body)}`
    const id = whole.includes(PLACEHOLDER) ? await made() : PLACEHOLDER
    const own = (text: string) => text.replaceAll(PLACEHOLDER, id)
    const sent =
      body === undefined
        ? undefined
        : typeof body === 'string'
          ? own(body)
          : formOf(JSON.parse(own(JSON.stringify(body))))
    const response = await fetch(`${world.url}${own(path)}?${own(query)}`, {
      method,
      headers: { authorization: `Bearer ${API_KEY}`, ...headers },
      ...(sent !== undefined && { body: sent }),
    })
    const text = await response.text()
    expect([title, response.status, response.ok ? '' : text]).toEqual([title, expect.any(Number), ''])
    expect([title, text.includes('"error":{')]).toEqual([title, false])
    if (response.headers.get('content-type')?.startsWith('application/json') && method === 'POST') {
      const answer = JSON.parse(text) as Video // one of the documented objects
      if (answer.object === 'video') expect([title, (await ended(answer)).status]).toEqual([title, 'completed'])
    }
  }
  expect(calls.length).toBeGreaterThan(operations.length)
})
