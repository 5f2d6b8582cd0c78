/** What a surface would have answered: lets a job be fetched by its id in the form of the endpoint that it came by. */
import { defineExtensionPoint } from 'flow2api/plugin'
import type { Job } from './jobs.ts'

export interface ResultView {
  /**
   * The body of the endpoint's answer to a completed job, media by address; undefined for jobs that came by another
   * surface. Pure and cheap.
   */
  result(job: Job): object | undefined
}

export const ResultView = defineExtensionPoint<ResultView>('jobs.result-view', 1)
