/** Trying models out, and looking at what was made, with the console's session. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  Auth,
  domainFault,
  type Job,
  type JobEngine,
  type JobRequest,
  Jobs,
  type ListedModel,
} from 'flow2api/contracts'
import { definePlugin, errAsync, okAsync } from 'flow2api/plugin'
import { createTestKernel, type TestKernel } from 'flow2api/testing'
import admin from '../../plugins/admin/index.ts'

const headers = { authorization: 'Bearer admin', 'content-type': 'application/json' }
const auth = definePlugin({
  name: 'auth',
  version: '0.0.0',
  provides: [Auth],
  setup: ctx =>
    ctx.provide(Auth, {
      verify: request =>
        request.headers.get('authorization') === headers.authorization
          ? okAsync({ kind: 'admin', id: 'admin' })
          : errAsync(domainFault('admin_required', 'Log in first.')),
    }),
})

const MODEL: ListedModel = {
  id: 'painter',
  kind: 'image',
  provider: 'lab',
  accepts: {
    inputs: [{ role: 'reference', min: 0, max: 3 }],
    aspectRatios: ['16:9', '1:1'],
    sizes: [],
    resolutions: ['1K', '2K'],
    seconds: [],
  },
}
const JOB: Job = {
  id: 'job_01',
  status: 'queued',
  kind: 'image',
  surface: 'playground',
  model: 'painter',
  resolvedModel: 'painter',
  provider: 'lab',
  prompt: 'a fox',
  progress: 0,
  queuePosition: 1,
  createdAt: 1_790_000_000_000,
  startedAt: null,
  finishedAt: null,
  requested: { aspectRatio: '1:1' },
  media: [],
  delivered: null,
  fault: null,
  callerId: 'admin',
  callbackUrl: null,
}

let directory: string
let submitted: { request: JobRequest; surface: string; caller: string }[]
let opened: ReturnType<JobEngine['open']>
let kernel: TestKernel

const unused = (): never => {
  throw new Error('not in these tests')
}
const jobs = definePlugin({
  name: 'generation',
  version: '0.0.0',
  provides: [Jobs],
  setup: ctx =>
    ctx.provide(Jobs, {
      models: () => [MODEL],
      defaultModel: kind => (kind === 'image' ? MODEL : undefined),
      submit: (request, { surface, caller }) => {
        submitted.push({ request, surface, caller: caller.id })
        return request.model === 'none'
          ? errAsync(domainFault('model_not_found', 'There is no model "none". Did you mean "painter"?'))
          : okAsync(JOB)
      },
      open: () => opened,
      heartbeatMs: () => 1,
      model: unused,
      get: unused,
      list: unused,
      tally: unused,
      underWay: unused,
      wait: unused,
      watch: unused,
      cancel: unused,
      remove: unused,
    }),
})

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'flow2api-media-'))
  submitted = []
  opened = errAsync(domainFault('not_found', 'There is no such piece.'))
  kernel = await createTestKernel({ plugins: { auth, jobs, admin } })
})
afterEach(async () => {
  await kernel.stop()
  await rm(directory, { recursive: true, force: true })
})

const play = (body: unknown) =>
  kernel.fetch('/admin/api/playground', { method: 'POST', headers, body: JSON.stringify(body) })

describe('the playground', () => {
  test('lists every model with what it accepts, and the defaults', async () => {
    const answer = await (await kernel.fetch('/admin/api/models', { headers })).json()
    expect(answer).toMatchObject({
      object: 'list',
      data: [
        { id: 'painter', kind: 'image', aspect_ratios: ['16:9', '1:1'], resolutions: ['1K', '2K'], alias_of: null },
      ],
      defaults: { image: 'painter', video: null },
    })
  })

  test('submits what was asked for, with files and earlier media as inputs', async () => {
    const answer = await play({
      kind: 'image',
      model: 'painter',
      prompt: 'a fox',
      aspect_ratio: '1:1',
      resolution: '2K',
      seed: 7,
      count: 2,
      allow_downgrade: true,
      inputs: [
        { role: 'reference', mime: 'image/png', data: btoa('picture') },
        { role: 'source_video', job: 'video_0abc' },
      ],
    })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ id: 'job_01', object: 'job', status: 'queued', queue: { position: 1 } })
    expect(submitted).toEqual([
      {
        surface: 'playground',
        caller: 'admin',
        request: {
          kind: 'image',
          model: 'painter',
          prompt: 'a fox',
          count: 2,
          parameters: { aspectRatio: '1:1', resolution: '2K', seed: 7, allowDowngrade: true },
          inputs: [
            { role: 'reference', mime: 'image/png', bytes: new TextEncoder().encode('picture') },
            { role: 'source_video', from: { jobId: 'job_0abc', index: 0 } },
          ],
        },
      },
    ])
  })

  test.each([
    [{ kind: 'sound', model: '', prompt: 'x' }, 'kind'],
    [{ kind: 'image', model: '', prompt: '' }, 'prompt'],
    [{ kind: 'image', model: '', prompt: 'x', count: 11 }, 'count'],
    [{ kind: 'image', model: '', prompt: 'x', colour: 'red' }, 'colour'],
  ])('%j is refused by name', async (body, param) => {
    const answer = await play(body)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { param } })
    expect(submitted).toEqual([])
  })

  test('says what the engine says', async () => {
    const answer = await play({ kind: 'image', model: 'none', prompt: 'x' })
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('Did you mean')
  })

  test('says which plugin is missing', async () => {
    await kernel.reload({ plugins: { auth, admin } })
    const answer = await kernel.fetch('/admin/api/models', { headers })
    expect(answer.status).toBe(404)
    expect(await answer.text()).toContain('plugin `generation`')
  })
})

describe('media', () => {
  const media = (query = '', more: Record<string, string> = {}) =>
    kernel.fetch(`/admin/api/jobs/job_01/media/0${query}`, { headers: { ...headers, ...more } })

  test('come from the file, in ranges too, and stay with this browser', async () => {
    const path = join(directory, 'clip.mp4')
    await Bun.write(path, '0123456789')
    opened = okAsync({ mime: 'video/mp4', path })
    const whole = await media()
    expect(whole.status).toBe(200)
    expect(whole.headers.get('content-type')).toBe('video/mp4')
    expect(whole.headers.get('x-content-type-options')).toBe('nosniff')
    expect(whole.headers.get('cache-control')).toBe('private, max-age=3600')
    const part = await media('', { range: 'bytes=2-4' })
    expect(part.status).toBe(206)
    expect(await part.text()).toBe('234')
  })

  test('never as something that a browser would run', async () => {
    opened = okAsync({ mime: 'image/svg+xml', body: new TextEncoder().encode('<svg onload="alert(1)"/>') })
    expect((await media()).headers.get('content-type')).toBe('application/octet-stream')
    opened = okAsync({ mime: 'text/html', body: new TextEncoder().encode('<script>1</script>') })
    expect((await media()).headers.get('content-type')).toBe('application/octet-stream')
  })

  test('that have expired are gone', async () => {
    opened = okAsync({ mime: 'image/png', path: join(directory, 'gone.png') })
    expect((await media()).status).toBe(404)
  })

  test('are for the operator alone', async () => {
    expect((await kernel.fetch('/admin/api/jobs/job_01/media/0')).status).toBe(401)
  })
})
