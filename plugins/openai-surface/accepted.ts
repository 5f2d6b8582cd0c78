/** Answers that come before the work is done. */
import { JOB_HEADER, type Job, jobBody } from 'flow2api/contracts'
import { type Preferences, spelledPreferences } from './preferences.ts'

/** 202: the work goes on, and `Location` tells where to look. */
export const acceptedResponse = (job: Job, preferences: Preferences): Response =>
  Response.json(jobBody(job), {
    status: 202,
    headers: {
      [JOB_HEADER]: job.id,
      location: `/v1/jobs/${job.id}`,
      'preference-applied': spelledPreferences(preferences),
    },
  })
