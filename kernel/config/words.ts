/** Values, schemas and problems in plain English. */
import { isAbsolute, relative } from 'node:path'
import type { TSchema } from 'elysia'
import { closest, distance } from 'fastest-levenshtein'
import type { ConfigProblem } from '../control.ts'

/** The candidate that was probably meant, or `null` where none is near. */
export function nearest(word: string, candidates: readonly string[]): string | null {
  if (candidates.length === 0) return null
  const plain = (text: string) => text.toLowerCase().replaceAll('-', '_')
  const best = closest(plain(word), candidates.map(plain))
  const found = candidates.find(candidate => plain(candidate) === best) ?? null
  return found !== null && distance(plain(word), best) <= Math.max(2, Math.floor(word.length / 3)) ? found : null
}

/** Replaces passwords in URLs: `http://user:********@host`. Rather too much than too little: up to the last `@`. */
export const maskUrls = (text: string): string =>
  text.replaceAll(/([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*):\S*@/gi, '$1:********@')

/** A value as an error message quotes it; of a secret one only the kind. */
export function showValue(value: unknown, secret = false): string {
  if (secret && (typeof value === 'string' || typeof value === 'number'))
    return `${typeof value === 'string' ? 'text' : 'a number'} (secret, not shown)`
  if (typeof value === 'string') {
    const masked = maskUrls(value)
    return `the text ${JSON.stringify(masked.length > 60 ? `${masked.slice(0, 60)}…` : masked)}`
  }
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (value instanceof Date) return 'a date'
  if (typeof value === 'object' && value !== null) return 'a table'
  return value === undefined ? 'nothing' : String(value)
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text in quotes',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'a table',
}

/** What a schema allows: `a whole number from 0 to 65535`. A schema's `error` text says it better where there is one. */
export function describeSchema(schema: TSchema): string {
  if (typeof schema['error'] === 'string') return schema['error']
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  const choices = choicesOf(schema)
  if (choices)
    return choices.length === 1
      ? JSON.stringify(choices[0])
      : `one of ${choices.map(choice => JSON.stringify(choice)).join(', ')}`
  if (Array.isArray(schema.anyOf)) return schema.anyOf.map(describeSchema).join(', or ')
  if (schema.type === 'array')
    return `a list${range(schema.minItems, schema.maxItems, ' items')}, each ${describeSchema(schema['items'])}`
  const base = TYPES[String(schema.type)] ?? 'another kind of value'
  if (schema.type === 'string') {
    const length = range(schema.minLength, schema.maxLength, ' characters')
    const form = schema.format
      ? ` in the form of a ${schema.format}`
      : schema.pattern
        ? ` that matches ${schema.pattern}`
        : ''
    return schema.minLength === 1 && schema.maxLength === undefined
      ? `${base} that is not empty${form}`
      : base + length + form
  }
  const above = schema.exclusiveMinimum === undefined ? '' : ` above ${schema.exclusiveMinimum}`
  const below = schema.exclusiveMaximum === undefined ? '' : ` below ${schema.exclusiveMaximum}`
  return base + range(schema.minimum, schema.maximum) + above + below
}

/** ` from 1 to 5`, ` of at least 1`, ` of at most 5 characters`. */
function range(least: number | undefined, most: number | undefined, unit = ''): string {
  if (least !== undefined && most !== undefined) return ` ${unit === '' ? 'from' : 'of'} ${least} to ${most}${unit}`
  if (least !== undefined) return ` of at least ${least}${unit}`
  return most === undefined ? '' : ` of at most ${most}${unit}`
}

/** The values of an enumeration, or `null` where the schema is none. */
export function choicesOf(schema: TSchema): readonly unknown[] | null {
  if (Array.isArray(schema['enum'])) return schema['enum']
  if (!Array.isArray(schema.anyOf)) return null
  const members: TSchema[] = schema.anyOf
  return members.length > 0 && members.every(member => member.const !== undefined)
    ? members.map(member => member.const)
    : null
}

/** All problems for a terminal, in the order of files and lines. */
export function describeProblems(problems: readonly ConfigProblem[]): string {
  const shown = problems.map(({ path, file, line, message, suggestion }) => {
    const place = `${shortPath(file)}${line === null ? '' : `:${line}`}${path === '' ? '' : `  ${path}`}`
    return `  ${place}\n      ${message}${suggestion === null ? '' : ` Did you mean \`${suggestion}\`?`}`
  })
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  return `The configuration has ${count}:\n\n${shown.join('\n')}\n`
}

function shortPath(file: string): string {
  if (!isAbsolute(file)) return file
  const short = relative(process.cwd(), file)
  return short.startsWith('..') ? file : short
}
