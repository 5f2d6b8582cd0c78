/** Reads one TOML file into sections: text, tables, `${ENV:NAME}`. */
import { readFileSync } from 'node:fs'
import { err, ok, type Result } from 'neverthrow'
import { parse, TomlError } from 'smol-toml'
import type { ConfigProblem } from '../control.ts'
import { codeOf } from '../disk.ts'
import { messageOf } from '../fault.ts'
import type { Environment } from './environment.ts'
import { formatPath, type LineFinder, lineFinder } from './lines.ts'

export type Section = Record<string, unknown>

export interface Layer {
  readonly file: string
  readonly values: Record<string, Section>
  readonly find: LineFinder
}

/** What is noticed on the way, over all files. */
export interface Notes {
  readonly env: Environment
  /** Variables that are mentioned as `${ENV:NAME}`. */
  readonly mentioned: Set<string>
  readonly problems: ConfigProblem[]
}

export function isTable(value: unknown): value is Section {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

/** `null`: there is no such file. Fails where nothing can be read at all; other mistakes go to the notes. */
export function readLayer(
  file: string | null,
  mayBeMissing: boolean,
  notes: Notes,
  /** Taken instead of what the file holds. */
  candidate?: string,
): Result<Layer | null, ConfigProblem> {
  if (file === null) return ok(null)
  const read = candidate === undefined ? readText(file, mayBeMissing) : ok(candidate)
  return read.andThen(text =>
    text === null ? ok(null) : parseToml(file, text).map(tables => toLayer(file, text, tables, notes)),
  )
}

function toLayer(file: string, text: string, tables: Section, notes: Notes): Layer {
  const find = lineFinder(text)
  const report = (path: readonly string[], message: string) => {
    notes.problems.push({ path: formatPath(path), file, line: find(path).line, message, suggestion: null })
  }
  const expand = (value: unknown, path: readonly string[]): unknown => {
    if (Array.isArray(value)) return value.map((item, index) => expand(item, [...path, String(index)]))
    if (isTable(value)) return expandTable(value, path)
    if (typeof value !== 'string') return value
    return value.replaceAll(/\$\{ENV:([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
      notes.mentioned.add(name)
      const found = notes.env[name]
      if (found === undefined)
        report(
          path,
          `The environment variable ${name}, which this value mentions, is not set. Set it, or write the value.`,
        )
      return found ?? whole
    })
  }
  const expandTable = (table: Section, path: readonly string[]): Section =>
    Object.fromEntries(Object.entries(table).map(([key, value]) => [key, expand(value, [...path, key])]))
  const values: Record<string, Section> = {}
  for (const [name, value] of Object.entries(tables)) {
    if (isTable(value)) values[name] = expandTable(value, [name])
    else report([name], misplaced(name, value))
  }
  return { file, values, find }
}

function misplaced(name: string, value: unknown): string {
  return Array.isArray(value) && value.some(isTable)
    ? `\`${name}\` is written as a list of tables. Write it once, as [${name}].`
    : `\`${name}\` stands outside of every section. Move it under a [section] line.`
}

function readText(file: string, mayBeMissing: boolean): Result<string | null, ConfigProblem> {
  const problem = (message: string) => err({ path: '', file, line: null, message, suggestion: null })
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)))
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'ENOENT' && mayBeMissing) return ok(null)
    if (code === 'ENOENT')
      return problem('This file does not exist. Create it, or name another one in FLOW2API_CONFIG.')
    if (code === 'EACCES' || code === 'EPERM')
      return problem('This file may not be read by the user who runs the gateway. Change its permissions.')
    if (code === 'EISDIR') return problem('This is a directory. Name the configuration file inside it.')
    if (cause instanceof TypeError) return problem('This file is not UTF-8 text. Save it as UTF-8.')
    return problem(`This file could not be read: ${messageOf(cause)}.`)
  }
}

function parseToml(file: string, text: string): Result<Section, ConfigProblem> {
  try {
    return ok(parse(text, { unsafeKeyBehaviour: 'throw' }))
  } catch (cause) {
    // Only the first line of the message: the rest quotes the file, which may hold secrets.
    const reason = (messageOf(cause).split('\n')[0] ?? '').replace('Invalid TOML document: ', '')
    const line = cause instanceof TomlError ? cause.line : null
    return err({ path: '', file, line, message: `This is not valid TOML: ${reason}.`, suggestion: null })
  }
}
