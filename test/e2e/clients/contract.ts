/**
 * Holds answers to OpenAI's own document (`test/fixtures/openai-openapi.data.json`): fields of our own are allowed,
 * contradictions are not. `Contract.fetch` is handed to clients in place of `fetch` and looks at all that comes back.
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020'
import document from '../../fixtures/openai-openapi.data.json'

/** Where the API has grown since the document (api-surfaces A.3, A.5): any size, two qualities, two formats. */
const SIZE = { type: 'string', pattern: '^(\\d+x\\d+|auto)$' }
const WORDS = {
  size: SIZE,
  quality: { enum: ['low', 'medium', 'high', 'xhigh', 'max', 'auto'] },
  output_format: { enum: ['png', 'webp', 'jpeg', 'gif', 'svg'] },
}
const GROWN = ['ImagesResponse', 'ImageGenCompletedEvent', 'ImageEditCompletedEvent'] as const

function schemas(): Record<string, unknown> {
  const all: Record<string, unknown> = structuredClone(document.components.schemas)
  for (const name of GROWN) {
    const { properties, ...rest } = document.components.schemas[name]
    all[name] = { ...rest, properties: { ...properties, ...WORDS } }
  }
  all['VideoSize'] = SIZE
  return all
}

const components = { schemas: schemas() }
const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })

interface Operation {
  /** `POST /images/generations` */
  readonly name: string
  readonly method: string
  readonly path: RegExp
  /** By media type. */
  readonly response: Readonly<Record<string, object>>
}

const operations: readonly Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { response }]) => ({
    name: `${method.toUpperCase()} ${path}`,
    method: method.toUpperCase(),
    path: new RegExp(`^/v1${path.replace('{id}', '(?!edits$|extensions$)[^/]+')}$`),
    response,
  })),
)
const BINARY = 'GET /videos/{id}/content'

const compiled = new Map<object, ValidateFunction>()
function compile(schema: object): ValidateFunction {
  const known = compiled.get(schema) ?? ajv.compile({ components, ...schema })
  compiled.set(schema, known)
  return known
}

/** What is wrong with a value, by the schema; empty: nothing. */
export function mistakes(schema: object, value: unknown): readonly string[] {
  const check = compile(schema)
  if (check(value)) return []
  return (check.errors ?? []).map(({ instancePath, message }) => `${instancePath || '/'} ${message}`)
}

const ERROR = { $ref: '#/components/schemas/ErrorResponse' }

/** The data of each event; comments and `[DONE]` left out. */
const eventsOf = (text: string): readonly unknown[] =>
  text
    .split('\n')
    .filter(line => line.startsWith('data: ') && line !== 'data: [DONE]')
    .map(line => JSON.parse(line.slice(6)))

const isError = (value: unknown): boolean => typeof value === 'object' && value !== null && 'error' in value

/** What is wrong with an answer; `body` as it came. */
export function mistakesOf(name: string, status: number, type: string, body: Uint8Array): readonly string[] {
  const text = () => new TextDecoder().decode(body)
  if (status >= 400) return type === 'application/json' ? mistakes(ERROR, JSON.parse(text())) : [`an error as ${type}`]
  if (name === BINARY) return /^(video\/mp4|image\/(webp|jpeg|png))$/.test(type) ? [] : [`content as ${type}`]
  const schema = operations.find(operation => operation.name === name)?.response[type]
  if (schema === undefined) return [`answered as ${type}, which the document does not have`]
  if (type !== 'text/event-stream') return mistakes(schema, JSON.parse(text()))
  // An error ends a stream that has begun, in the envelope that the SDKs look for (api-surfaces A.1).
  return eventsOf(text()).flatMap(event => mistakes(isError(event) ? ERROR : schema, event))
}

export class Contract {
  /** `POST /images/generations 200 text/event-stream` and the like, that were looked at. */
  readonly seen = new Set<string>()
  readonly #looks: Promise<readonly string[]>[] = []

  /** For a client's option `fetch`. */
  readonly fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const { pathname } = new URL(request.url)
    const response = await fetch(input, init)
    const operation = operations.find(({ method, path }) => method === request.method && path.test(pathname))
    if (operation !== undefined) this.#looks.push(this.#look(operation.name, response.clone()))
    return response
  }

  /** All that was wrong, once every answer has been read. */
  async mistakes(): Promise<readonly string[]> {
    return (await Promise.all(this.#looks)).flat()
  }

  async #look(name: string, response: Response): Promise<readonly string[]> {
    const type = response.headers.get('content-type')?.split(';')[0] ?? ''
    const what = `${name} ${response.status} ${type}`
    this.seen.add(what)
    // Whoever stops reading, or hangs up, leaves nothing to look at.
    const body = await response.bytes().catch(() => undefined)
    return body === undefined ? [] : mistakesOf(name, response.status, type, body).map(mistake => `${what}: ${mistake}`)
  }
}
