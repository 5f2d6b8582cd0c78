/**
 * One gateway to a data directory: two would poll, pay and count over each other. The lock is one of SQLite's on a file
 * of its own, so that the operating system lets go of it with the process, however that ends.
 */
import { Database as Sqlite } from 'bun:sqlite'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from 'neverthrow'
import { codeOf, diskFault } from './disk.ts'
import { type Fault, kernelFault } from './fault.ts'

export interface DirectoryLock {
  release(): void
}

/** Errors: `data_dir_in_use`, those of the disk. */
export function lockDirectory(directory: string): Result<DirectoryLock, Fault> {
  const file = join(directory, 'gateway.lock')
  const owner = join(directory, 'gateway.pid')
  let database: Sqlite | undefined
  try {
    database = new Sqlite(file, { create: true })
    database.run('pragma busy_timeout = 0')
    database.run('begin exclusive')
    writeFileSync(owner, `${process.pid}\n`)
    const held = database
    return ok({ release: () => held.close() })
  } catch (cause) {
    database?.close()
    if (codeOf(cause).startsWith('SQLITE_BUSY')) return err(inUse(directory, owner))
    return err(diskFault(cause, file))
  }
}

function inUse(directory: string, owner: string): Fault {
  const pid = readPid(owner)
  const who = pid === undefined ? 'Another gateway' : `Another gateway (process ${pid})`
  return kernelFault(
    'data_dir_in_use',
    `${who} is running on ${directory}. Stop it first, or give this one a directory of its own with FLOW2API_DATA_DIR.`,
  )
}

function readPid(file: string): number | undefined {
  try {
    return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined
  } catch {
    return undefined
  }
}
