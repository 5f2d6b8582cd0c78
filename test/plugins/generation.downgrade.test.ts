import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { domainFault, type Job, type KeptMedia } from 'flow2api/contracts'
import { ok } from 'flow2api/plugin'
import { deliveredOf, endingWith, isLess } from '../../plugins/generation/downgrade.ts'
import { newUnit } from '../../plugins/generation/records.ts'
import { endOf, piecesOf } from '../../plugins/generation/state.ts'
import { keptOf, World } from './generation.world.ts'

type Requested = Job['requested']
const measured = (width: number | null, height: number | null, duration_s: number | null = null) => ({
  width,
  height,
  duration_s,
})
const kept = (width: number, height: number, duration_s: number | null = null): KeptMedia => ({
  ...keptOf({ url: 'https://media.test/a' }),
  ...measured(width, height, duration_s),
})

test('less is fewer than three fifths of the pixels, or more than a second short', () => {
  const size = { size: '1000x1000' }
  expect(isLess(size, measured(1000, 600))).toBe(false)
  expect(isLess(size, measured(1000, 599))).toBe(true)
  expect(isLess(size, measured(4000, 4000))).toBe(false)
  expect(isLess({ seconds: 8 }, measured(null, null, 7))).toBe(false)
  expect(isLess({ seconds: 8 }, measured(null, null, 6.99))).toBe(true)
  expect(isLess({ ...size, seconds: 8 }, measured(1000, 1000, 4))).toBe(true)
})

test('1K for 4K is less, in any shape; the name of a resolution is enough to tell', () => {
  const sizes: readonly (readonly [Requested, number, number, boolean])[] = [
    [{ size: '5504x3072' }, 1376, 768, true],
    [{ size: '5504x3072' }, 5504, 3072, false],
    [{ size: '2752x1536' }, 1376, 768, true],
    [{ resolution: '4K', aspectRatio: '1:1' }, 1024, 1024, true],
    [{ resolution: '4K', aspectRatio: '1:1' }, 4096, 4096, false],
    [{ resolution: '4K' }, 3840, 2160, false],
    [{ resolution: '4K' }, 1920, 1080, true],
    [{ resolution: '2K', aspectRatio: '16:9' }, 2752, 1536, false],
    [{ resolution: '2K', aspectRatio: '16:9' }, 1376, 768, true],
    [{ resolution: '1K', aspectRatio: '9:16' }, 768, 1376, false],
    [{ resolution: '1080p', aspectRatio: '9:16' }, 1080, 1920, false],
    [{ resolution: '1080p', aspectRatio: '9:16' }, 720, 1280, true],
    [{ resolution: '720p' }, 1280, 720, false],
  ]
  for (const [requested, width, height, less] of sizes)
    expect([requested, isLess(requested, measured(width, height))]).toEqual([requested, less])
})

test('what is not known is no reproach', () => {
  const whole = { size: '100x100', seconds: 8 }
  for (const one of [measured(null, null), measured(10, null), measured(null, 10)])
    expect(isLess(whole, one)).toBe(false)
  for (const requested of [{}, { size: 'auto' }, { resolution: 'high' }, { aspectRatio: '16:9' }])
    expect(isLess(requested, measured(1, 1, 1))).toBe(false)
})

test('whatever was asked for: exactly that is never less', () => {
  const side = fc.integer({ min: 1, max: 10_000 })
  fc.assert(
    fc.property(side, side, fc.integer({ min: 1, max: 60 }), (width, height, seconds) => {
      expect(isLess({ size: `${width}x${height}`, seconds }, measured(width, height, seconds))).toBe(false)
    }),
  )
})

test('what was delivered, as far as it was measured', () => {
  expect(deliveredOf(undefined)).toBeNull()
  expect(deliveredOf(measured(8, 4, 7.99966))).toEqual({ size: '8x4', seconds: 8 })
  expect(deliveredOf(measured(8, null))).toEqual({})
})

test('the ending follows from what was asked, what came and why', () => {
  const job = (allowDowngrade = false) => ({ requested: { size: '8x4', seconds: 8 }, parameters: { allowDowngrade } })
  const full = [kept(8, 4, 8)]
  expect(endingWith(full, job(), null)).toEqual({ state: 'completed', media: full, fault: null })
  const short = [kept(8, 4, 4)]
  const less = endingWith(short, job(), null)
  expect(less).toMatchObject({ state: 'failed', media: short, fault: { code: 'downgraded', retry: 'never' } })
  expect(less.fault?.message).toContain('8x4 of 8 s was asked for, 8x4 of 4 s was delivered')
  expect(endingWith(short, job(true), null)).toEqual({ state: 'completed', media: short, fault: null })
  // A step that failed is less, whatever its measures.
  const why = domainFault('upstream_error', 'It broke.')
  expect(endingWith(full, job(), why).fault?.message).toContain('It broke.')
  expect(endingWith(full, job(true), why).state).toBe('completed')
  const unknown = domainFault('outcome_unknown', 'It broke off.')
  expect(endingWith(full, job(true), unknown)).toMatchObject({ state: 'outcome_unknown', media: full })
})

test('among whole pieces a lesser one is not handed out; alone it is', () => {
  const unit = (index: number, state: 'completed' | 'failed', width: number) => ({
    ...newUnit({ id: 'job_1', seq: 1 }, index),
    state,
    media: [kept(width, 4)],
  })
  const widths = (...units: ReturnType<typeof unit>[]) => piecesOf(units).map(({ media }) => media.width)
  expect(widths(unit(0, 'failed', 4), unit(1, 'completed', 8), unit(2, 'completed', 9))).toEqual([8, 9])
  expect(widths(unit(0, 'failed', 4), unit(1, 'failed', 5))).toEqual([4, 5])
  const fault = domainFault('downgraded', 'Less.')
  const endings = [
    { state: 'failed', fault: domainFault('moderation_blocked', 'No.') },
    { state: 'failed', fault },
  ] as const
  expect(endOf(endings, false)).toEqual({ status: 'failed', fault })
  expect(endOf([...endings, { state: 'completed', fault: null }], false).status).toBe('completed')
})

test('an upstream that silently delivers less is found out, by what was measured', async () => {
  const world = new World()
  world.requested = { size: '1376x768', seconds: 8 }
  world.keep = async source => ok({ ...keptOf(source), ...measured(640, 360, 8) })
  await using gateway = await world.boot()
  const strict = await gateway.end((await gateway.submit()).id)
  expect(strict).toMatchObject({ status: 'failed', fault: { code: 'downgraded' } })
  expect(strict.delivered).toEqual({ size: '640x360', seconds: 8 })
  expect(strict.media).toHaveLength(1)
  const content = await gateway.kernel.fetch(`/v1/jobs/${strict.id}`, { headers: { authorization: 'Bearer right' } })
  expect(await content.json()).toMatchObject({
    status: 'failed',
    requested: { size: '1376x768', seconds: 8 },
    delivered: { size: '640x360', seconds: 8 },
    media: [{ width: 640, height: 360 }],
    error: { code: 'downgraded', type: 'server_error' },
  })
  const lenient = await gateway.submit({ parameters: { allowDowngrade: true } })
  expect(await gateway.end(lenient.id)).toMatchObject({ status: 'completed', delivered: { size: '640x360' } })
  // The account did what it could.
  expect(world.leases.every(({ reports }) => reports.every(report => report.ok))).toBe(true)
})
