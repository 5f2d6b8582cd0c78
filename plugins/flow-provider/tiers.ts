/** The account tiers, from the least to the greatest (PROTOCOL.md 1.7). */
export const TIERS = ['PAYGATE_TIER_NOT_PAID', 'PAYGATE_TIER_ONE', 'PAYGATE_TIER_TWO'] as const
export type Tier = (typeof TIERS)[number]

/** An unknown tier counts as the least (PROTOCOL.md 6.4). */
export const tierOf = (written: unknown): Tier => TIERS.find(tier => tier === written) ?? 'PAYGATE_TIER_NOT_PAID'

/** What the product calls them. */
export const TIER_NAMES: Readonly<Record<Tier, string>> = {
  PAYGATE_TIER_NOT_PAID: 'free',
  PAYGATE_TIER_ONE: 'AI Pro',
  PAYGATE_TIER_TWO: 'AI Ultra',
}
