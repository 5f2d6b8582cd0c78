/** What the file system and SQLite refuse, as faults that say what to do. */
import { mkdirSync } from 'node:fs'
import { err, ok, type Result } from 'neverthrow'
import { type Fault, kernelFault, messageOf } from './fault.ts'

const UNWRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENOENT'])

/** The code of a system or SQLite error, e.g. `ENOSPC`, `SQLITE_FULL`. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : ''
}

/** Only its owner may look into the data directory: it holds sealed secrets and the key to them. */
export function ensureDirectory(path: string): Result<void, Fault> {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return ok()
  } catch (cause) {
    return err(diskFault(cause, path))
  }
}

/** Why `path` could not be written. */
export function diskFault(cause: unknown, path: string): Fault {
  const code = codeOf(cause)
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return kernelFault('disk_full', `There is no space left to write ${path}. Free some space and start again.`, {
      cause,
    })
  const reason = UNWRITABLE.has(code) ? code : messageOf(cause)
  return kernelFault(
    'data_dir_unwritable',
    `${path} cannot be written (${reason}). Let the user who runs the gateway write there, or name another directory in FLOW2API_DATA_DIR.`,
    { cause },
  )
}
