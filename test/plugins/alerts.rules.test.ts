/** Every rule, from the figures to a webhook and a mail server: told once, and once that it is over. */
import { describe, expect, test } from 'bun:test'
import { RULES, type RuleName } from '../../plugins/alerts/rule-names.ts'
import { type AlertsWorld, startAlerts, tally } from './alerts.world.ts'

const MINUTE_MS = 60_000

interface Case {
  readonly subject: string
  readonly title: string
  /** Part of the text. */
  readonly says: string
  /** Makes it go wrong; whatever time that takes. */
  wrong(world: AlertsWorld): unknown
  well(world: AlertsWorld): unknown
}

const CASES: Readonly<Record<RuleName, Case>> = {
  account_disabled: {
    subject: '7',
    title: 'Account #7 is switched off',
    says: '3 errors in a row',
    wrong: world => world.accountIs(7, 'disabled', '3 errors in a row, the last: no.'),
    well: world => world.accountIs(7, 'ready', ''),
  },
  account_needs_session: {
    subject: '7',
    title: 'Account #7 needs a new session',
    says: 'refused',
    wrong: world => world.accountIs(7, 'needs_session', 'The session was refused.'),
    well: world => world.accountIs(7, 'deleted', 'deleted'),
  },
  pool_low: {
    subject: 'flow',
    title: 'Few accounts of flow are ready',
    says: 'Of 4 accounts: 1 ready, 3 cooling.',
    wrong: ({ state }) => {
      state.accounts = { ready: 1, cooling: 3 }
    },
    well: ({ state }) => {
      state.accounts = { ready: 2, cooling: 2 }
    },
  },
  credits_low: {
    subject: 'flow',
    title: 'Credits of flow are running low',
    says: 'an hour they last for',
    async wrong({ state, pass }) {
      for (let step = 0; step < 6; step++) {
        state.credits -= 20
        await pass(10 * MINUTE_MS)
      }
    },
    well: ({ state }) => {
      state.credits = 100_000
    },
  },
  error_rate: {
    subject: '',
    title: '40 % of the generations fail',
    says: '4 of 10 jobs failed: 3 with upstream_error, 1 with outcome_unknown.',
    wrong: ({ state }) => {
      state.tallies = [
        tally({ count: 6 }),
        tally({ status: 'failed', code: 'upstream_error', blame: 'upstream', count: 3 }),
        tally({ status: 'outcome_unknown', code: 'outcome_unknown', blame: 'gateway' }),
        tally({ status: 'failed', code: 'moderation_blocked', blame: 'request', count: 90 }),
      ]
    },
    well: ({ state }) => {
      state.tallies = [tally({ count: 6 })]
    },
  },
  slow: {
    subject: 'video',
    title: 'Videos take long',
    says: 'The last 5 took 1000 s in the mean; 900 s would be all right.',
    wrong: ({ state }) => {
      state.tallies = [tally({ kind: 'video', count: 5, tookMs: 5_000_000 }), tally({ count: 5, tookMs: 500_000 })]
    },
    well: ({ state }) => {
      state.tallies = [tally({ kind: 'video', count: 5, tookMs: 500_000 })]
    },
  },
  disk_low: {
    subject: 'data',
    title: 'Little disk space is left for data',
    says: 'MB are free',
    wrong: world => world.set({ disk_free_mb: 1e12 }),
    well: world => world.set({ disk_free_mb: 0 }),
  },
  memory_high: {
    subject: '',
    title: 'The gateway takes much memory',
    says: 'MB are resident',
    wrong: world => world.set({ memory_mb: 1 }),
    well: world => world.set({ memory_mb: 1e9 }),
  },
}

describe('told once, and once that it is over', () => {
  for (const rule of RULES)
    test(rule, async () => {
      const { subject, title, says, wrong, well } = CASES[rule]
      await using world = await startAlerts({ settings: { rules: [rule] } })
      const { receiver, mail, pass } = world
      const mine = () => receiver.posts.map(({ body }) => body).filter(body => dataOf(body)['subject'] === subject)
      const mails = () => mail.subjects().filter(line => line.includes(title))
      await pass(2 * MINUTE_MS)
      expect(receiver.posts).toEqual([])

      await wrong(world)
      await pass(15 * MINUTE_MS)
      expect(mine()).toEqual([
        {
          id: expect.stringMatching(/^alr_[0-9a-f]{32}$/),
          object: 'event',
          type: 'alert.fired',
          created_at: expect.any(Number),
          data: {
            rule,
            subject,
            severity: expect.stringMatching(/^(critical|warning)$/),
            title,
            text: expect.stringContaining(says),
            since: expect.any(Number),
            gateway: world.kernel.url,
          },
        },
      ])
      expect(mails()).toEqual([`[Flow2API] ${title}`])
      expect(await world.rule(rule)).toMatchObject({ state: 'firing', enabled: true, last_recovered_at: null })

      await well(world)
      await pass(15 * MINUTE_MS)
      expect(mine().map(({ type }) => type)).toEqual(['alert.fired', 'alert.recovered'])
      expect(mails()).toEqual([`[Flow2API] ${title}`, `[Flow2API] Recovered: ${title}`])
      expect(await world.rule(rule)).toMatchObject({ state: 'ok', alerts: [], last_recovered_at: expect.any(Number) })
      const states = (await world.deliveries()).map(({ state }) => state)
      expect(new Set(states)).toEqual(new Set(['delivered']))
    }, 60_000)
})

// Every body of the generic webhook has it.
const dataOf = (body: Record<string, unknown>) => body['data'] as Record<string, unknown>
