/** Refusals as faults, and once per word a line in the log where Flow says something that nobody has described yet. */
import type { Clock, Fault } from 'flow2api/plugin'
import type { Answer } from './client.ts'
import { type CallNature, faultOfAnswer, faultOfFailure, unknownWords } from './errors.ts'
import { type Failure, readError } from './readers.ts'

export type Warn = (fields: Readonly<Record<string, unknown>>, message: string) => void

export interface Judge {
  /** An answer whose status is not 2xx. */
  answer(answer: Answer, nature: CallNature): Fault
  /** Work that failed while the call that reports it succeeded. */
  failure(failure: Failure): Fault
}

/** What an upstream may make it remember. */
const MOST_WORDS = 500

/** The words are remembered by this judge, so by one instance of the plugin. */
export function createJudge(clock: Clock, warn: Warn): Judge {
  const told = new Set<string>()
  const tell = (words: readonly string[], where: Readonly<Record<string, unknown>>) => {
    for (const reason of unknownWords(words)) {
      if (told.has(reason) || told.size >= MOST_WORDS) continue
      told.add(reason)
      warn(
        { reason, ...where },
        'Flow gave a reason that this version does not know; it is handled by its status and blamed on nobody',
      )
    }
  }
  return {
    answer(answer, nature) {
      const { reasons, status } = readError(answer.body)
      tell(reasons, { httpStatus: answer.status, status })
      return faultOfAnswer(answer, nature, clock.now())
    },
    failure(failure) {
      tell([...(failure.token === undefined ? [] : [failure.token]), ...failure.reasons], { where: 'generation' })
      return faultOfFailure(failure)
    },
  }
}
