/** Flow as a generation provider: a thin table over the steps. */
import type { GenerationProvider } from 'flow2api/contracts'
import type { Clock } from 'flow2api/plugin'
import { accountDriver } from './account.ts'
import { cancelWork, discardMedia, thumbnailOf } from './assets.ts'
import { loadCatalogue } from './catalogue.ts'
import { flowClient } from './client.ts'
import { createJudge, type Warn } from './judge.ts'
import { createLateness } from './lateness.ts'
import { listModels } from './models.ts'
import { planModel } from './plan.ts'
import { prepareUnit } from './prepare.ts'
import type { Settings } from './settings.ts'
import { startUnit } from './start.ts'
import { statusOf } from './status.ts'
import type { Tools } from './tools.ts'
import type { VerificationSources } from './verification.ts'

export interface FlowOptions {
  /** Of the plugin, as it is declared. */
  readonly id: string
  readonly settings: Settings
  readonly clock: Clock
  /** Source of seeds where a request brings none; 0 up to, not including, 1. */
  readonly random: () => number
  readonly verification: VerificationSources
  readonly warn: Warn
}

/** All of the contract but `lookup`: the upstream offers no way to ask for the work of an unanswered start. */
export function flowProvider(options: FlowOptions): Required<Omit<GenerationProvider, 'lookup'>> {
  const { settings, clock, warn } = options
  const catalogue = loadCatalogue()
  const models = listModels(catalogue)
  const judge = createJudge(clock, warn)
  const client = flowClient(settings)
  const tools: Tools = { ...options, catalogue, client, judge, lateness: createLateness() }
  const driver = accountDriver(client, clock, judge)
  return {
    models: () => models,
    accounts: () => driver,
    plan: (model, parameters, inputs) => planModel(catalogue, model, parameters, inputs),
    prepare: (unit, session) => prepareUnit(tools, unit, session),
    start: (unit, session) => startUnit(tools, unit, session),
    status: (operations, session) => statusOf(tools, operations, session),
    cancel: (operation, session) => cancelWork(tools, operation, session),
    thumbnail: (origin, session) => thumbnailOf(tools, origin, session),
    discard: (origins, session) => discardMedia(tools, origins, session),
    polling: () => ({ intervalMs: settings.pollIntervalMs, maxAttempts: settings.maxPollAttempts }),
  }
}
