import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { domainFault, type JobInput, type MediaSource, Provider } from 'flow2api/contracts'
import { definePlugin, err, ok, okAsync } from 'flow2api/plugin'
import { readPicture } from '../../plugins/generation/picture.ts'
import { references, type Supplied } from '../../plugins/generation/supplied.ts'
import { type Gateway, model, PNG, running, until, World } from './generation.world.ts'

let kept: string
beforeAll(async () => {
  kept = await mkdtemp(join(tmpdir(), 'flow2api-kept-'))
  await Bun.write(join(kept, 'kept.png'), PNG)
})
afterAll(() => rm(kept, { recursive: true, force: true }))

const picture = (bytes: Uint8Array = PNG): JobInput => ({ role: 'reference', mime: 'image/bmp', bytes })
const from = (jobId: string, index = 0, role: 'reference' | 'source_video' = 'reference'): JobInput => ({
  role,
  from: { jobId, index },
})
const GIF = Uint8Array.fromHex('4749463839610300020000')

/** A world in which what was made can be found again. */
function world(): World {
  const made = new World()
  made.kept = kept
  made.accounts = [1, 2]
  let count = 0
  made.start = async unit => {
    const source: MediaSource = { url: `https://media.test/${++count}`, width: 8, height: 4, origin: { id: count } }
    return ok(unit.kind === 'video' ? running(`${count}`) : { state: 'done', media: [source] })
  }
  made.status = ({ id }) => ({
    state: 'done',
    media: [{ url: `https://media.test/${id}`, origin: { id: Number(id) } }],
  })
  return made
}
const image = async (gateway: Gateway, more = {}) => gateway.end((await gateway.submit(more)).id)
async function video({ clock }: World, gateway: Gateway, more = {}) {
  const { id } = await gateway.submit({ kind: 'video', model: 'vid', ...more })
  await until(async () => (await gateway.job(id)).status === 'running')
  await clock.advance(3_000)
  return gateway.end(id)
}
const refusal = async (gateway: Gateway, ...inputs: JobInput[]) => {
  const { code, param, message } = (await gateway.trySubmit({ model: 'pic-edit', inputs }))._unsafeUnwrapErr()
  return { code, param, message }
}

test('pictures are known by their own bytes, size included', async () => {
  expect(readPicture(PNG)).toEqual({ mime: 'image/png', width: 1, height: 1 })
  expect(readPicture(GIF)).toEqual({ mime: 'image/gif', width: 3, height: 2 })
  const bitmap = new Uint8Array(64)
  bitmap.set([0x42, 0x4d])
  for (const bytes of [new Uint8Array(), new Uint8Array([1, 2, 3]), bitmap, new TextEncoder().encode('<svg/>')])
    expect(readPicture(bytes)).toBeUndefined()

  const wide = world()
  await using gateway = await wide.boot()
  await image(gateway, { model: 'pic-edit', inputs: [picture(), picture(GIF)] })
  expect(wide.plans[0]?.inputs).toEqual([
    { role: 'reference', width: 1, height: 1 },
    { role: 'reference', width: 3, height: 2 },
  ])
  const inputs = wide.starts[0]?.unit.inputs ?? []
  expect(inputs.map(({ mime }) => mime)).toEqual(['image/png', 'image/gif'])
  expect(await inputs[1]?.bytes()).toEqual(GIF)
})

test('what cannot be used is refused before anything is written or paid', async () => {
  const strict = world()
  await using gateway = await strict.boot()
  const text = new TextEncoder().encode('not a picture')
  expect(await refusal(gateway, picture(), picture(text))).toMatchObject({ code: 'invalid_image_file', param: 'image' })
  expect(await refusal(gateway, picture(new Uint8Array()))).toMatchObject({ code: 'invalid_value', param: 'image' })
  const many = Array.from({ length: 17 }, () => picture())
  expect(await refusal(gateway, ...many)).toMatchObject({ code: 'invalid_value', param: 'image' })
  const large = new Uint8Array(50 * 1024 ** 2 + 1)
  large.set(PNG)
  expect((await refusal(gateway, picture(large))).message).toContain('at most 50 MB')
  expect(await refusal(gateway, from('job_0'))).toMatchObject({ code: 'not_found', param: 'image' })
  const clip = { kind: 'video', model: 'vid-extend', inputs: [from('job_0', 0, 'source_video')] } as const
  expect((await gateway.trySubmit(clip))._unsafeUnwrapErr()).toMatchObject({ code: 'not_found', param: 'video' })
  expect(strict.starts).toHaveLength(0)
  expect(await readdir(join(gateway.kernel.dataDir, 'inputs')).catch(() => [])).toEqual([])
})

test('what was made here is handed back to who made it, on the account where it lives', async () => {
  const flow = world()
  await using gateway = await flow.boot()
  await gateway.submit()
  flow.accounts = [2]
  const first = await video(flow, gateway)
  flow.accounts = [1, 2]
  const second = await video(flow, gateway, { model: 'vid-extend', inputs: [from(first.id, 0, 'source_video')] })
  expect(second.status).toBe('completed')
  const [, , call] = flow.starts
  expect(call).toMatchObject({ account: 2, unit: { inputs: [{ role: 'source_video', origin: { id: 2 } }] } })
  expect(flow.acquired.map(({ only }) => only)).toEqual([undefined, undefined, 2])
  // Its bytes are there for the asking.
  expect(await call?.unit.inputs[0]?.bytes()).toEqual(PNG)
  expect(await readdir(join(gateway.kernel.dataDir, 'inputs')).catch(() => [])).toEqual([])
})

