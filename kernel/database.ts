/** One SQLite file for the kernel and all plugins; each plugin has its own tables and its own migration history. */
import { SQLiteError, Database as Sqlite } from 'bun:sqlite'
import { closeSync, openSync } from 'node:fs'
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { err, ok, type Result } from 'neverthrow'
import { diskFault, ensureDirectory } from './disk.ts'
import { type Fault, kernelFault, messageOf } from './fault.ts'
import { migratePlugin } from './migrate.ts'
import type { Database, Migration } from './plugin.ts'

export interface KernelDatabase {
  for(pluginId: string): Database
  /**
   * Brings a plugin's tables up to date. Errors: `database_newer`, `database_unusable`, `disk_full`,
   * `data_dir_unwritable`. A step that fails leaves nothing behind; the steps before it stay.
   */
  migrate(pluginId: string, pluginName: string, migrations: readonly Migration[]): Result<void, Fault>
  close(): void
}

/** Errors: `database_unusable`, `data_dir_unwritable`, `disk_full`. */
export function openDatabase(url: string, dataDir: string): Result<KernelDatabase, Fault> {
  return locateFile(url, dataDir).andThen(path => {
    const ready = path === ':memory:' ? ok() : ensureDirectory(resolve(path, '..'))
    return ready.andThen(() => connect(path)).map(sqlite => wrap(sqlite, path))
  })
}

/** `[database] url` → path of a file. A relative path starts in the working directory. */
function locateFile(url: string, dataDir: string): Result<string, Fault> {
  const text = url.trim()
  if (text === '') return ok(resolve(dataDir, 'flow2api.db'))
  if (text === ':memory:') return ok(text)
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/i.exec(text) ?? []
  if (scheme === undefined) return ok(resolve(text))
  const unusable = (what: string) =>
    err(
      kernelFault(
        'database_unusable',
        `[database] url ${what}. Leave it empty for ${join(dataDir, 'flow2api.db')}, or write the path of an SQLite file, such as "sqlite:/srv/flow2api.db".`,
      ),
    )
  if (!['sqlite', 'file'].includes(scheme.toLowerCase()))
    return unusable(`has the scheme "${scheme}:", but only SQLite is supported`)
  if (rest === ':memory:') return ok(rest)
  if (rest === '' || rest === '//') return unusable(`names no file after "${scheme}:"`)
  try {
    if (rest.startsWith('///')) return ok(fileURLToPath(`file:${rest}`))
    const path = rest.replace(/^\/\//, '')
    return ok(isAbsolute(path) ? path : resolve(path))
  } catch (cause) {
    return unusable(`is not a path (${messageOf(cause)})`)
  }
}

function connect(path: string): Result<Sqlite, Fault> {
  let sqlite: Sqlite | undefined
  try {
    // Prompts and sealed secrets are for the owner's eyes; SQLite gives its other files the same permissions.
    if (path !== ':memory:') closeSync(openSync(path, 'a', 0o600))
  } catch (cause) {
    return err(diskFault(cause, path))
  }
  try {
    sqlite = new Sqlite(path, { create: true, readwrite: true, strict: true })
    sqlite.run('PRAGMA busy_timeout = 5000')
    sqlite.run('PRAGMA journal_mode = WAL')
    // In WAL mode a crash of the process loses nothing that was committed, and no crash corrupts the file. A power cut
    // may take back the last moments, which FULL would prevent at the price of a disk flush for every commit.
    sqlite.run('PRAGMA synchronous = NORMAL')
    sqlite.run('PRAGMA foreign_keys = ON')
    sqlite.run(
      'CREATE TABLE IF NOT EXISTS kernel_migrations (plugin TEXT NOT NULL, name TEXT NOT NULL, hash TEXT NOT NULL, applied_at INTEGER NOT NULL, PRIMARY KEY (plugin, name)) WITHOUT ROWID',
    )
    // Changes nothing, but finds out now whether the file may be written.
    sqlite.run('DELETE FROM kernel_migrations WHERE 0')
    return ok(sqlite)
  } catch (cause) {
    sqlite?.close()
    return err(databaseFault(cause, path))
  }
}

function wrap(sqlite: Sqlite, path: string): KernelDatabase {
  const database = drizzle({ client: sqlite })
  let open = true
  return {
    for: () => database,
    migrate(pluginId, pluginName, migrations) {
      try {
        return migratePlugin(sqlite, pluginId, pluginName, migrations, cause => databaseFault(cause, path))
      } catch (cause) {
        return err(databaseFault(cause, path))
      }
    },
    close() {
      if (!open) return
      open = false
      try {
        sqlite.run('PRAGMA optimize')
        sqlite.run('PRAGMA wal_checkpoint(TRUNCATE)')
      } catch {
        // Tidying only: what was committed is in the file or its -wal, which the next start reads.
      }
      sqlite.close()
    },
  }
}

/** What SQLite refused, in the terms of the operator. Anything else that was thrown is a bug and stays one. */
export function databaseFault(cause: unknown, path: string): Fault {
  if (!(cause instanceof SQLiteError)) throw cause
  const code = cause.code ?? ''
  const is = (...names: string[]) => names.some(name => code === name || code.startsWith(`${name}_`))
  if (is('SQLITE_FULL'))
    return kernelFault(
      'disk_full',
      `There is no space left for the database ${path}. Free some space and start again.`,
      {
        cause,
      },
    )
  if (is('SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_PERM')) return diskFault(cause, path)
  if (is('SQLITE_NOTADB', 'SQLITE_CORRUPT'))
    return kernelFault(
      'database_unusable',
      `${path} is damaged, or is not an SQLite database (${cause.message}). Bring back a backup, or move the file away to start with an empty one.`,
      { cause },
    )
  if (is('SQLITE_BUSY', 'SQLITE_LOCKED'))
    return kernelFault(
      'database_unusable',
      `Another process holds the database ${path}. Stop the other gateway, or give this one a data directory of its own.`,
      { cause, retry: 'later' },
    )
  return kernelFault('database_unusable', `The database ${path} cannot be used: ${cause.message}.`, { cause })
}
