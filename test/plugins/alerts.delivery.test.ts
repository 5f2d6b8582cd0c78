/** How alerts go out: order, repetition, quiet hours, restarts, tests, and what stays secret. */
import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { manualClock } from 'flow2api/testing'
import OpenAI from 'openai'
import { startAlerts, startReceiver, tally } from './alerts.world.ts'

const MINUTE_MS = 60_000

test('what does not last is not told; what comes back soon was never over', async () => {
  await using world = await startAlerts({ settings: { rules: ['pool_low'] } })
  const { state, pass } = world
  const low = { ready: 0, cooling: 4 }
  const full = { ready: 4 }
  state.accounts = low
  await pass(35_000)
  expect(await world.rule('pool_low')).toMatchObject({
    state: 'pending',
    alerts: [{ subject: 'flow', state: 'pending' }],
  })
  state.accounts = full
  await pass(10 * MINUTE_MS)
  expect(world.types()).toEqual([])
  state.accounts = low
  await pass(2 * MINUTE_MS)
  state.accounts = full
  await pass(4 * MINUTE_MS)
  expect(await world.rule('pool_low')).toMatchObject({ alerts: [{ state: 'recovering' }] })
  state.accounts = low
  await pass(30 * MINUTE_MS)
  expect(world.types()).toEqual(['alert.fired'])
})

test('with no knowledge all stays as it is', async () => {
  const rules = ['error_rate', 'pool_low', 'credits_low', 'account_disabled']
  await using world = await startAlerts({ settings: { rules, credits_least: 10 } })
  world.state.tallies = [tally({ status: 'failed', code: 'x', blame: 'upstream', count: 9 })]
  world.state.accounts = { disabled: 1 }
  world.state.credits = 5
  world.accountIs(7, 'disabled', 'no')
  await world.pass(2 * MINUTE_MS)
  expect(world.types()).toEqual(rules.map(() => 'alert.fired'))
  world.state.ledger = false
  world.state.pool = false
  await world.pass(20 * MINUTE_MS)
  expect(world.types()).toHaveLength(rules.length)
  for (const rule of rules) expect(await world.rule(rule), rule).toMatchObject({ state: 'firing' })
})

test('what leaves, leaves nothing behind', async () => {
  await using world = await startAlerts()
  const all = world.kernel.plugins()
  const { alerts: _, ...others } = all
  const server = { rollback_window_s: 0 }
  const without = async () => {
    await world.kernel.reload({ plugins: others, config: { server } })
    while (world.kernel.status().length > 2) await new Promise(resolve => setImmediate(resolve))
    return world.clock.waiting
  }
  const timers = await without()
  await world.kernel.reload({ plugins: all, config: { ...world.settings(), server } })
  expect(world.clock.waiting).toBeGreaterThan(timers)
  expect(await without()).toBe(timers)
  expect(world.kernel.leaks()).toEqual([])
})

test('a receiver that fails gets it again, in order, until it is given up', async () => {
  await using world = await startAlerts({ settings: { rules: ['account_disabled'], give_up_after_h: 0.2 } })
  world.receiver.status = 500
  world.accountIs(7, 'disabled', 'no')
  await world.pass(MINUTE_MS)
  world.accountIs(7, 'ready', '')
  await world.pass(MINUTE_MS)
  // The mail server knows both already; the webhook still waits for the first.
  expect(world.mail.mails).toHaveLength(2)
  expect(new Set(world.types())).toEqual(new Set(['alert.fired']))
  const [recovered, fired] = (await world.deliveries()).filter(({ channel }) => channel === 'webhook')
  expect(fired).toMatchObject({
    event: 'fired',
    state: 'pending',
    attempts: 3,
    last_error: 'The receiver of webhook answered with status 500.',
    next_attempt_at: expect.any(Number),
  })
  expect(recovered).toMatchObject({ event: 'recovered', state: 'pending', attempts: 0 })
  world.receiver.status = 204
  await world.pass(10 * MINUTE_MS)
  expect(world.types().slice(-2)).toEqual(['alert.fired', 'alert.recovered'])
  const ids = world.receiver.posts.map(({ body }) => body['id'])
  expect(new Set(ids).size).toBe(2)

  world.receiver.status = 500
  world.accountIs(8, 'disabled', 'no')
  await world.pass(20 * MINUTE_MS)
  const [last] = (await world.deliveries()).filter(({ channel }) => channel === 'webhook')
  expect(last).toMatchObject({ event: 'fired', subject: '8', state: 'given_up', next_attempt_at: null })
  const tries = world.receiver.posts.length
  await world.pass(20 * MINUTE_MS)
  expect(world.receiver.posts).toHaveLength(tries)
}, 60_000)

