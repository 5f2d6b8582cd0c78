/** Telling others that a job has ended. Provided by `webhooks`; optional. */
import { defineCapability, type Fault, type ResultAsync } from 'flow2api/plugin'

export interface WebhookDesk {
  /**
   * Whether the end of a job may be reported there. Before the job is submitted with it as `callbackUrl`, which is all
   * that is needed. Error: `invalid_value`, param `callback_url`.
   */
  check(url: string): ResultAsync<void, Fault>
}

export const Webhooks = defineCapability<WebhookDesk>('webhooks', 1)
