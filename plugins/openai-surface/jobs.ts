/** Jobs in the terms of OpenAI's objects. */
import type { Job } from 'flow2api/contracts'

/** Unix seconds, as every OpenAI object has them. */
export const unixSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000)

/** What the caller asked for, or what serves a caller who left it to us. */
export const modelNameOf = (job: Job): string => job.model || job.resolvedModel