test('what happens to many accounts at once is one message', async () => {
  await using world = await startAlerts({ settings: { rules: ['account_needs_session', 'account_disabled'] } })
  for (let id = 1; id <= 30; id++) world.accountIs(id, 'needs_session', id === 9 ? 'Signed out.' : 'It has expired.')
  for (const id of [31, 32, 33]) world.accountIs(id, 'disabled', 'no')
  await world.pass(MINUTE_MS)
  const told = () => world.receiver.posts.splice(0).map(({ body }) => body['data'])
  const shown = Array.from({ length: 21 }, (_, n) => n + 1).filter(id => id !== 9)
  const expired = `${shown.map(id => `#${id}`).join(', ')} and 9 more: It has expired.`
  expect(told()).toMatchObject([
    {
      rule: 'account_needs_session',
      subject: Array.from({ length: 30 }, (_, n) => n + 1).join(','),
      title: '30 accounts need a new session',
      text: `${expired}\n#9: Signed out.`,
    },
    ...['31', '32', '33'].map(subject => ({ rule: 'account_disabled', subject, text: 'no' })),
  ])
  // Each is known by itself all the same, and is over by itself.
  expect((await world.rule('account_needs_session'))?.['alerts']).toHaveLength(30)
  world.accountIs(4, 'ready', '')
  await world.pass(MINUTE_MS)
  expect(told()).toMatchObject([{ subject: '4', title: 'Account #4 needs a new session' }])
  for (const id of [1, 2, 3, 5, 6]) world.accountIs(id, 'ready', '')
  await world.pass(MINUTE_MS)
  expect(told()).toMatchObject([
    { subject: '1,2,3,5,6', title: '5 accounts need a new session', text: expect.stringContaining('Over.') },
  ])
  expect(world.mail.subjects()).toContain('[Flow2API] 30 accounts need a new session')
}, 60_000)

test('in quiet hours nothing is sent but what may; then what still holds is', async () => {
  // The clock of tests begins at midnight, UTC.
  const quiet = { quiet_from: '23:00', quiet_to: '01:00', quiet_time_zone: 'UTC', quiet_except: ['error_rate'] }
  await using world = await startAlerts({ settings: quiet })
  world.accountIs(7, 'disabled', 'stays so')
  world.accountIs(8, 'disabled', 'passes by')
  await world.pass(MINUTE_MS)
  world.accountIs(8, 'ready', '')
  world.state.tallies = [tally({ status: 'failed', code: 'x', blame: 'upstream', count: 9 })]
  await world.pass(30 * MINUTE_MS)
  expect(world.receiver.posts.map(({ body }) => body['data'])).toMatchObject([{ rule: 'error_rate' }])
  expect((await world.admin()).body['quiet']).toEqual({
    from: '23:00',
    to: '01:00',
    until: Date.UTC(2026, 0, 1, 1) / 1000,
  })
  const states = (await world.deliveries())
    .filter(({ channel, rule }) => channel === 'webhook' && rule === 'account_disabled')
    .map(({ subject, state }) => [subject, state])
  expect(states.toSorted()).toEqual([
    ['7', 'held'],
    ['8', 'dropped'],
  ])
  await world.pass(30 * MINUTE_MS)
  expect(world.receiver.posts.slice(1).map(({ body }) => body['data'])).toMatchObject([
    { rule: 'account_disabled', subject: '7' },
  ])
}, 60_000)

