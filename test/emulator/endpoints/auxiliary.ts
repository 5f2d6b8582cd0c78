/** PROTOCOL.md 2.20: calls of the web page that a client may make and nothing depends on. */
import { json } from '../answers.ts'
import { defineEndpoint, type Endpoint } from '../endpoint.ts'

const quiet = (method: 'GET' | 'POST', path: string, body: unknown = {}): Endpoint =>
  defineEndpoint({ name: 'auxiliary', method, path, auth: 'none', handle: () => json(body) })

export const auxiliary: readonly Endpoint[] = [
  quiet('GET', '{labs}/trpc/general.fetchUserPreferences'),
  quiet('GET', '{labs}/trpc/videoFx.getFlowAppConfig'),
  quiet('GET', '{labs}/trpc/videoFx.getUserSettings'),
  quiet('POST', '{labs}/trpc/general.submitBatchLog'),
  quiet('POST', '{api}:checkAppAvailability', { availabilityState: 'AVAILABLE' }),
]
