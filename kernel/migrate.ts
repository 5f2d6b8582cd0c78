/** Applies the migrations of one plugin, each in a transaction of its own, and sees that it keeps to its own tables. */
import type { Database as Sqlite } from 'bun:sqlite'
import { err, ok, type Result } from 'neverthrow'
import { type Fault, kernelFault } from './fault.ts'
import type { Migration } from './plugin.ts'

/** Written by drizzle-kit between statements. */
const BREAKPOINT = '--> statement-breakpoint'

interface Applied {
  readonly name: string
  readonly hash: string
}

/**
 * The history belongs to the plugin's name, as its tables do: declared under another id, it finds them again.
 * Throws what SQLite throws outside of a step.
 */
export function migratePlugin(
  sqlite: Sqlite,
  pluginId: string,
  pluginName: string,
  migrations: readonly Migration[],
  toFault: (cause: unknown) => Fault,
): Result<void, Fault> {
  const plugin = pluginId === pluginName ? `"${pluginId}"` : `"${pluginId}" (${pluginName})`
  const names = migrations.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined)
    return err(kernelFault('plugin_invalid', `The plugin ${plugin} has two migrations named ${twice}. Rename one.`))
  const applied = sqlite
    .query<Applied, [string]>('SELECT name, hash FROM kernel_migrations WHERE plugin = ? ORDER BY name')
    .all(pluginName)
  const unknown = applied.filter(({ name }) => !names.includes(name)).map(({ name }) => name)
  if (unknown.length > 0)
    return err(
      kernelFault(
        'database_newer',
        `The database was written by a newer version of the plugin ${plugin}: this one does not know ${unknown.join(', ')}. Install the newer version again, or bring back a backup from before it.`,
      ),
    )
  for (const migration of migrations) {
    const hash = hashSql(migration.sql)
    const before = applied.find(({ name }) => name === migration.name)
    if (before && before.hash !== hash)
      return err(
        kernelFault(
          'database_unusable',
          `The migration ${migration.name} of the plugin ${plugin} has changed since it was applied to this database. Bring back the original, and put the change into a new migration.`,
        ),
      )
    if (before) continue
    const done = applyStep(sqlite, migration, pluginName, toFault)
    if (done.isErr())
      return err({
        ...done.error,
        message: `The migration ${migration.name} of the plugin ${plugin} was not applied. ${done.error.message}`,
      })
  }
  return ok()
}

function applyStep(
  sqlite: Sqlite,
  { name, sql }: Migration,
  pluginName: string,
  toFault: (cause: unknown) => Fault,
): Result<void, Fault> {
  const prefix = tablePrefix(pluginName)
  // Rebuilding a table drops the old one, which would delete the rows that refer to it. The pragma is ignored inside of
  // a transaction, and so are drizzle-kit's own; the check before the commit does instead.
  sqlite.run('PRAGMA foreign_keys = OFF')
  sqlite.run('BEGIN IMMEDIATE')
  try {
    const others = tablesOfOthers(sqlite, prefix)
    for (const statement of statementsOf(sql)) {
      sqlite.run(statement)
      if (!sqlite.inTransaction) return refuse('It ends the transaction that it runs in. Remove COMMIT and ROLLBACK.')
    }
    const touched = difference(others, tablesOfOthers(sqlite, prefix))
    if (touched !== null)
      return refuse(`It touches ${touched}, but the tables of this plugin have to be named ${prefix} or ${prefix}_….`)
    const broken = sqlite.query<{ table: string }, []>('PRAGMA foreign_key_check').get()
    if (broken) return refuse(`It leaves rows in ${broken.table} that refer to rows which do not exist.`)
    sqlite
      .query('INSERT INTO kernel_migrations (plugin, name, hash, applied_at) VALUES (?, ?, ?, ?)')
      .run(pluginName, name, hashSql(sql), Date.now())
    sqlite.run('COMMIT')
    return ok()
  } catch (cause) {
    return err(toFault(cause))
  } finally {
    if (sqlite.inTransaction) sqlite.run('ROLLBACK')
    sqlite.run('PRAGMA foreign_keys = ON')
  }
}

const refuse = (why: string) => err(kernelFault('database_unusable', why))

const tablePrefix = (pluginName: string): string => pluginName.toLowerCase().replaceAll(/[^a-z0-9]/g, '_')

function statementsOf(sql: string): string[] {
  const isComment = (piece: string) => piece.replaceAll(/--.*$|\/\*[\s\S]*?\*\//gm, '').trim() === ''
  return sql.split(BREAKPOINT).filter(piece => !isComment(piece))
}

/** Line ends may differ between checkouts. */
const hashSql = (sql: string): string =>
  new Bun.CryptoHasher('sha256').update(sql.replaceAll('\r\n', '\n').trim()).digest('hex')

/** Name and definition of every table, index, view and trigger that belongs to a table of somebody else. */
function tablesOfOthers(sqlite: Sqlite, prefix: string): Map<string, string> {
  const rows = sqlite
    .query<{ type: string; name: string; tbl_name: string; sql: string | null }, []>(
      "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .all()
  const own = (table: string) => table === prefix || table.startsWith(`${prefix}_`)
  return new Map(rows.filter(row => !own(row.tbl_name)).map(row => [`the ${row.type} "${row.name}"`, row.sql ?? '']))
}

function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string | null {
  for (const name of new Set([...before.keys(), ...after.keys()])) if (before.get(name) !== after.get(name)) return name
  return null
}
