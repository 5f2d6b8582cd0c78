/** What is asked of an upstream about finished work: a thumbnail, and to forget it. */
import { expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { type Gateway, PNG, running, settle, until, World } from './generation.world.ts'

const origin = { id: 'v' }
const VIDEO = { url: 'https://media.test/v.mp4', mime: 'video/mp4', origin } as const

function world(): World {
  const made = new World()
  made.accounts = [3]
  made.start = async unit => ok(unit.kind === 'video' ? running('op') : { state: 'done', media: [VIDEO] })
  made.status = () => ({ state: 'done', media: [VIDEO] })
  made.thumbnail = async () => ok({ url: 'https://media.test/v.jpg' })
  made.fetch = async () => ok(new Response(PNG, { headers: { 'content-type': 'image/jpeg' } }))
  made.discard = async () => ok()
  return made
}
async function video({ clock }: World, gateway: Gateway) {
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(async () => (await gateway.job(id)).status === 'running')
  await clock.advance(3_000)
  return gateway.end(id)
}
const thumbnail = (gateway: Gateway, id: string) => gateway.jobs.open(id, 0, 'thumbnail')
const refused = async (gateway: Gateway, id: string) => {
  const { code, message } = (await thumbnail(gateway, id))._unsafeUnwrapErr()
  return `${code}: ${message}`
}

test('a thumbnail is fetched on the account of the video, without waiting for a turn', async () => {
  const flow = world()
  await using gateway = await flow.boot()
  const { id } = await video(flow, gateway)
  flow.slots = 0
  flow.accounts = [1, 3]
  expect((await thumbnail(gateway, id))._unsafeUnwrap()).toEqual({ mime: 'image/png', body: Buffer.from(PNG) })
  expect(flow.thumbnails).toEqual([{ origin, account: 3 }])
  expect(flow.leases.map(({ closed, reports }) => [closed, reports.length])).toEqual([
    [1, 1],
    [1, 0],
  ])
  flow.thumbnail = async () => ok({ bytes: PNG })
  expect((await thumbnail(gateway, id)).isOk()).toBe(true)
  // Access that ran out is renewed once.
  const expired = err(domainFault('access_expired', 'No longer.'))
  flow.thumbnail = async (_origin, { account }) => (account?.access === 'access 0' ? expired : ok({ bytes: PNG }))
  expect((await thumbnail(gateway, id)).isOk()).toBe(true)
  flow.thumbnail = async () => expired
  expect((await thumbnail(gateway, id))._unsafeUnwrapErr().code).toBe('access_expired')
  expect(flow.renewals).toBe(2)
})

test('media and thumbnails go out by the way for media, through the own proxy of the account, also later', async () => {
  const flow = world()
  flow.thumbnail = async (_origin, session) => {
    await session.fetch('https://api.test')
    return ok({ url: 'https://media.test/v.jpg' })
  }
  await using gateway = await flow.boot({ media: false })
  const { id } = await video(flow, gateway)
  flow.ways.length = 0
  flow.proxyUrl = 'http://own.test:1'
  expect((await thumbnail(gateway, id)).isOk()).toBe(true)
  expect((await gateway.jobs.open(id, 0)).isOk()).toBe(true)
  const own = { accountId: 3, proxyUrl: 'http://own.test:1' }
  expect(flow.ways).toEqual([own, { ...own, purpose: 'media' }, { ...own, purpose: 'media' }])
  expect(flow.leases.every(({ closed }) => closed === 1)).toBe(true)
  // What the account was is not known any more, but the media is still there.
  flow.accounts = []
  expect((await gateway.jobs.open(id, 0)).isOk()).toBe(true)
  expect(flow.ways.at(-1)).toEqual({ accountId: 3, purpose: 'media' })
})

test('where there is none, it is said why', async () => {
  const flow = world()
  await using gateway = await flow.boot()
  const { id } = await video(flow, gateway)
  const image = await gateway.end((await gateway.submit()).id)
  expect(await refused(gateway, image.id)).toContain('not_found: There is no thumbnail')
  expect((await gateway.jobs.open(id, 1, 'thumbnail'))._unsafeUnwrapErr().code).toBe('not_found')
  expect(await refused(gateway, 'job_0')).toContain('not_found')
  flow.status = () => ({ state: 'done', media: [{ url: VIDEO.url }] })
  const plain = await video(flow, gateway)
  expect(await refused(gateway, plain.id)).toContain('does not find this video again')
  flow.thumbnail = undefined
  await gateway.kernel.reload({ plugins: { ...flow.plugins, ...flow.freshPlugins() } })
  expect(await refused(gateway, id)).toContain('not_found: There is no thumbnail')
  expect(await refused(gateway, id)).toContain('offers none')
})

test('what comes instead of a picture, or is too large, is not handed on', async () => {
  const flow = world()
  await using gateway = await flow.boot()
  const { id } = await video(flow, gateway)
  flow.fetch = async () => ok(new Response('gone', { status: 404 }))
  expect(await refused(gateway, id)).toContain(
    'media_unavailable: The thumbnail could not be fetched: the upstream answered with status 404',
  )
  flow.fetch = async () => ok(new Response('<html>'))
  expect(await refused(gateway, id)).toContain('is no picture')
  let chunks = 0
  let cut = false
  const endless = new ReadableStream({
    pull: controller => {
      chunks++
      controller.enqueue(new Uint8Array(1024 ** 2))
    },
    cancel: () => {
      cut = true
    },
  })
  flow.fetch = async () => ok(new Response(endless))
  expect(await refused(gateway, id)).toContain('more than 10 MB')
  expect(chunks).toBeLessThan(20)
  expect(cut).toBe(true)
  flow.thumbnail = async () => ok({ url: 'file:///etc/passwd' })
  expect(await refused(gateway, id)).toContain('media_unavailable')
})

test('a removed job is forgotten upstream, too, on its account and in the background', async () => {
  const flow = world()
  let answer = () => {}
  const gate = new Promise<void>(resolve => {
    answer = resolve
  })
  flow.discard = async () => {
    await gate
    return err(domainFault('upstream_unreachable', 'Nobody answered.'))
  }
  await using gateway = await flow.boot()
  flow.status = ({ id }) =>
    id === 'op'
      ? { state: 'next', step: 'up', media: [{ ...VIDEO, origin: { id: 'first' } }] }
      : { state: 'done', media: [VIDEO] }
  flow.start = async unit => ok(running(unit.step === undefined ? 'op' : 'second'))
  const { id } = await gateway.submit({ kind: 'video', model: 'vid', count: 2 })
  await until(async () => {
    await flow.clock.advance(1_000)
    return (await gateway.job(id)).finishedAt !== null
  })
  expect((await gateway.jobs.remove(id)).isOk()).toBe(true)
  expect((await gateway.jobs.get(id)).isErr()).toBe(true)
  await until(() => flow.discards.length === 1)
  // Once each, with what led to it.
  expect(flow.discards).toEqual([{ origins: [origin, { id: 'first' }], account: 3 }])
  // The answer is for the log alone.
  answer()
  await settle()
  expect(flow.leases.every(({ closed }) => closed === 1)).toBe(true)
})

test('what other work goes on with is left where it is', async () => {
  const flow = world()
  await using gateway = await flow.boot()
  const made = await video(flow, gateway)
  flow.slots = 0
  const inputs = [{ role: 'source_video', from: { jobId: made.id, index: 0 } }] as const
  await gateway.submit({ kind: 'video', model: 'vid-extend', inputs })
  expect((await gateway.jobs.remove(made.id)).isOk()).toBe(true)
  await settle()
  expect(flow.discards).toEqual([])
})
