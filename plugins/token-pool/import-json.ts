/** Accounts in JSON: lists of any kind, the Python flow2api's export, exported cookies, our own export. Pure. */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type CookieRules, cookiesOf, rowOf } from './import-cookies.ts'
import { isPython, SECRET_NAMES, type SourceRow } from './import-row.ts'

export type JsonFormat = 'flow2api' | 'python_json' | 'cookie_json' | 'json'

export interface JsonRead {
  readonly format: JsonFormat
  readonly rows: readonly SourceRow[]
}

/** Where other programs put their list. */
const LISTS = ['accounts', 'tokens', 'data'] as const

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A document, or one object a line. The error does not repeat what was sent. */
export function parseJson(text: string): Result<unknown, Fault> {
  const whole = tryParse(text)
  if (whole.isOk()) return ok(whole.value)
  const lines = text.split('\n').filter(line => line.trim() !== '')
  if (lines.length > 1 && lines.every(line => line.trimStart().startsWith('{')))
    return ok(lines.map(line => tryParse(line).unwrapOr(BROKEN)))
  return err(domainFault('invalid_json', 'It begins like JSON, but is not valid JSON. Export it again, whole.'))
}

const BROKEN = Symbol('a line that is no JSON')

/** Error: `invalid_value` where there is no list of accounts in it. */
export function readJsonRows(document: unknown, rules: CookieRules): Result<JsonRead, Fault> {
  const jar = cookiesOf(isObject(document) ? document['cookies'] : document)
  if (jar) return ok({ format: 'cookie_json', rows: [rowOf(jar, 1, rules)] })
  const list = listOf(document)
  if (!list) {
    const message = 'There is no list of accounts in this JSON. Send a list, or an object with `accounts` or `tokens`.'
    return err(domainFault('invalid_value', message))
  }
  const rows = list.map((item, index) => readItem(item, index + 1, rules))
  const own = isObject(document) && document['object'] === 'flow2api.accounts'
  const python = list.some(item => isObject(item) && isPython(item))
  return ok({ format: own ? 'flow2api' : python ? 'python_json' : 'json', rows })
}

function listOf(document: unknown): readonly unknown[] | undefined {
  if (Array.isArray(document)) return document
  if (!isObject(document)) return undefined
  const list = LISTS.map(name => document[name]).find(Array.isArray)
  if (list) return list
  return Object.keys(document).some(name => SECRET_NAMES.has(name.toLowerCase())) ? [document] : undefined
}

function readItem(item: unknown, row: number, rules: CookieRules): SourceRow {
  if (typeof item === 'string') return { row, fields: { st: item } }
  const jar = cookiesOf(isObject(item) ? item['cookies'] : item)
  if (jar) {
    const read = rowOf(jar, row, rules)
    return 'fields' in read && isObject(item) ? { row, fields: { ...item, ...read.fields } } : read
  }
  if (isObject(item)) return { row, fields: item }
  return { row, problem: 'It is neither an object with the fields of an account nor a session token.' }
}

function tryParse(text: string): Result<unknown, undefined> {
  try {
    return ok(JSON.parse(text))
  } catch {
    return err(undefined)
  }
}
