import { Database as Sqlite } from 'bun:sqlite'
import { afterAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { Result } from 'neverthrow'
import { databaseFault, type KernelDatabase, openDatabase } from '../../kernel/database.ts'

const root = mkdtempSync(join(tmpdir(), 'flow2api-database-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const fresh = () => join(root, String(++count))

const open = (url = ':memory:', dir = root) => openDatabase(url, dir)._unsafeUnwrap()
const tables = (database: KernelDatabase) =>
  database
    .for('test')
    .all<{ name: string }>(sql`SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name`)
    .map(({ name }) => name)
const pragma = (database: KernelDatabase, name: string) =>
  Object.values(database.for('test').get<Record<string, unknown>>(sql.raw(`PRAGMA ${name}`)))[0]

const init = { name: '0000_init', sql: 'CREATE TABLE lab_notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL)' }
const more = { name: '0001_more', sql: 'ALTER TABLE lab_notes ADD COLUMN tag TEXT' }

describe('opening', () => {
  test('an empty url is flow2api.db in the data directory, which is made', () => {
    const dir = join(fresh(), 'deep')
    const database = open('', dir)
    expect(existsSync(join(dir, 'flow2api.db'))).toBe(true)
    expect(statSync(join(dir, 'flow2api.db')).mode & 0o077).toBe(0)
    expect(pragma(database, 'journal_mode')).toBe('wal')
    expect(pragma(database, 'foreign_keys')).toBe(1)
    expect(pragma(database, 'synchronous')).toBe(1)
    expect(pragma(database, 'busy_timeout')).toBe(5000)
    database.close()
  })

  test.each(['sqlite:', 'sqlite://', 'file:', 'file://', 'SQLite:', ''])('"%s<path>" names a file', prefix => {
    const file = join(fresh(), 'x.db')
    open(prefix + file).close()
    expect(existsSync(file)).toBe(true)
  })

  test.each(['postgres://u:secret@host/db', 'mysql:x', 'libsql://x', 'sqlite:', 'file://'])('%s is refused', url => {
    const fault = openDatabase(url, root)._unsafeUnwrapErr()
    expect(fault.code).toBe('database_unusable')
    expect(fault.message).toContain('SQLite')
    expect(fault.message).not.toContain('secret')
  })

  test('closing twice is closing once, and leaves one file with everything in it', () => {
    const dir = fresh()
    const database = open('', dir)
    database.migrate('lab', 'lab', [init])._unsafeUnwrap()
    database.for('lab').run(sql`INSERT INTO lab_notes (body) VALUES ('kept')`)
    database.close()
    database.close()
    const bytes = new Sqlite(join(dir, 'flow2api.db'), { readonly: true })
    expect(bytes.query('SELECT body FROM lab_notes').values()).toEqual([['kept']])
    bytes.close()
  })

  test('drizzle works on it', () => {
    const notes = sqliteTable('lab_notes', { id: integer('id').primaryKey(), body: text('body').notNull() })
    const database = open()
    database.migrate('lab', 'lab', [init])._unsafeUnwrap()
    const db = database.for('lab')
    db.insert(notes).values({ body: 'hello' }).run()
    expect(db.select().from(notes).all()).toEqual([{ id: 1, body: 'hello' }])
  })
})

describe('what cannot be opened', () => {
  test.each([
    ['no database at all', 'just some text, and enough of it to be a page'.repeat(200)],
    ['a torn header', `SQLite format 3\u0000${'x'.repeat(5000)}`],
  ])('%s is a fault without a stack', (_, content) => {
    const dir = fresh()
    mkdirSync(dir)
    writeFileSync(join(dir, 'flow2api.db'), content)
    const fault = openDatabase('', dir)._unsafeUnwrapErr()
    expect(fault.code).toBe('database_unusable')
    expect(fault.message).toContain('backup')
    expect(fault.message).not.toContain('    at ')
  })

  test('a schema that is damaged inside', () => {
    const file = join(fresh(), 'x.db')
    const database = open(file)
    database.migrate('lab', 'lab', [init])._unsafeUnwrap()
    database.close()
    const bytes = readFileSync(file)
    bytes.write('CREATE NONSENSE', bytes.indexOf('CREATE TABLE lab_notes'))
    writeFileSync(file, bytes)
    expect(openDatabase(file, root)._unsafeUnwrapErr().code).toBe('database_unusable')
  })

  test('a directory in its place, and a data directory that is a file', () => {
    const dir = fresh()
    mkdirSync(join(dir, 'flow2api.db'), { recursive: true })
    expect(openDatabase('', dir)._unsafeUnwrapErr().code).toBe('data_dir_unwritable')
    const file = fresh()
    writeFileSync(file, '')
    expect(openDatabase('', join(file, 'data'))._unsafeUnwrapErr().code).toBe('data_dir_unwritable')
  })

  test('a file that may only be read', () => {
    const file = join(fresh(), 'x.db')
    open(file).close()
    // Root may write every file; a read-only connection meets the same refusal.
    const readonly = new Sqlite(file, { readonly: true })
    const refusal = Result.fromThrowable(() => readonly.run('DELETE FROM kernel_migrations WHERE 0'))()
    readonly.close()
    expect(databaseFault(refusal._unsafeUnwrapErr(), file)).toMatchObject({
      code: 'data_dir_unwritable',
      message: expect.stringContaining(file),
    })
  })

  test('a database that another process is writing for longer than our patience', () => {
    const dir = fresh()
    const ours = open('', dir)
    ours.for('test').run(sql`PRAGMA busy_timeout = 20`)
    const other = new Sqlite(join(dir, 'flow2api.db'))
    other.run('BEGIN IMMEDIATE')
    const fault = ours.migrate('lab', 'lab', [init])._unsafeUnwrapErr()
    expect(fault).toMatchObject({ code: 'database_unusable', retry: 'later' })
    expect(fault.message).toContain('Another process')
    other.run('ROLLBACK')
    other.close()
    ours.migrate('lab', 'lab', [init])._unsafeUnwrap()
    ours.close()
  })
})

describe('migrations', () => {
  test('are applied once, in order, and the rest follows later', () => {
    const dir = fresh()
    const first = open('', dir)
    first.migrate('lab', 'lab', [init])._unsafeUnwrap()
    first.migrate('lab', 'lab', [init])._unsafeUnwrap()
    first.close()
    const second = open('', dir)
    second.migrate('lab', 'lab', [init, more])._unsafeUnwrap()
    second.for('lab').run(sql`INSERT INTO lab_notes (body, tag) VALUES ('a', 'b')`)
    expect(second.for('lab').values(sql`SELECT plugin, name FROM kernel_migrations ORDER BY name`)).toEqual([
      ['lab', '0000_init'],
      ['lab', '0001_more'],
    ])
    second.close()
  })

  test('statements are separated as drizzle-kit does it, with comments and Windows line ends', () => {
    const database = open()
    const step = {
      name: '0000_init',
      sql: '-- first\r\nCREATE TABLE lab_a (x);\r\n--> statement-breakpoint\r\n/* nothing\r\n here */\r\n--> statement-breakpoint\r\nCREATE TABLE lab_b (x); CREATE INDEX lab_b_x ON lab_b (x);\r\n--> statement-breakpoint\r\n',
    }
    database.migrate('lab', 'lab', [step])._unsafeUnwrap()
    expect(tables(database)).toEqual(['kernel_migrations', 'lab_a', 'lab_b'])
    // The same text checked out on another system.
    database.migrate('lab', 'lab', [{ ...step, sql: step.sql.replaceAll('\r\n', '\n') }])._unsafeUnwrap()
  })

  test('plugins have histories of their own; the history follows the name, not the id', () => {
    const database = open()
    database.migrate('lab', 'lab', [init])._unsafeUnwrap()
    database.migrate('cache', 'cache', [{ name: '0000_init', sql: 'CREATE TABLE cache_files (x)' }])._unsafeUnwrap()
    database.migrate('lab-renamed', 'lab', [init, more])._unsafeUnwrap()
    expect(tables(database)).toEqual(['cache_files', 'kernel_migrations', 'lab_notes'])
  })

  test('a step that fails half-way leaves nothing of itself, and what came before stays', () => {
    const database = open()
    const broken = {
      name: '0001_bad',
      sql: 'CREATE TABLE lab_half (x);\n--> statement-breakpoint\nCREAT TABLE lab_rest (x)',
    }
    const fault = database.migrate('lab', 'lab', [init, broken])._unsafeUnwrapErr()
    expect(fault.code).toBe('database_unusable')
    expect(fault.message).toContain('0001_bad')
    expect(fault.message).toContain('"lab"')
    expect(tables(database)).toEqual(['kernel_migrations', 'lab_notes'])
    expect(pragma(database, 'foreign_keys')).toBe(1)
    database.migrate('lab', 'lab', [init, more])._unsafeUnwrap()
  })

  test('a database from a newer version is refused, and says which steps are unknown', () => {
    const database = open()
    database.migrate('lab', 'lab', [init, more])._unsafeUnwrap()
    const fault = database.migrate('lab', 'lab', [init])._unsafeUnwrapErr()
    expect(fault.code).toBe('database_newer')
    expect(fault.message).toContain('0001_more')
    expect(database.migrate('lab', 'lab', [])._unsafeUnwrapErr().code).toBe('database_newer')
  })

  test('a step that was changed after it was applied is refused', () => {
    const database = open()
    database.migrate('lab', 'lab', [init])._unsafeUnwrap()
    const changed = { ...init, sql: `${init.sql} STRICT` }
    expect(database.migrate('lab', 'lab', [changed])._unsafeUnwrapErr()).toMatchObject({
      code: 'database_unusable',
      message: expect.stringContaining('0000_init'),
    })
  })

  test('two steps of one name are a mistake of the plugin', () => {
    expect(open().migrate('lab', 'lab', [init, init])._unsafeUnwrapErr().code).toBe('plugin_invalid')
  })

  test('a full disk is told as such, and nothing is half done', () => {
    const database = open('', fresh())
    database.migrate('lab', 'lab', [init])._unsafeUnwrap()
    const pages = pragma(database, 'page_count')
    database.for('lab').run(sql.raw(`PRAGMA max_page_count = ${pages}`))
    const big = {
      name: '0001_big',
      sql: 'CREATE TABLE lab_big (x);\n--> statement-breakpoint\nINSERT INTO lab_big VALUES (randomblob(100000))',
    }
    const fault = database.migrate('lab', 'lab', [init, big])._unsafeUnwrapErr()
    expect(fault).toMatchObject({ code: 'disk_full', message: expect.stringContaining('Free some space') })
    expect(tables(database)).toEqual(['kernel_migrations', 'lab_notes'])
    database.close()
  })

  test('a plugin keeps to its own tables', () => {
    const database = open()
    database
      .migrate('token-pool', 'token-pool', [
        { name: '0', sql: 'CREATE TABLE token_pool (x); CREATE TABLE token_pool_accounts (id INTEGER PRIMARY KEY, x)' },
      ])
      ._unsafeUnwrap()
    const refused = [
      'CREATE TABLE notes (x)',
      'CREATE TABLE labs_notes (x)',
      'CREATE VIEW everything AS SELECT * FROM token_pool',
      'DROP TABLE token_pool',
      'ALTER TABLE token_pool_accounts ADD COLUMN lab TEXT',
      'CREATE INDEX lab_fast ON token_pool_accounts (x)',
      'CREATE TRIGGER lab_spy AFTER INSERT ON token_pool BEGIN SELECT 1; END',
      'DROP TABLE kernel_migrations',
    ]
    const before = tables(database)
    for (const sql of refused)
      expect(database.migrate('lab', 'lab', [{ name: '0000_init', sql }])._unsafeUnwrapErr()).toMatchObject({
        code: 'database_unusable',
        message: expect.stringContaining('lab_'),
      })
    expect(tables(database)).toEqual(before)
    database.migrate('lab', 'lab', [init])._unsafeUnwrap()
  })

  test('a step cannot end its own transaction', () => {
    const database = open()
    const sneaky = {
      name: '0000_init',
      sql: 'CREATE TABLE lab_a (x); COMMIT;\n--> statement-breakpoint\nCREATE TABLE lab_b (x)',
    }
    expect(database.migrate('lab', 'lab', [sneaky])._unsafeUnwrapErr().message).toContain('COMMIT')
    expect(pragma(database, 'foreign_keys')).toBe(1)
  })

  test('rebuilding a table keeps the rows that refer to it', () => {
    const database = open()
    const base = {
      name: '0000_init',
      sql: [
        'CREATE TABLE lab_jobs (id INTEGER PRIMARY KEY, state TEXT)',
        'CREATE TABLE lab_units (id INTEGER PRIMARY KEY, job INTEGER NOT NULL REFERENCES lab_jobs (id) ON DELETE CASCADE)',
      ].join(';\n--> statement-breakpoint\n'),
    }
    database.migrate('lab', 'lab', [base])._unsafeUnwrap()
    database.for('lab').run(sql`INSERT INTO lab_jobs VALUES (1, 'done')`)
    database.for('lab').run(sql`INSERT INTO lab_units VALUES (7, 1)`)
    const rebuild = {
      name: '0001_rebuild',
      sql: [
        'PRAGMA foreign_keys=OFF',
        "CREATE TABLE __new_lab_jobs (id INTEGER PRIMARY KEY, state TEXT NOT NULL DEFAULT 'queued')",
        'INSERT INTO __new_lab_jobs SELECT * FROM lab_jobs',
        'DROP TABLE lab_jobs',
        'ALTER TABLE __new_lab_jobs RENAME TO lab_jobs',
        'PRAGMA foreign_keys=ON',
      ].join(';\n--> statement-breakpoint\n'),
    }
    database.migrate('lab', 'lab', [base, rebuild])._unsafeUnwrap()
    expect(database.for('lab').values(sql`SELECT * FROM lab_units`)).toEqual([[7, 1]])
    expect(() => database.for('lab').run(sql`INSERT INTO lab_units VALUES (8, 99)`)).toThrow()
    const orphan = { name: '0002_orphan', sql: 'DELETE FROM lab_jobs' }
    expect(database.migrate('lab', 'lab', [base, rebuild, orphan])._unsafeUnwrapErr().message).toContain('lab_units')
    expect(database.for('lab').values(sql`SELECT id FROM lab_jobs`)).toEqual([[1]])
  })
})