test('a restart forgets neither what was told nor what was not sent', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'flow2api-alerts-'))
  try {
    const first = await startAlerts({ dataDir, settings: { rules: ['account_needs_session', 'pool_low'] } })
    first.state.accounts = { needs_session: 2 }
    first.accountIs(7, 'needs_session', 'gone')
    await first.pass(2 * MINUTE_MS)
    expect(first.types()).toEqual(['alert.fired', 'alert.fired'])
    first.receiver.status = 503
    first.accountIs(8, 'needs_session', 'gone, too')
    await first.pass(MINUTE_MS)
    await first[Symbol.asyncDispose]()
    await using second = await startAlerts({
      dataDir,
      clock: first.clock,
      settings: { rules: ['account_needs_session', 'pool_low'] },
    })
    second.state.accounts = { needs_session: 2 }
    await second.pass(10 * MINUTE_MS)
    // Only what the first could not deliver.
    expect(second.receiver.posts.map(({ body }) => body)).toMatchObject([{ data: { subject: '8' } }])
    second.state.accounts = { ready: 2 }
    await second.pass(10 * MINUTE_MS)
    expect(second.types().slice(1)).toEqual(['alert.recovered', 'alert.recovered', 'alert.recovered'])
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}, 60_000)

test('Slack, Discord and Telegram get what they read', async () => {
  const receiver = startReceiver()
  try {
    const settings = {
      slack_url: `${receiver.url}/slack`,
      discord_url: `${receiver.url}/discord`,
      telegram_token: '123:secret',
      telegram_chat: '-100',
      telegram_api_url: receiver.url,
    }
    await using world = await startAlerts({ settings })
    world.accountIs(7, 'disabled', 'no')
    await world.pass(MINUTE_MS)
    const text = `Account #7 is switched off\nno\n${world.kernel.url}`
    const posts = receiver.posts.map(({ path, body }) => ({ path, body }))
    expect(posts.toSorted((a, b) => a.path.localeCompare(b.path))).toEqual([
      {
        path: '/bot123:secret/sendMessage',
        body: { chat_id: '-100', text, link_preview_options: { is_disabled: true } },
      },
      { path: '/discord', body: { content: text, allowed_mentions: { parse: [] } } },
      { path: '/slack', body: { text } },
    ])
    expect((await world.admin()).body['channels']).toEqual(
      ['webhook', 'slack', 'discord', 'telegram', 'email'].map(channel => ({ channel, configured: true })),
    )
  } finally {
    await receiver.stop()
  }
})

describe('the test call', () => {
  const post = (body?: object) => ({ method: 'POST', ...(body && { body: JSON.stringify(body) }) })

  test('goes over every channel or one, answers how it went, and is written down', async () => {
    await using world = await startAlerts()
    const all = await world.admin('/test', post())
    expect(all.body.data.map(({ channel, event, state }) => [channel, event, state])).toEqual([
      ['webhook', 'test', 'delivered'],
      ['email', 'test', 'delivered'],
    ])
    expect([world.types(), world.mail.subjects()]).toEqual([['alert.test'], ['[Flow2API] This is a test']])
    world.receiver.status = 404
    const one = await world.admin('/test', post({ channel: 'webhook' }))
    expect(one.body.data).toMatchObject([{ state: 'given_up', last_error: expect.stringContaining('404') }])
    expect(world.audited).toMatchObject([
      { actor: 'admin', action: 'alerts.test', target: 'webhook, email' },
      { action: 'alerts.test', target: 'webhook' },
    ])
    await world.pass(MINUTE_MS)
    expect(world.receiver.posts).toHaveLength(2)
    expect(await world.deliveries()).toHaveLength(3)
    expect((await world.admin('/test', post({ channel: 'slack' }))).body).toMatchObject({
      error: { code: 'invalid_value', param: 'channel' },
    })
    expect((await world.admin('/test', post({ chanel: 'slack' }))).status).toBe(400)
  })

  test('tells why the mail server will not have it, and no password', async () => {
    await using world = await startAlerts()
    await world.set({ smtp_url: world.mail.url.replace('p%40ss', 'wr%40ng') })
    const { body } = await world.admin('/test', post({ channel: 'email' }))
    expect(body.data).toMatchObject([
      { state: 'given_up', last_error: expect.stringMatching(/127\.0\.0\.1.*no entry/) },
    ])
    expect(JSON.stringify(body)).not.toMatch(/wr(%40|@)ng/)
  })
})

