/**
 * What plugins say to each other: types and typed references; and functions without state for what several of them do
 * alike. Published as `flow2api/contracts`.
 */
export * from './accounts.ts'
export * from './answers.ts'
export * from './audit.ts'
export * from './auth.ts'
export * from './egress.ts'
export * from './faults.ts'
export * from './guard.ts'
export * from './job-body.ts'
export * from './jobs.ts'
export * from './media.ts'
export * from './metrics.ts'
export * from './models-view.ts'
export * from './operator.ts'
export * from './provider.ts'
export * from './results.ts'
export * from './signatures.ts'
export * from './surface/index.ts'
export * from './verification.ts'
export * from './webhooks.ts'
