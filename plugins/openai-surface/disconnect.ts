/** What becomes of a job whose caller hangs up. */
import { attend as attendWorld } from 'flow2api/contracts'
import type { Admitted } from './admission.ts'
import { type Surface, worldOf } from './surface.ts'

/** Cancels the job where the caller wants it so, if `signal` aborts before `work` has ended. */
export const attend = <T>(
  surface: Surface,
  admitted: Pick<Admitted, 'job' | 'headers'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> => attendWorld(worldOf(surface), admitted, signal, work)
