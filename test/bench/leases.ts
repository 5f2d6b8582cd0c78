/** What a lease costs the pool itself, among few accounts and among many: taken, its outcome reported, given back. */
import { Database as Sqlite } from 'bun:sqlite'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import { ok, okAsync, type Secrets } from 'flow2api/plugin'
import { AccountBook } from '../../plugins/token-pool/accounts.ts'
import { type Backend, Ledger } from '../../plugins/token-pool/ledger.ts'
import { Outcomes } from '../../plugins/token-pool/outcomes.ts'
import { Pool } from '../../plugins/token-pool/pool.ts'
import { silent, unusedAccount } from '../fixtures/pool.ts'

export interface LeasesMeasured {
  readonly accounts: number
  /**
   * Acquired and closed; the same with a reported success in between. Microseconds, the best of many short rounds, so
   * that what else runs on the machine does not count.
   */
  readonly leaseUs: number
  readonly reportedUs: number
}

const KEPT = 64
const ROUNDS = 150
const PER_ROUND = 2_000
const TIERS = ['PAYGATE_TIER_NOT_PAID', 'PAYGATE_TIER_ONE', 'PAYGATE_TIER_TWO']

/** `KEPT` leases are open all the time; the oldest is closed before the next is taken. */
export async function leases(accounts: number): Promise<LeasesMeasured> {
  const clock = { now: () => Date.now(), after: () => () => {} }
  const ledger = new Ledger(
    Array.from({ length: accounts }, (_, n) =>
      unusedAccount(n + 1, {
        tier: TIERS[n % TIERS.length] ?? '',
        credits: 1_000_000 + n,
        imageConcurrency: 1 + (n % 5),
        access: 'a',
        accessExpiresAt: Date.now() + 3_600_000,
      }),
    ),
    clock,
  )
  const secrets: Secrets = { seal: text => text, open: text => ok(text) }
  const book = new AccountBook(ledger, drizzle(new Sqlite(':memory:')), secrets, clock, () => {})
  const outcomes = new Outcomes({ ledger, book, clock, log: silent, banThreshold: 3, random: Math.random })
  const session = () => okAsync({ id: 0, secret: '', access: '', tier: '', attributes: {} })
  const backend: Backend = {
    selection: 'least_loaded',
    tiers: () => TIERS,
    session,
    renew: session,
    report: ended => outcomes.record(ended),
  }
  ledger.attach(backend)
  const pool = new Pool(ledger)
  const signal = new AbortController().signal
  const want = { provider: 'flow', kind: 'image', model: 'm', caller: 'one', credits: 10, signal } as const
  const round = async (reported: boolean): Promise<number> => {
    const open: AsyncDisposable[] = []
    const began = Bun.nanoseconds()
    for (let count = 0; count < PER_ROUND; count++) {
      const lease = (await pool.acquire(want))._unsafeUnwrap()
      if (reported) lease.report({ ok: true, credits: 1_000_000 })
      open.push(lease)
      if (open.length > KEPT) await open.shift()?.[Symbol.asyncDispose]()
    }
    const took = (Bun.nanoseconds() - began) / 1000 / PER_ROUND
    for (const lease of open) await lease[Symbol.asyncDispose]()
    return took
  }
  const best = async (reported: boolean) => {
    let least = Number.POSITIVE_INFINITY
    for (let count = 0; count < ROUNDS; count++) least = Math.min(least, await round(reported))
    return Math.round(least * 100) / 100
  }
  return { accounts, leaseUs: await best(false), reportedUs: await best(true) }
}

if (import.meta.main) console.log(JSON.stringify([await leases(100), await leases(100_000)]))
