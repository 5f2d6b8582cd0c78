/**
 * What every surface does alike between its own readers and writers: headers, pictures, the choice of a model, the way
 * to a job and the wait for it. Functions without state; a surface brings its API's words (`SurfaceWorld.refuse`).
 */
export * from './attendance.ts'
export * from './content.ts'
export * from './fingerprint.ts'
export * from './heartbeat.ts'
export * from './ignored.ts'
export * from './job-lookup.ts'
export * from './limits.ts'
export * from './model-choice.ts'
export * from './outcome.ts'
export * from './paths.ts'
export * from './picture-format.ts'
export * from './pictures.ts'
export * from './placing.ts'
export * from './preferences.ts'
export * from './request-headers.ts'
export * from './submission.ts'
export * from './values.ts'
export * from './whole-answer.ts'
export * from './world.ts'
