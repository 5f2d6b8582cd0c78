/** What must be open before any plugin is set up: writable directories, the key to the secrets, the database. */
import { accessSync, constants } from 'node:fs'
import { err, ok, type Result } from 'neverthrow'
import { type KernelDatabase, openDatabase } from './database.ts'
import { diskFault, ensureDirectory } from './disk.ts'
import type { Fault } from './fault.ts'
import { lockDirectory } from './lock.ts'
import { openSecrets, type SecretBox } from './secrets.ts'

export interface Storage {
  readonly secrets: SecretBox
  readonly database: KernelDatabase
  /** Closes the database and lets go of the directory. */
  close(): void
}

/** Errors: `data_dir_unwritable`, `data_dir_in_use`, `secret_unreadable`, `database_unusable`, `disk_full`. */
export function openStorage(
  paths: { readonly data: string; readonly tmp: string },
  env: Readonly<Record<string, string | undefined>>,
  databaseUrl: string,
): Result<Storage, Fault> {
  return writable(paths.data)
    .andThen(() => writable(paths.tmp))
    .andThen(() => lockDirectory(paths.data))
    .andThen(lock => {
      const opened = openSecrets(paths.data, env).andThen(secrets =>
        openDatabase(databaseUrl, paths.data).map(database => ({
          secrets,
          database,
          close: () => {
            database.close()
            lock.release()
          },
        })),
      )
      if (opened.isErr()) lock.release()
      return opened
    })
}

function writable(directory: string): Result<void, Fault> {
  return ensureDirectory(directory).andThen(() => {
    try {
      accessSync(directory, constants.W_OK)
      return ok()
    } catch (cause) {
      return err(diskFault(cause, directory))
    }
  })
}
