/** What people paste: session tokens and cookie headers, one account a line; and tables with a heading. Pure. */
import Papa from 'papaparse'
import { SECRET_NAMES, type SourceRow } from './import-row.ts'

/** `name=value`, with something behind the sign: the padding of base64 is none. */
const PAIR = /^(cookie:\s*)?[^\s=;,"]+=(?!=*$)[^;]+(;|$)/i

export const isCookieHeader = (line: string): boolean => PAIR.test(line.trim())

/** Blank lines, and lines that begin with `#`, are none. */
export function readLines(text: string): SourceRow[] {
  const lines = text.split(/\r?\n/).map(line => line.trim())
  const filled = lines.filter(line => line !== '' && !line.startsWith('#'))
  // One header that was wrapped after each cookie: no name comes twice.
  const names = filled.map(line => line.replace(/^cookie:\s*/i, '').split('=', 1)[0])
  const wrapped = filled.length > 1 && filled.every(isCookieHeader) && new Set(names).size === filled.length
  if (wrapped) return [{ row: 1, fields: { st: filled.map(line => line.replace(/;$/, '')).join('; ') } }]
  return filled.map((st, index) => ({ row: index + 1, fields: { st } }))
}

const SEPARATORS = [',', ';', '\t', '|'] as const

/** The separator, where the first line names columns and one of them is the session token. */
function separatorOf(text: string): string | undefined {
  const heading = text.trimStart().split('\n', 1)[0] ?? ''
  const cells = (separator: string) =>
    heading.split(separator).map(cell =>
      cell
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .toLowerCase(),
    )
  return SEPARATORS.map(separator => ({ separator, names: cells(separator) }))
    .filter(({ names }) => names.some(name => SECRET_NAMES.has(name)))
    .sort((a, b) => b.names.length - a.names.length)[0]?.separator
}

export const isTable = (text: string): boolean => separatorOf(text) !== undefined

/** Separated by comma, semicolon, tab or bar, whichever it is; quoted after RFC 4180. `most`: rows that are read. */
export function readTable(text: string, most: number): SourceRow[] {
  const whole = parseTable(text.trim(), most)
  if (!whole.errors.some(({ type }) => type === 'Quotes')) return rowsOf(whole)
  // A quote that nothing closes swallows what follows: then every line is a row for itself.
  const [heading = '', ...lines] = text.trim().split(/\r?\n/)
  return lines
    .filter(line => line.trim() !== '')
    .slice(0, most)
    .flatMap((line, index) => rowsOf(parseTable(`${heading}\n${line}`, 1), index + 1))
}

type Table = Papa.ParseResult<Record<string, unknown>>

const parseTable = (text: string, most: number): Table =>
  Papa.parse<Record<string, unknown>>(text, {
    header: true,
    skipEmptyLines: 'greedy',
    delimiter: separatorOf(text) ?? ',',
    transformHeader: name => name.trim().toLowerCase(),
    preview: most,
  })

function rowsOf({ data, errors, meta }: Table, first = 1): SourceRow[] {
  const columns = meta.fields?.length ?? 0
  const broken = new Map(errors.flatMap(({ row, type }) => (row === undefined ? [] : [[row, type] as const])))
  return data.map((fields, index): SourceRow => {
    const row = index + first
    const type = broken.get(index)
    if (type === 'FieldMismatch')
      return {
        row,
        problem: `It has not the ${columns} columns that the first line names. Put values that hold the separator into quotes.`,
      }
    if (type === 'Quotes') return { row, problem: 'Its quotes do not match. Write a quote inside of quotes twice.' }
    return { row, fields }
  })
}