test('everything is for the admin alone, page by page', async () => {
  await using world = await startAlerts()
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/deliveries'],
    ['POST', '/test'],
  ] as const)
    expect((await world.kernel.fetch(`/admin/api/alerts${path}`, { method })).status, path).toBe(401)
  for (const id of [1, 2, 3]) world.accountIs(id, 'disabled', 'no')
  await world.pass(MINUTE_MS)
  const first = (await world.admin('/deliveries?limit=4')).body
  expect([first.data.length, first['has_more']]).toEqual([4, true])
  const rest = (await world.admin(`/deliveries?limit=4&after=${first['last_id']}`)).body
  expect([rest.data.length, rest['has_more']]).toEqual([2, false])
  expect((await world.admin('/deliveries?limit=0')).body).toMatchObject({ error: { param: 'limit' } })
})

test('addresses of receivers and passwords come out nowhere', async () => {
  await using world = await startAlerts()
  world.receiver.status = 500
  world.accountIs(7, 'disabled', 'no')
  await world.pass(MINUTE_MS)
  const seen = JSON.stringify([await world.admin(), await world.admin('/deliveries'), world.audited])
  expect(seen).not.toContain('/hook')
  expect(seen).not.toContain('smtp://')
})

test('with a key the own program can verify what it gets; the others are sent none', async () => {
  const key = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`
  // What clients verify has to be of this time.
  const clock = manualClock(Date.now())
  await using world = await startAlerts({ clock, settings: { webhook_secret: key } })
  await world.set({ webhook_secret: key, slack_url: `${world.receiver.url}/slack` })
  world.accountIs(7, 'disabled', 'no')
  await world.pass(MINUTE_MS)
  const [own, slack] = ['/hook', '/slack'].map(path => world.receiver.posts.find(post => post.path === path))
  const { webhooks } = new OpenAI({ apiKey: 'none' })
  expect(await webhooks.unwrap(own?.text ?? '', own?.headers ?? {}, key)).toMatchObject({
    type: 'alert.fired',
    id: own?.headers['webhook-id'],
  } as object)
  await expect(webhooks.unwrap(`${own?.text} `, own?.headers ?? {}, key)).rejects.toThrow()
  expect(slack?.headers['webhook-signature']).toBeUndefined()
  expect(JSON.stringify([await world.admin('/deliveries'), slack])).not.toContain(key.slice(6))
})

test('settings that cannot work are refused, and the old ones serve on', async () => {
  await using world = await startAlerts()
  for (const [more, why] of [
    [{ allow_private: false }, /the address of webhook cannot be used: .*allow_private/],
    [{ quiet_from: '22:00' }, /quiet_from and quiet_to/],
    [{ quiet_time_zone: 'Nowhere' }, /quiet_time_zone/],
    [{ telegram_token: 'x' }, /telegram_token and telegram_chat/],
    [{ email_to: [] }, /smtp_url, email_from and email_to/],
    [{ smtp_url: 'smtp://u:%@mail.example.com' }, /smtp_url is no address/],
  ] as const)
    expect(await world.reloadFails(more)).toMatch(why)
  world.accountIs(7, 'disabled', 'no')
  await world.pass(MINUTE_MS)
  expect(world.types()).toEqual(['alert.fired'])
})

test('a channel or rule that is taken out of the settings is done with, and nobody is told', async () => {
  await using world = await startAlerts({ settings: { rules: ['account_disabled'] } })
  world.receiver.status = 500
  world.accountIs(7, 'disabled', 'no')
  await world.pass(MINUTE_MS)
  await world.set({ webhook_url: '', rules: ['slow'] })
  await world.pass(10 * MINUTE_MS)
  expect(world.mail.mails).toHaveLength(1)
  const [row] = (await world.deliveries()).filter(({ channel }) => channel === 'webhook')
  expect(row).toMatchObject({ state: 'given_up', last_error: expect.stringContaining('not set up any more') })
  expect(await world.rule('account_disabled')).toMatchObject({ enabled: false, state: 'ok', alerts: [] })
}, 60_000)
