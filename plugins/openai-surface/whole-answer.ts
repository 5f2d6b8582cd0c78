/** Answers that come when the work is done, in one piece. */
import { wholeAnswer as answerOf, type Job } from 'flow2api/contracts'
import type { Admitted } from './admission.ts'
import { type Surface, worldOf } from './surface.ts'

/** `present` makes the answer of a job that succeeded. */
export const wholeAnswer = (
  surface: Surface,
  admitted: Admitted,
  present: (job: Job) => Response | Promise<Response>,
): Promise<Response> => answerOf(worldOf(surface), admitted, { present })
