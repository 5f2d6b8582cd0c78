/** Signs of life on a JSON answer that takes long (api-surfaces 0.4). */
import { withHeartbeats as beatingAnswer } from 'flow2api/contracts'
import type { Admitted } from './admission.ts'
import { type Surface, worldOf } from './surface.ts'

export const withHeartbeats = (
  surface: Surface,
  admitted: Pick<Admitted, 'job' | 'request'>,
  answer: (signal: AbortSignal) => Promise<Response>,
): Promise<Response> => beatingAnswer(worldOf(surface), admitted, answer)