test('on that account or not at all: a refusal is no reason to go elsewhere', async () => {
  const flow = world()
  await using gateway = await flow.boot()
  const made = await image(gateway)
  const before = flow.starts.length
  flow.start = async () => err(domainFault('account_quota_spent', 'Nothing is left.'))
  const job = await image(gateway, { model: 'pic-edit', inputs: [from(made.id)] })
  expect(job).toMatchObject({ status: 'failed', fault: { code: 'account_quota_spent' } })
  expect(flow.starts.slice(before).map(({ account }) => account)).toEqual([1])
  flow.accounts = [2]
  expect(await image(gateway, { model: 'pic-edit', inputs: [from(made.id)] })).toMatchObject({
    status: 'failed',
    fault: { code: 'no_account' },
  })
})

test('the reference survives a restart', async () => {
  const flow = world()
  const dataDir = join(kept, 'restart')
  const first = await flow.boot({ dataDir })
  flow.accounts = [2]
  const made = await image(first)
  flow.slots = 0
  const { id } = await first.submit({ model: 'pic-edit', inputs: [from(made.id)] })
  const again = flow.crash(first)
  flow.slots = 5
  flow.accounts = [1, 2]
  await using second = await flow.boot({ dataDir: again })
  await second.end(id)
  expect(flow.starts.at(-1)).toMatchObject({ account: 2, unit: { inputs: [{ origin: { id: 1 } }] } })
})

test('what somebody else made, or nobody finds again, is passed like an upload', async () => {
  const flow = world()
  await using gateway = await flow.boot()
  const made = await image(gateway)
  const seen: unknown[] = []
  const acme = definePlugin({
    name: 'acme',
    version: '1.0.0',
    provides: [Provider],
    setup: ctx =>
      ctx.provide(Provider, {
        models: () => [model('acme-edit', 'image', flow.models[1])].map(one => ({ ...one, id: 'acme-edit' })),
        accounts: () => undefined,
        plan: (id, _parameters, inputs) => {
          seen.push(inputs)
          return ok({ model: id, requested: {} })
        },
        start: unit => {
          seen.push(unit.inputs.map(({ origin, mime }) => [origin, mime]))
          return okAsync({ state: 'done', media: [{ url: 'https://acme.test/a' }] })
        },
        status: () => okAsync([]),
        cancel: () => okAsync(undefined),
        polling: () => ({ intervalMs: 1_000, maxAttempts: 1 }),
      }),
  })
  await gateway.kernel.reload({ plugins: { ...flow.plugins, acme } })
  const foreign = await image(gateway, { model: 'acme-edit', inputs: [from(made.id)] })
  expect(foreign.status).toBe('completed')
  expect(seen).toEqual([[{ role: 'reference', width: 8, height: 4 }], [[undefined, 'image/png']]])
  expect(await Bun.file(join(gateway.kernel.dataDir, 'inputs', foreign.id, '0')).bytes()).toEqual(PNG)

  // Made by the provider itself, but it left nothing to find it by.
  await image(gateway, { model: 'pic-edit', inputs: [from(foreign.id)] })
  expect(flow.starts.at(-1)?.unit.inputs[0]?.origin).toBeUndefined()
  expect(flow.acquired.at(-1)?.only).toBeUndefined()

  // Its file has expired.
  flow.kept = join(kept, 'expired')
  const gone = await gateway.trySubmit({ model: 'acme-edit', inputs: [from(made.id)] })
  expect(gone._unsafeUnwrapErr()).toMatchObject({ code: 'media_unavailable', param: 'image' })
  flow.kept = kept
})

test('an earlier job has to have what is wanted of it', async () => {
  const flow = world()
  await using gateway = await flow.boot()
  const made = await image(gateway)
  expect((await refusal(gateway, from(made.id, 1))).message).toContain('no finished media number 1')
  const clip = await video(flow, gateway)
  expect((await refusal(gateway, from(clip.id))).message).toContain('made a video, and an image is wanted here')
  flow.slots = 0
  const { id } = await gateway.submit()
  expect(await refusal(gateway, from(id))).toMatchObject({ code: 'invalid_value', param: 'image' })
  expect((await refusal(gateway, from(id))).message).toContain('is not finished')
})

test('one account can have the work: what lives elsewhere is passed as bytes', () => {
  const piece = (
    accountId: number | null,
    provider = 'flow',
    origin: { id: string } | undefined = { id: 'o' },
  ): Supplied => ({
    role: 'source_video',
    mime: 'video/mp4',
    param: 'video',
    from: { jobId: 'job_1', index: 0 },
    maker: { provider, accountId, origin },
  })
  const upload: Supplied = { role: 'reference', mime: 'image/png', param: 'image', bytes: PNG }
  const accounts = (...inputs: Supplied[]) => references(inputs, 'flow').map(one => one && (one.accountId ?? 'none'))
  expect(accounts(upload, piece(1), piece(2), piece(1))).toEqual([undefined, 1, undefined, 1])
  expect(accounts(piece(3, 'acme'), piece(2))).toEqual([undefined, 2])
  expect(accounts({ ...piece(3), maker: { provider: 'flow', accountId: 3, origin: undefined } }, piece(2))).toEqual([
    undefined,
    2,
  ])
  expect(accounts(piece(null), piece(null))).toEqual(['none', 'none'])
})

test('a small file that claims an enormous picture is refused before anything is paid', async () => {
  const made = world()
  await using gateway = await made.boot()
  const claiming = Uint8Array.from(PNG)
  new DataView(claiming.buffer).setUint32(16, 16_385)
  expect(await refusal(gateway, picture(claiming))).toMatchObject({ code: 'invalid_image_file', param: 'image' })
})
