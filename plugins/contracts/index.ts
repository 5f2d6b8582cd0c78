/** What plugins say to each other: types and typed references only. Published as `flow2api/contracts`. */
export * from './accounts.ts'
export * from './answers.ts'
export * from './auth.ts'
export * from './egress.ts'
export * from './faults.ts'
export * from './jobs.ts'
export * from './media.ts'
export * from './provider.ts'
