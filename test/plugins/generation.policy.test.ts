import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { domainFault, FAULTS, type FaultCode, type JobStatus } from 'flow2api/contracts'
import { err, type Fault, fault, ok } from 'flow2api/plugin'
import {
  MOST_ACCOUNTS,
  MOST_REPEATS,
  type Situation,
  verdictOf,
  withoutBlame,
} from '../../plugins/generation/policy.ts'
import { newUnit } from '../../plugins/generation/records.ts'
import { endOf, progressOf, statusOf } from '../../plugins/generation/state.ts'
import { imageDone, settle, until, World } from './generation.world.ts'

const fresh: Situation = { accounts: 1, repeats: 0, renewed: false, phase: 'call', bound: false }
const acts = (code: FaultCode, situation: Partial<Situation> = {}) =>
  verdictOf(domainFault(code, 'x'), { ...fresh, ...situation }).act

test('each fault has one consequence', () => {
  expect(acts('access_expired')).toBe('renew')
  expect(acts('access_expired', { renewed: true })).toBe('move')
  expect(acts('account_throttled')).toBe('move')
  expect(acts('account_throttled', { bound: true })).toBe('fail')
  // Work that lives on its account waits for it.
  expect(acts('account_throttled', { bound: true, stays: true })).toBe('repeat')
  expect(acts('account_throttled', { bound: true, stays: true, repeats: MOST_REPEATS })).toBe('fail')
  expect(acts('account_throttled', { bound: true, stays: true, phase: 'accepted' })).toBe('fail')
  expect(acts('account_quota_spent', { bound: true, stays: true })).toBe('fail')
  expect(acts('access_expired', { phase: 'before' })).toBe('renew')
  expect(acts('account_throttled', { accounts: MOST_ACCOUNTS })).toBe('fail')
  expect(acts('account_quota_spent', { phase: 'accepted' })).toBe('move')
  expect(acts('upstream_unreachable')).toBe('repeat')
  expect(acts('proxy_unreachable', { phase: 'before' })).toBe('repeat')
  expect(acts('upstream_unreachable', { repeats: MOST_REPEATS })).toBe('fail')
  expect(acts('upstream_error', { phase: 'accepted' })).toBe('fail')
  expect(acts('moderation_blocked')).toBe('fail')
  expect(acts('verification_required')).toBe('fail')
  expect(acts('outcome_unknown')).toBe('unknown')
  const bug = fault('plugin_bug', 'x', { blame: 'gateway', retry: 'never' })
  expect(verdictOf(bug, fresh).act).toBe('unknown')
  expect(verdictOf(bug, { ...fresh, phase: 'before' }).act).toBe('fail')
})

test('a wait that the upstream asks for is kept, unless it is the caller who should wait', () => {
  const wait = (retryAfterMs: number) => verdictOf(domainFault('upstream_error', 'x', { retryAfterMs }), fresh)
  expect(wait(20_000)).toEqual({ act: 'repeat', afterMs: 20_000 })
  expect(wait(10)).toEqual({ act: 'repeat', afterMs: 1_000 })
  expect(wait(600_000)).toEqual({ act: 'fail' })
})

test('a second account is told what happened, without blame', () => {
  expect(withoutBlame(domainFault('account_throttled', 'x'))).toMatchObject({
    code: 'account_throttled',
    blame: 'upstream',
  })
  const innocent = domainFault('moderation_blocked', 'x')
  expect(withoutBlame(innocent)).toBe(innocent)
})

test('the state of a job follows from its units', () => {
  expect(statusOf(['queued', 'queued'])).toBe('queued')
  expect(statusOf(['completed', 'queued'])).toBe('running')
  expect(statusOf(['delivering', 'completed'])).toBe('delivering')
  expect(statusOf(['delivering', 'starting', 'queued'])).toBe('starting')
  expect(statusOf(['starting', 'running'])).toBe('running')
  const end = (...states: JobStatus[]) =>
    endOf(
      states.map(state => ({ state, fault: null })),
      false,
    ).status
  expect(end('completed', 'failed')).toBe('completed')
  expect(end('failed', 'outcome_unknown')).toBe('outcome_unknown')
  expect(end('failed', 'cancelled')).toBe('failed')
  expect(endOf([{ state: 'completed', fault: null }], true).status).toBe('completed')
  const half = [{ ...newUnit({ id: 'j', seq: 1 }, 0), progress: 100 }, newUnit({ id: 'j', seq: 1 }, 1)]
  expect(progressOf('running', half)).toBe(50)
  expect(progressOf('completed', half)).toBe(100)
})

const SMALL = { url: 'https://media.test/small.png', width: 4, height: 2 }

/** Whatever the upstream says, in whatever order. */
const anyFault: fc.Arbitrary<Fault> = fc
  .constantFrom(...(Object.keys(FAULTS) as FaultCode[]).filter(code => code !== 'downgraded')) // its keys are its codes; that one is the engine's own
  .map(code => domainFault(code, `It said ${code}.`))

test('whatever the upstream answers: every unit ends, no slot stays taken, one account is blamed at most', async () => {
  const scripts = fc.array(fc.oneof({ weight: 6, arbitrary: anyFault }, fc.constantFrom('done', 'next')), {
    minLength: 1,
    maxLength: 12,
  })
  await fc.assert(
    fc.asyncProperty(
      scripts,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 5 }),
      async (script, count, accounts) => {
        const world = new World()
        world.accounts = Array.from({ length: accounts }, (_, index) => index + 1)
        const answers = [...script]
        world.start = async () => {
          const answer = answers.shift() ?? 'done'
          if (answer === 'done') return ok(imageDone())
          // A chain, whose first part is there to fall back on.
          return answer === 'next' ? ok({ state: 'next', step: 1, media: [SMALL] }) : err(answer)
        }
        await using gateway = await world.boot()
        const { id } = await gateway.submit({ count })
        await until(async () => {
          await world.clock.advance(5_000)
          return (await gateway.job(id)).finishedAt !== null
        })
        await settle()
        expect(world.finished).toHaveLength(1)
        expect(world.leases.every(({ closed, reports }) => closed === 1 && reports.length === 1)).toBe(true)
        const blamed = world.leases.filter(({ reports }) =>
          reports.some(one => !one.ok && one.fault.blame === 'account'),
        )
        expect(blamed.length).toBeLessThanOrEqual(1)
        // Three accounts, and on each two repetitions and one renewal; and as often again for each further step.
        const steps = 1 + script.filter(answer => answer === 'next').length
        expect(world.starts.length).toBeLessThanOrEqual(count * steps * MOST_ACCOUNTS * (1 + MOST_REPEATS + 1))
        // Whatever became of it: who has a part of it gets that.
        const { status, media, fault } = await gateway.job(id)
        if (status === 'completed' || fault?.code === 'downgraded') expect(media.length).toBeGreaterThan(0)
        else if (status === 'failed') expect(media).toEqual([])
      },
    ),
    { numRuns: 60 },
  )
}, 30_000)
