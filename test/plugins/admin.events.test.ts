/** What happens, as a stream for the operator's programs. */
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { AccountStateChanged, Audited, Auth, domainFault, type Job, JobFinished } from 'flow2api/contracts'
import { definePlugin, errAsync, okAsync } from 'flow2api/plugin'
import { createTestKernel, type ManualClock, manualClock, type TestKernel } from 'flow2api/testing'
import admin from '../../plugins/admin/index.ts'
import { jobOf } from './webhooks.world.ts'

/** Whose sessions have not ended. */
const known = new Set<string>()
const auth = definePlugin({
  name: 'auth',
  version: '0.0.0',
  provides: [Auth],
  setup: ctx =>
    ctx.provide(Auth, {
      verify: request =>
        known.has(request.headers.get('authorization') ?? '')
          ? okAsync({ kind: 'admin', id: 'admin' })
          : errAsync(domainFault('admin_required', 'Sign in first.')),
    }),
})

let kernel: TestKernel
let clock: ManualClock
beforeEach(async () => {
  known.clear()
  known.add('me')
  clock = manualClock()
  kernel = await createTestKernel({ plugins: { auth, admin }, clock })
})
afterEach(() => kernel.stop())

const ask = (query = '', headers: Record<string, string> = {}) =>
  kernel.fetch(`/admin/api/events${query}`, { headers: { authorization: 'me', ...headers } })

async function follow(query = '', headers: Record<string, string> = {}) {
  const reader = (await ask(query, headers)).body?.getReader()
  let text = ''
  const read = async () => {
    const { value, done } = (await reader?.read()) ?? { value: undefined, done: true }
    text += new TextDecoder().decode(value)
    return !done
  }
  await read()
  return {
    /** The next events with their ids, once there are so many. */
    async next(count: number) {
      const pieces = () => text.split('\n\n').filter(piece => piece.includes('data: '))
      while (pieces().length < count && (await read()));
      const found = pieces().map(piece => ({
        id: /^id: (.*)$/m.exec(piece)?.[1] ?? '',
        event: /^event: (.*)$/m.exec(piece)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(piece)?.[1] ?? 'null'),
      }))
      text = ''
      return found
    },
    ended: async () => {
      while (await read());
      return true
    },
    leave: () => reader?.cancel(),
  }
}

const finished = (more: Partial<Job> = {}) =>
  jobOf('job_1', { status: 'failed', fault: domainFault('moderation_blocked', 'No.'), prompt: 'private', ...more })

test('jobs, accounts, reloads and what people do, as they happen', async () => {
  kernel.emit(AccountStateChanged, { accountId: 1, state: 'ready', reason: 'before anybody looked' })
  const { next, leave } = await follow()
  kernel.emit(JobFinished, finished())
  kernel.emit(AccountStateChanged, { accountId: 7, state: 'cooling', reason: 'Throttled.' })
  kernel.emit(Audited, { actor: 'admin', ip: '::1', action: 'account.edit', target: '#7', detail: 'remark' })
  const [job, account, audit] = await next(3)
  expect(job).toMatchObject({
    event: 'job',
    data: { id: 'job_1', status: 'failed', error: { code: 'moderation_blocked', blame: 'request' } },
  })
  // What people asked for is in the job, for those who look there.
  expect(JSON.stringify(job)).not.toContain('private')
  expect(account).toMatchObject({ event: 'account', data: { id: 7, state: 'cooling', reason: 'Throttled.' } })
  expect(audit).toMatchObject({ event: 'audit', data: { action: 'account.edit', target: '#7' } })
  await leave()
})

test('types choose, and a reader who comes back misses nothing, over a reload of this plugin too', async () => {
  const first = await follow('?types=account,reload')
  kernel.emit(JobFinished, finished())
  kernel.emit(AccountStateChanged, { accountId: 1, state: 'disabled', reason: 'x' })
  const [seen] = await first.next(1)
  expect(seen).toMatchObject({ event: 'account', data: { id: 1 } })
  await kernel.fetch('/admin/api/plugins/admin/reload', { method: 'POST', headers: { authorization: 'me' } })
  expect(await first.ended()).toBe(true)
  kernel.emit(AccountStateChanged, { accountId: 2, state: 'disabled', reason: 'y' })
  const again = await follow('?types=account,reload', { 'last-event-id': seen?.id ?? '' })
  const missed = await again.next(2)
  expect(missed.map(({ event }) => event)).toEqual(['reload', 'account'])
  expect(missed[0]?.data.plugins).toContainEqual(expect.objectContaining({ id: 'admin', outcome: 'reloaded' }))
  // Each is told once, however many generations have listened.
  expect(missed.filter(({ data }) => data.id === 2)).toHaveLength(1)
  await again.leave()
})

test('only for the admin, and not after the session has ended', async () => {
  expect((await ask('', { authorization: 'somebody' })).status).toBe(401)
  const refused = await ask('?types=job,prompts')
  expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'types' } }])
  const { ended } = await follow()
  known.clear()
  const over = ended()
  await clock.advance(15_000)
  await clock.advance(15_000)
  expect(await over).toBe(true)
})
