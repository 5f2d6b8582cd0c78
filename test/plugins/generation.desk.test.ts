import { expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { imageDone, running, until, World } from './generation.world.ts'

const headers = { authorization: 'Bearer right' }

test('a job tells the operator which accounts it was given, why, and what refused it', async () => {
  const world = new World()
  world.accounts = [1, 2]
  world.cost = 20
  world.start = async (_unit, _session, nth) =>
    nth === 1 ? err(domainFault('account_throttled', 'Slow down.')) : ok(imageDone())
  await using gateway = await world.boot()
  const submitted = await gateway.trySubmit({}, undefined, 'key', {
    user: 'ann',
    callbackUrl: 'https://hook.test/secret?token=x',
  })
  const { id } = await gateway.end(submitted._unsafeUnwrap().id)
  const response = await gateway.kernel.fetch(`/admin/api/jobs/${id}`, { headers })
  const body = await response.text()
  expect(JSON.parse(body)).toMatchObject({
    id,
    status: 'completed',
    prompt: 'a fox',
    user: 'ann',
    expected_credits: 20,
    callback_url: 'https://hook.test',
    units: [
      {
        index: 0,
        state: 'completed',
        account_id: 2,
        attempts: 2,
        accounts: [
          { account_id: 1, why: 'test', refused: 'account_throttled' },
          { account_id: 2, why: 'test', refused: null },
        ],
        error: null,
      },
    ],
  })
  expect(body).not.toContain('token=x')
})

test('a job that has ended is made again as a new one, with its inputs; one under way is not', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const first = (await gateway.trySubmit({ prompt: 'a heron' }))._unsafeUnwrap()
  await gateway.end(first.id)
  const again = await gateway.kernel.fetch(`/admin/api/jobs/${first.id}/retry`, { method: 'POST', headers })
  const job = await again.json()
  expect(again.status).toBe(200)
  expect(job).toMatchObject({ object: 'job', prompt: 'a heron', caller: 'key' })
  expect(job.id).not.toBe(first.id)
  expect((await gateway.end(job.id)).status).toBe('completed')

  world.start = async () => ok(running('op'))
  const slow = (await gateway.trySubmit({}))._unsafeUnwrap()
  const refused = await gateway.kernel.fetch(`/admin/api/jobs/${slow.id}/retry`, { method: 'POST', headers })
  expect(refused.status).toBe(400)
  const unknown = await gateway.kernel.fetch('/admin/api/jobs/job_none/retry', { method: 'POST', headers })
  expect(unknown.status).toBe(404)
  await gateway.kernel.fetch(`/admin/api/jobs/${slow.id}/cancel`, { method: 'POST', headers })
})

test('the pool hears whose work it is, and what it is expected to cost', async () => {
  const world = new World()
  world.cost = 20
  await using gateway = await world.boot()
  await gateway.trySubmit({}, undefined, 'key', { user: 'ann' })
  await gateway.trySubmit({}, undefined, 'key')
  await until(() => world.acquired.length === 2)
  expect(world.acquired.map(({ caller, credits }) => ({ caller, credits }))).toEqual([
    { caller: 'key ann', credits: 20 },
    { caller: 'key', credits: 20 },
  ])
})

test('media goes out by the way for media, and calls by the other', async () => {
  const world = new World()
  world.keep = async (source, _signal, fetch) => {
    await fetch('url' in source ? source.url : '')
    return ok({ url: 'u', mime: 'image/png', bytes: 1, width: 1, height: 1, duration_s: null, file: null })
  }
  world.start = async (_unit, session) => {
    await session.fetch('https://api.test')
    return ok(imageDone())
  }
  await using gateway = await world.boot()
  await gateway.end((await gateway.submit()).id)
  expect(world.ways.map(({ purpose, accountId }) => [purpose, accountId])).toEqual([
    ['api', 1],
    ['media', 1],
  ])
})

test('lists filter and page, whether jobs are under way or over', async () => {
  const world = new World()
  world.start = async unit => (unit.kind === 'video' ? ok(running(unit.id)) : ok(imageDone()))
  await using gateway = await world.boot()
  const made = async (prompt: string) => (await gateway.end((await gateway.submit({ prompt })).id)).id
  const fox = await made('a red fox')
  const hen = await made('a hen')
  const percent = await made('100% fox')
  const first = await gateway.submit({ kind: 'video', model: 'vid', prompt: 'a fox that runs' })
  const second = await gateway.submit({ kind: 'video', model: 'vid', prompt: 'a hen that runs' })
  await until(async () => (await gateway.job(second.id)).status === 'running')
  const ids = async (query: string) => {
    const response = await gateway.kernel.fetch(`/admin/api/jobs?${query}`, { headers })
    const { data, has_more } = (await response.json()) as { data: { id: string }[]; has_more: boolean } // a list
    return [data.map(({ id }) => id), has_more]
  }
  expect(await ids('')).toEqual([[second.id, first.id, percent, hen, fox], false])
  expect(await ids('limit=2')).toEqual([[second.id, first.id], true])
  expect(await ids('status=completed&limit=2')).toEqual([[percent, hen], true])
  expect(await ids(`status=completed&after=${hen}`)).toEqual([[fox], false])
  expect(await ids('status=running')).toEqual([[second.id, first.id], false])
  expect(await ids(`status=running&after=${second.id}`)).toEqual([[first.id], false])
  expect(await ids('status=running&q=HEN')).toEqual([[second.id], false])
  expect(await ids('q=FOX')).toEqual([[first.id, percent, fox], false])
  // A sign of the pattern language stands for itself.
  expect(await ids('q=%25')).toEqual([[percent], false])
  expect(await ids('kind=image&q=fox')).toEqual([[percent, fox], false])
})

test('jobs that ended since a time are found, those with a callback by themselves', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const end = async (more = {}) =>
    (await gateway.end((await gateway.trySubmit({}, undefined, 'key', more))._unsafeUnwrap().id)).id
  await end({ callbackUrl: 'https://hook.test/' })
  await world.clock.advance(10_000)
  const since = world.clock.now()
  const plain = await end()
  const told = await end({ callbackUrl: 'https://hook.test/' })
  const found = async (filter: object) =>
    (await gateway.jobs.list({ finishedSince: since, order: 'asc', ...filter }))._unsafeUnwrap().jobs
  expect((await found({})).map(({ id }) => id)).toEqual([plain, told])
  expect(await found({ withCallback: true })).toMatchObject([{ id: told, callbackUrl: 'https://hook.test/' }])
})

test('what cannot be right is refused by name', async () => {
  await using gateway = await new World().boot()
  for (const [query, param] of [
    ['status=done', 'status'],
    ['limit=0', 'limit'],
    ['kind=sound', 'kind'],
    ['after=job_nothing', 'after'],
  ]) {
    const response = await gateway.kernel.fetch(`/admin/api/jobs?${query}`, { headers })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param, code: 'invalid_value' } })
  }
  expect((await gateway.kernel.fetch('/admin/api/jobs/job_none', { headers })).status).toBe(404)
  expect((await gateway.kernel.fetch('/admin/api/jobs')).status).toBe(401)
})
