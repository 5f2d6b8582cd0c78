/** Exit codes (after sysexits.h) and the faults that lead to them. Documented in README. */
import type { Fault, KernelFaultCode } from './fault.ts'

export const EXIT = {
  ok: 0,
  /** A required plugin failed, or anything without a code of its own. */
  failed: 1,
  usage: 64,
  databaseNewer: 65,
  portInUse: 69,
  databaseUnusable: 70,
  cannotWriteData: 73,
  diskFull: 74,
  /** Another gateway runs on the same data directory. */
  directoryInUse: 75,
  configInvalid: 78,
} as const

const BY_FAULT: Partial<Record<string, number>> = {
  config_invalid: EXIT.configInvalid,
  dependency_missing: EXIT.configInvalid,
  dependency_cycle: EXIT.configInvalid,
  port_in_use: EXIT.portInUse,
  data_dir_in_use: EXIT.directoryInUse,
  database_newer: EXIT.databaseNewer,
  database_unusable: EXIT.databaseUnusable,
  data_dir_unwritable: EXIT.cannotWriteData,
  secret_unreadable: EXIT.cannotWriteData,
  disk_full: EXIT.diskFull,
} satisfies Partial<Record<KernelFaultCode, number>>

export const exitCodeOf = (fault: Pick<Fault, 'code'>): number => BY_FAULT[fault.code] ?? EXIT.failed

/** Faults of storage: no plugin can be blamed for them, so the boot ends. */
export const endsBoot = (fault: Fault): boolean =>
  ['database_newer', 'database_unusable', 'data_dir_unwritable', 'disk_full'].includes(fault.code)
