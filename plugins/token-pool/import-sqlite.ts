/** The accounts in the SQLite file of the Python flow2api (`data/flow.db`). Reads; never writes, never throws. */
import { Database } from 'bun:sqlite'
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { SourceRow } from './import-row.ts'

const HEADING = 'SQLite format 3\0'
/** In the file's header: how it is written and read; 2 is a write-ahead log, which a file in memory has not. */
const JOURNAL_MODES = [18, 19] as const
const ROLLBACK_JOURNAL = 1

export const isSqlite = (bytes: Uint8Array): boolean =>
  new TextDecoder('latin1').decode(bytes.subarray(0, HEADING.length)) === HEADING

/** `most`: rows that are read. Error: `invalid_value`. */
export function readSqlite(bytes: Uint8Array, most: number): Result<SourceRow[], Fault> {
  const copy = Uint8Array.from(bytes)
  for (const place of JOURNAL_MODES) copy[place] = ROLLBACK_JOURNAL
  let file: Database | undefined
  try {
    file = Database.deserialize(copy, { readonly: true, strict: true })
    // What a stranger wrote into the schema must not run.
    file.run('PRAGMA trusted_schema = OFF')
    file.run('PRAGMA query_only = ON')
    const tables = file.query<{ name: string }, []>("SELECT name FROM sqlite_schema WHERE type = 'table'").all()
    const names = new Set(tables.map(({ name }) => name))
    if (names.has('token_pool_accounts')) return err(unusable(OWN))
    if (!names.has('tokens')) return err(unusable('This SQLite file has no table `tokens`, so it is none of flow2api.'))
    const rows = file.query<Record<string, unknown>, [number]>('SELECT * FROM tokens LIMIT ?').all(most)
    return ok(rows.map((fields, index) => ({ row: index + 1, fields })))
  } catch {
    return err(unusable('This SQLite file cannot be read. Stop the program that writes it, and copy it again.'))
  } finally {
    file?.close()
  }
}

const OWN =
  "This is a database of this gateway, and what is sealed in it only its own secret key opens. Use that gateway's export."

const unusable = (message: string): Fault => domainFault('invalid_value', message, { param: 'file' })
