/** Flow as a generation provider: a thin table over the steps. */
import { domainFault, type GenerationProvider, type Operation, type Session } from 'flow2api/contracts'
import { type Clock, err, errAsync, type Fault, ok, okAsync, type ResultAsync } from 'flow2api/plugin'
import { accountDriver } from './account.ts'
import { loadCatalogue } from './catalogue.ts'
import { type FlowClient, flowClient } from './client.ts'
import { faultOfAnswer } from './errors.ts'
import { listModels } from './models.ts'
import { readOperation } from './operation.ts'
import { planModel } from './plan.ts'
import { cancelRequest } from './requests.ts'
import type { Settings } from './settings.ts'
import { startUnit } from './start.ts'
import { statusOf } from './status.ts'

export interface FlowOptions {
  readonly settings: Settings
  readonly clock: Clock
  /** Source of seeds where a request brings none; 0 up to, not including, 1. */
  readonly random: () => number
}

export function flowProvider({ settings, clock, random }: FlowOptions): GenerationProvider {
  const catalogue = loadCatalogue()
  const models = listModels(catalogue)
  const client = flowClient(settings)
  const driver = accountDriver(client, clock)
  return {
    models: () => models,
    accounts: () => driver,
    plan: (model, parameters, inputs) => planModel(catalogue, model, parameters, inputs),
    start: (unit, session) => startUnit({ catalogue, client, clock, random }, unit, session),
    status: (operations, session) => statusOf({ client, clock }, operations, session),
    cancel: (operation, session) => cancelVideo(client, clock, operation, session),
    polling: () => ({ intervalMs: settings.pollIntervalMs, maxAttempts: settings.maxPollAttempts }),
  }
}

/** Best effort: what Flow does not know, or will not cancel any more, counts as done (PROTOCOL.md 2.19). */
function cancelVideo(
  client: FlowClient,
  clock: Clock,
  operation: Operation,
  { account, fetch, signal }: Session,
): ResultAsync<void, Fault> {
  const video = readOperation(operation)
  if (video === undefined) return okAsync()
  if (account === undefined)
    return errAsync(domainFault('internal_error', 'Flow was asked to cancel without an account.'))
  return client
    .api('cancel', '/flowMedia:cancelGeneration', account.access, { fetch, signal }, cancelRequest(video.name))
    .andThen(answer => {
      const { status } = answer
      if ((status >= 200 && status < 300) || status === 400 || status === 404 || status === 409) return ok()
      return err(faultOfAnswer(answer, 'plain', clock.now()))
    })
}
