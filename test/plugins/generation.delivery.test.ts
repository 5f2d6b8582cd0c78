import { expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { keptOf, running, settle, until, World } from './generation.world.ts'

const expired = domainFault('media_unavailable', 'The address has expired.')
const bytes = new Uint8Array([1, 2, 3])

test('without a media store the upstream address is handed on, and bytes become one', async () => {
  const world = new World()
  const url = 'https://media.test/a.png'
  world.start = async () => ok({ state: 'done', media: [{ url }, { bytes, mime: 'image/webp' }] })
  await using gateway = await world.boot({ media: false })
  const job = await gateway.end((await gateway.submit()).id)
  expect(job.media).toMatchObject([
    { url, mime: 'image/png', bytes: 0, file: null },
    { url: 'data:image/webp;base64,AQID', mime: 'image/webp', bytes: 3, file: null },
  ])
  world.fetch = async () => ok(new Response(bytes, { headers: { 'content-type': 'image/jpeg; charset=x' } }))
  expect(await gateway.jobs.open(job.id, 0)).toEqual(ok({ mime: 'image/jpeg', body: bytes }))
  const opened = (await gateway.jobs.open(job.id, 1))._unsafeUnwrap()
  expect(await Bun.file('path' in opened ? opened.path : '').bytes()).toEqual(bytes)
  // The address is made anew each time: the record names the file only.
  expect((await gateway.job(job.id)).media).toEqual(job.media)
  expect((await gateway.jobs.list({}))._unsafeUnwrap().jobs).toEqual([job])
  expect((await gateway.jobs.open(job.id, 2))._unsafeUnwrapErr().code).toBe('not_found')
  world.fetch = async () => ok(new Response('gone', { status: 404 }))
  expect((await gateway.jobs.open(job.id, 0))._unsafeUnwrapErr().code).toBe('media_unavailable')
})

test('kept media is opened as a file', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const job = await gateway.end((await gateway.submit()).id)
  expect(await gateway.jobs.open(job.id, 0)).toEqual(ok({ mime: 'image/png', path: '/kept/kept.png' }))
})

test('a download that fails is repeated; the generation is not', async () => {
  const world = new World()
  let tries = 0
  world.keep = async source =>
    ++tries < 3 ? err(domainFault('proxy_unreachable', 'The proxy is away.')) : ok(keptOf(source))
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => tries === 1)
  await world.clock.advance(4_000)
  expect((await gateway.end(id)).status).toBe('completed')
  expect(world.starts).toHaveLength(1)
  expect(world.leases[0]?.reports).toEqual([{ ok: true }])
})

test('for an address that has expired the operation is asked once more', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  let asked = 0
  world.status = () => ({ state: 'done', media: [{ url: `https://media.test/${++asked}.mp4` }] })
  world.keep = async source =>
    'url' in source && source.url.endsWith('1.mp4') ? err(expired) : ok({ ...keptOf(source), file: 'v.mp4' })
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(3_000)
  expect((await gateway.end(id)).media).toMatchObject([{ url: 'https://media.test/2.mp4' }])
  expect(asked).toBe(2)
})

test('what cannot be fetched fails; what merely cannot be kept is handed on', async () => {
  const world = new World()
  world.keep = async () => err(expired)
  await using gateway = await world.boot()
  const lost = await gateway.submit()
  await until(() => world.starts.length === 1)
  await settle()
  await world.clock.advance(60_000)
  expect(await gateway.job(lost.id)).toMatchObject({ status: 'failed', fault: { code: 'media_unavailable' } })

  world.keep = async () => err(domainFault('internal_error', 'The disk is full.', { retry: 'never' }))
  const job = await gateway.end((await gateway.submit()).id)
  expect(job).toMatchObject({ status: 'completed', media: [{ url: 'https://media.test/a.png', file: null }] })
})

test('success without media is a failure of the upstream', async () => {
  const world = new World()
  world.start = async () => ok({ state: 'done', media: [] })
  await using gateway = await world.boot()
  expect((await gateway.end((await gateway.submit()).id)).fault?.code).toBe('generation_failed')
  await settle()
  expect(world.leases[0]).toMatchObject({ closed: 1, reports: [{ ok: false, fault: { blame: 'upstream' } }] })
})

test('many that are ready at once are fetched a bounded number at a time, over a reload, too', async () => {
  const world = new World()
  world.start = async unit => ok(running(unit.id))
  world.status = ({ id }) => ({ state: 'done', media: [{ url: `https://media.test/${id}` }] })
  let open = 0
  let most = 0
  const gates: (() => void)[] = []
  world.keep = async source => {
    most = Math.max(most, ++open)
    await new Promise<void>(resolve => void gates.push(resolve))
    open--
    return ok(keptOf(source))
  }
  await using gateway = await world.boot()
  const ids = await Promise.all(
    Array.from({ length: 300 }, async () => (await gateway.submit({ kind: 'video', model: 'vid' })).id),
  )
  await until(() => world.starts.length === 300)
  await settle()
  await world.clock.advance(3_000)
  await until(() => gates.length === 128)
  await gateway.jobs.cancel(ids[299] ?? '')
  for (const go of gates.splice(0, 100)) go()
  await until(() => gates.length === 128)
  expect(most).toBe(128)
  await gateway.kernel.reload({ config: { generation: { max_queue: 7 } } })
  await until(async () => {
    for (const go of gates.splice(0)) go()
    return (await gateway.job(ids[298] ?? '')).finishedAt !== null && world.finished.length === 300
  })
  expect(world.finished.filter(({ status }) => status === 'completed')).toHaveLength(299)
})
