/** PROTOCOL.md 2.4 */
import { json } from '../answers.ts'
import { defineEndpoint } from '../endpoint.ts'

const PLANS = {
  PAYGATE_TIER_NOT_PAID: { sku: 'G1_FREEMIUM', serviceTier: 'SERVICE_TIER_ENTRY' },
  PAYGATE_TIER_ONE: { sku: 'G1_TIER1', serviceTier: 'SERVICE_TIER_INTERMEDIATE' },
  PAYGATE_TIER_TWO: { sku: 'G1_TIER2', serviceTier: 'SERVICE_TIER_ADVANCED' },
} as const

export const credits = defineEndpoint({
  name: 'credits',
  method: 'GET',
  path: '{api}/credits',
  auth: 'access',
  latency: 'creditsMs',
  handle({ account }) {
    return json({ credits: account.credits, userPaygateTier: account.tier, ...PLANS[account.tier] })
  },
})
