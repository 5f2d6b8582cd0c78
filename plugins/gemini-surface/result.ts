/** What the endpoints answer for a job, for those who fetch it by its id later on. */
import type { Job } from 'flow2api/contracts'
import { addressedContent } from './content-answer.ts'
import { addressedInteraction, INTERACTION_ENDPOINT } from './interaction-body.ts'
import { CONTENT_ENDPOINT, PREDICT_ENDPOINT } from './methods.ts'
import { operationBody, VIDEO_ENDPOINT } from './operations.ts'
import { addressedPrediction } from './predict.ts'

/** Media by address: whoever wants the bytes fetches them. */
export function resultOf(job: Job): object | undefined {
  switch (job.surface) {
    case CONTENT_ENDPOINT:
      return addressedContent(job)
    case PREDICT_ENDPOINT:
      return addressedPrediction(job)
    case VIDEO_ENDPOINT:
      return operationBody(job, index => job.media[index]?.url ?? '')
    case INTERACTION_ENDPOINT:
      return addressedInteraction(job)
    default:
      return undefined
  }
}
