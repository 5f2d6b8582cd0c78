/** Ten accounts that never run out of credits. */
export const BENCH_ACCOUNTS = Array.from({ length: 10 }, (_, n) => ({
  st: `bench-session-${n}`,
  email: `bench${n}@flow.example`,
  name: `Bench ${n}`,
  credits: 100_000_000,
  tier: 'PAYGATE_TIER_ONE' as const,
}))
