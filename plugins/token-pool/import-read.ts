/** From what was sent to rows of accounts: finds out the format by itself. */
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import { type CookieRules, isNetscape, readNetscape } from './import-cookies.ts'
import { type JsonFormat, parseJson, readJsonRows } from './import-json.ts'
import type { SourceRow } from './import-row.ts'
import { isSqlite, readSqlite } from './import-sqlite.ts'
import { isCookieHeader, isTable, readLines, readTable } from './import-text.ts'
import { isSealed, unseal } from './passphrase.ts'

export type ImportFormat = JsonFormat | 'session_tokens' | 'cookie_header' | 'netscape' | 'csv' | 'sqlite'

export interface ImportRead {
  readonly format: ImportFormat
  readonly rows: readonly SourceRow[]
}

export interface ReadRules extends CookieRules {
  /** Opens our own sealed export. */
  readonly passphrase: string | undefined
}

/** What one request may bring; more is refused as a whole, with the advice to split it. */
export const MOST_ROWS = 5000
export const MOST_BYTES = 64 * 1024 * 1024
const MOST_TEXT_BYTES = 16 * 1024 * 1024

/** Errors: `invalid_value`, `invalid_json`, `missing_required_parameter`; none of them repeats what was sent. */
export async function readImport(bytes: Uint8Array, rules: ReadRules): Promise<Result<ImportRead, Fault>> {
  if (bytes.length > MOST_BYTES) return err(tooMuch('bytes', MOST_BYTES))
  const read = isSqlite(bytes)
    ? readSqlite(bytes, MOST_ROWS + 1).map((rows): ImportRead => ({ format: 'sqlite', rows }))
    : await readText(bytes, rules)
  if (read.isErr()) return read
  if (read.value.rows.length > MOST_ROWS) return err(tooMuch('accounts', MOST_ROWS))
  if (read.value.rows.length === 0) return err(domainFault('invalid_value', 'There is no account in what was sent.'))
  return read
}

async function readText(bytes: Uint8Array, rules: ReadRules): Promise<Result<ImportRead, Fault>> {
  if (bytes.length > MOST_TEXT_BYTES) return err(tooMuch('bytes of text', MOST_TEXT_BYTES))
  const text = decoded(bytes)
  if (/^\s*[[{]/.test(text)) return readDocument(text, rules)
  if (isNetscape(text)) return ok({ format: 'netscape', rows: readNetscape(text, rules) })
  if (isTable(text)) return ok({ format: 'csv', rows: readTable(text, MOST_ROWS + 1) })
  const rows = readLines(text)
  const first = rows[0]
  const header = first !== undefined && 'fields' in first && isCookieHeader(String(first.fields['st']))
  return ok({ format: header ? 'cookie_header' : 'session_tokens', rows })
}

async function readDocument(text: string, rules: ReadRules): Promise<Result<ImportRead, Fault>> {
  const document = parseJson(text)
  if (document.isErr()) return err(document.error)
  if (!isSealed(document.value)) return readJsonRows(document.value, rules)
  const opened = await unseal(document.value, rules.passphrase)
  return opened.andThen(parseJson).andThen(plain => readJsonRows(plain, rules))
}

/** Windows' editors write UTF-16, and all of them a mark at the beginning. */
function decoded(bytes: Uint8Array): string {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

const tooMuch = (what: string, most: number): Fault =>
  domainFault('invalid_value', `This is more than ${most} ${what}. Split it; what was imported already stays as it is.`)
