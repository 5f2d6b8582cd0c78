import { expect, test } from 'bun:test'
import { domainFault } from 'flow2api/contracts'
import { err, ok } from 'flow2api/plugin'
import { running, settle, until, World } from './generation.world.ts'

const headers = { authorization: 'Bearer right' }

test('a job is answered in the shape that scripts rely on', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const { id } = await gateway.end((await gateway.submit({ model: '' })).id)
  const response = await gateway.kernel.fetch(`/v1/jobs/${id}`, { headers })
  expect(response.status).toBe(200)
  expect(response.headers.get('x-flow2api-job')).toBe(id)
  const seconds = Math.floor(world.clock.now() / 1000)
  expect(await response.json()).toEqual({
    id,
    object: 'job',
    status: 'completed',
    kind: 'image',
    model: 'pic',
    progress: 100,
    queue: null,
    created_at: seconds,
    started_at: seconds,
    finished_at: seconds,
    requested: { size: '8x4' },
    delivered: { size: '8x4' },
    media: [{ url: 'https://media.test/a.png', mime: 'image/png', bytes: 5, width: 8, height: 4, duration_s: null }],
    result: null,
    error: null,
  })
})

test('a video is found by its own id, too', async () => {
  const world = new World()
  world.start = async () => ok(running('op'))
  await using gateway = await world.boot()
  const { id } = await gateway.submit({ kind: 'video', model: 'vid' })
  const response = await gateway.kernel.fetch(`/v1/jobs/${id.replace('job_', 'video_')}`, { headers })
  expect(await response.json()).toMatchObject({ id, kind: 'video', finished_at: null })
})

test('the place in the queue is shown, and the error of a job that failed', async () => {
  const world = new World()
  world.slots = 0
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  await until(() => world.waiting.length === 1)
  const queued = await gateway.kernel.fetch(`/v1/jobs/${id}`, { headers })
  expect(await queued.json()).toMatchObject({ status: 'queued', queue: { position: 1, eta_s: null }, started_at: null })

  world.slots = 1
  world.start = async () => err(domainFault('moderation_blocked', 'It was refused.', { param: 'prompt' }))
  const failed = await gateway.submit()
  await until(async () => (await gateway.job(failed.id)).finishedAt !== null)
  const body = await gateway.kernel.fetch(`/v1/jobs/${failed.id}`, { headers })
  expect(await body.json()).toMatchObject({
    status: 'failed',
    error: {
      message: 'It was refused.',
      type: 'image_generation_user_error',
      param: 'prompt',
      code: 'moderation_blocked',
    },
  })
})

test('cancelling answers the cancelled job', async () => {
  const world = new World()
  world.slots = 0
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  const response = await gateway.kernel.fetch(`/v1/jobs/${id}/cancel`, { method: 'POST', headers })
  expect(await response.json()).toMatchObject({ id, status: 'cancelled', error: { code: 'cancelled' } })
  await settle()
  expect(world.starts).toHaveLength(0)
})

test('without the key nobody learns anything; an unknown job is a 404', async () => {
  const world = new World()
  await using gateway = await world.boot()
  const { id } = await gateway.submit()
  expect((await gateway.kernel.fetch(`/v1/jobs/${id}`)).status).toBe(401)
  expect((await gateway.kernel.fetch(`/v1/jobs/${id}/cancel`, { method: 'POST' })).status).toBe(401)
  const missing = await gateway.kernel.fetch('/v1/jobs/job_0', { headers })
  expect(missing.status).toBe(404)
  expect(await missing.json()).toMatchObject({
    error: { code: 'not_found', type: 'invalid_request_error', param: null },
  })
})
