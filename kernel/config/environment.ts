/** Settings that come from environment variables. They win over every file. An empty variable counts as not set. */
import type { TSchema } from 'elysia'

export type Environment = Readonly<Record<string, string | undefined>>

export const PREFIX = 'FLOW2API_'

/** Read before there is a configuration, or never part of one. */
export const RESERVED: ReadonlySet<string> = new Set([
  'FLOW2API_CONFIG',
  'FLOW2API_DATA_DIR',
  'FLOW2API_TMP_DIR',
  'FLOW2API_SECRET_KEY',
  'FLOW2API_LOG_LEVEL',
])

const SHORT: Readonly<Record<string, string>> = {
  'global.api_key': 'FLOW2API_API_KEY',
  'global.admin_password': 'FLOW2API_ADMIN_PASSWORD',
  'server.host': 'FLOW2API_HOST',
  'server.port': 'FLOW2API_PORT',
  'debug.enabled': 'FLOW2API_DEBUG',
}

const upper = (name: string): string => name.replaceAll('-', '_').toUpperCase()

/** Names of the variables that set a key, the one that wins first. */
export function variablesOf(section: string, key: string): readonly string[] {
  const general = `${PREFIX}${upper(section)}_${upper(key)}`
  const short = SHORT[`${section}.${key}`]
  return short === undefined ? [general] : [short, general]
}

/** The variable that sets a key in this environment. */
export function variableFor(
  env: Environment,
  section: string,
  key: string,
): { readonly name: string; readonly text: string } | null {
  for (const name of variablesOf(section, key)) {
    const text = env[name]
    if (text !== undefined && text !== '') return { name, text }
  }
  return null
}

const WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
}

/** `true`, `yes`, `on`, `1` and their opposites; `null` for anything else. */
export function readBoolean(text: string): boolean | null {
  const word = text.trim().toLowerCase()
  return Object.hasOwn(WORDS, word) ? (WORDS[word] ?? null) : null
}

/** What the text of a variable means under a schema. What cannot be read stays text, for the check to complain about. */
export function coerce(schema: TSchema, text: string): unknown {
  const trimmed = text.trim()
  if (Array.isArray(schema.anyOf)) {
    const members: TSchema[] = schema.anyOf
    for (const member of members) {
      if (member.const !== undefined) {
        if (String(member.const) === trimmed) return member.const
        continue
      }
      const value = coerce(member, text)
      if (typeof value !== 'string' || member.type === 'string') return value
    }
    return text
  }
  switch (schema.type) {
    case 'boolean':
      return readBoolean(trimmed) ?? text
    case 'integer':
    case 'number':
      return trimmed !== '' && Number.isFinite(Number(trimmed)) ? Number(trimmed) : text
    case 'array': {
      if (trimmed.startsWith('[')) return parseJson(trimmed) ?? text
      const items = trimmed.split(',').map(item => item.trim())
      return items.filter(item => item !== '').map(item => coerce(schema['items'], item))
    }
    case 'object':
      return trimmed.startsWith('{') ? (parseJson(trimmed) ?? text) : text
    default:
      return text
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
