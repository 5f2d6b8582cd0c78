/** Calls back when a file was saved, however its editor does that: written in place, or a new one moved over it. */
import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Clock } from './clock.ts'

/** Editors write in several steps. */
const QUIET_MS = 300

/** The undo. Where the directory cannot be watched, `failed` is told and nothing happens. */
export function watchFile(file: string, clock: Clock, saved: () => void, failed: (cause: unknown) => void): () => void {
  let cancel = () => {}
  let watcher: FSWatcher | undefined
  try {
    // Of the directory, as the file itself may be replaced by another one.
    watcher = watch(dirname(file), (_event, name) => {
      if (name !== basename(file)) return
      cancel()
      cancel = clock.after(QUIET_MS, saved)
    })
    watcher.on('error', failed)
  } catch (cause) {
    failed(cause)
  }
  return () => {
    cancel()
    watcher?.close()
  }
}
