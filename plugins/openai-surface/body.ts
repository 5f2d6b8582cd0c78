/** Request bodies, JSON or multipart, as one plain object. */
import { domainFault, isValues, type Values } from 'flow2api/contracts'
import { err, type Fault, fault, messageOf, ok, type Result } from 'flow2api/plugin'

export interface Body {
  /** Strings and files of a form, anything of a JSON document. */
  readonly values: Values
  /** From a form: numbers, booleans and null arrive as text. */
  readonly textual: boolean
}

/** Values of which not all are there yet. */
type Growing = { [name: string]: unknown }

const MULTIPART = 'multipart/form-data'
/** Form fields nest no deeper than any API of ours. */
const DEEPEST = 4
/** Nor do documents; a few bytes a level would exhaust the stack of whoever walks them. */
const DEEPEST_JSON = 64

/** What is not a form is read as JSON, whatever `content-type` says: many scripts leave it out. */
export async function readBody(request: Request): Promise<Result<Body, Fault>> {
  if (request.headers.get('content-type')?.toLowerCase().startsWith(MULTIPART)) return readForm(request)
  let document: unknown
  try {
    document = await request.json()
  } catch (cause) {
    return err(domainFault('invalid_json', 'The request body is not valid JSON. Send one JSON object.', { cause }))
  }
  if (!isValues(document))
    return err(domainFault('invalid_json', 'The request body must be a JSON object, such as {"prompt": "a red fox"}.'))
  if (isTooDeep(document))
    return err(domainFault('invalid_json', `The request body nests deeper than ${DEEPEST_JSON} levels.`))
  return ok({ values: withExtra(document), textual: false })
}

async function readForm(request: Request): Promise<Result<Body, Fault>> {
  try {
    const form = await request.formData()
    return ok({ values: withExtra(fromForm(form)), textual: true })
  } catch (cause) {
    const message = `The multipart body could not be read: ${messageOf(cause)}. Check its boundary and that it is complete.`
    return err(fault('body_unreadable', message, { blame: 'request', retry: 'never', cause }))
  }
}

/**
 * `a[b]` becomes `{ a: { b } }`; `a[]`, `a[0]` and a repeated `a` become a list, in the order of the form.
 * Names of another form stay as they are.
 */
export function fromForm(entries: Iterable<readonly [string, unknown]>): Values {
  const values = emptyValues()
  for (const [name, value] of entries) {
    const path = pathOf(name)
    assign(values, path[0] ?? name, path.slice(1), value)
  }
  return values
}

function pathOf(name: string): readonly string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name)
  if (match === null) return [name]
  const [, base = name, brackets = ''] = match
  const keys = [...brackets.matchAll(/\[([^[\]]*)\]/g)].map(([, key = '']) => key)
  return keys.length > DEEPEST ? [name] : [base, ...keys]
}

function assign(target: Growing, key: string, rest: readonly string[], value: unknown): void {
  const held = target[key]
  const [next, ...deeper] = rest
  if (next === undefined) {
    if (held === undefined) target[key] = value
    else if (Array.isArray(held)) held.push(value)
    else target[key] = [held, value]
  } else if (next === '' || /^\d+$/.test(next)) {
    const element = deeper.length === 0 ? value : nested(deeper, value)
    if (Array.isArray(held)) held.push(element)
    else target[key] = held === undefined ? [element] : [held, element]
  } else if (isValues(held)) assign(held, next, deeper, value)
  else {
    const inner = nested(rest, value)
    if (Array.isArray(held)) held.push(inner)
    else target[key] = held === undefined ? inner : [held, inner]
  }
}

function nested(path: readonly string[], value: unknown): Growing {
  const inner = emptyValues()
  const [first = '', ...rest] = path
  assign(inner, first, rest, value)
  return inner
}

/** Python's `extra_body`, where a client sent it as a field instead of merging it. What is set directly wins. */
function withExtra(values: Values): Values {
  if (!('extra_body' in values)) return values
  const { extra_body: extra, ...direct } = values
  const parsed = typeof extra === 'string' ? parsedJson(extra) : extra
  return isValues(parsed) ? { ...parsed, ...direct } : direct
}

/** Undefined where it is no JSON, or nests too deep. */
export function parsedJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text)
    return isTooDeep(value) ? undefined : value
  } catch {
    return undefined
  }
}

function isTooDeep(document: unknown): boolean {
  const left: { readonly value: unknown; readonly depth: number }[] = [{ value: document, depth: 0 }]
  for (let step = left.pop(); step !== undefined; step = left.pop()) {
    if (typeof step.value !== 'object' || step.value === null) continue
    if (step.depth >= DEEPEST_JSON) return true
    for (const value of Object.values(step.value)) left.push({ value, depth: step.depth + 1 })
  }
  return false
}

/** Without a prototype, so that a field called `__proto__` is a field. */
const emptyValues = (): Growing => Object.create(null)
