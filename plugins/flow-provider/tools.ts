/** What the steps work with. */
import type { Clock } from 'flow2api/plugin'
import type { Catalogue } from './catalogue.ts'
import type { FlowClient } from './client.ts'
import type { Judge, Warn } from './judge.ts'
import type { Lateness } from './lateness.ts'
import type { VerificationSources } from './verification.ts'

export interface Tools {
  /** Of this plugin, as it is declared. */
  readonly id: string
  readonly catalogue: Catalogue
  readonly client: FlowClient
  readonly clock: Clock
  /** 0 up to, not including, 1. */
  readonly random: () => number
  readonly judge: Judge
  readonly verification: VerificationSources
  readonly warn: Warn
  readonly lateness: Lateness
}
