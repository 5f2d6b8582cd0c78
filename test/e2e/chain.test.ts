/**
 * `kill -9` at each step of a chain: a first frame is uploaded, a video is made of it and raised to 1080p. After the next
 * start the chain goes on where it stood; no paid step is ever submitted twice; where the crash fell between a paid call
 * and its answer, the job says so.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from 'jpeg-js'
import type { EndpointScope } from '../emulator/endpoint.ts'
import { type Emulator, SAMPLE_ACCOUNTS, startEmulator } from '../emulator/index.ts'
import { API_KEY, addAccounts } from '../fixtures/accounts.ts'
import { type Gateway, startGateway } from '../fixtures/gateway.ts'

const MODEL = 'veo_3_1_i2v_s_1080p'
const PASSWORD = 'chain-password'
const ULTRA = SAMPLE_ACCOUNTS.filter(({ tier }) => tier !== 'PAYGATE_TIER_NOT_PAID')
const frame = encode({ width: 64, height: 36, data: new Uint8Array(64 * 36 * 4).fill(128) }, 80).data

let emulator: Emulator
let dir = ''
beforeAll(async () => {
  emulator = await startEmulator()
})
afterAll(() => emulator.stop())

const start = () =>
  startGateway({
    dir,
    settings: `[flow]\nlabs_base_url = "${emulator.labsBaseUrl}"\napi_base_url = "${emulator.apiBaseUrl}"\npoll_interval = 0.05\n`,
    env: { FLOW2API_API_KEY: API_KEY, FLOW2API_ADMIN_PASSWORD: PASSWORD },
  })

const headers = { authorization: `Bearer ${API_KEY}` }

async function create(gateway: Gateway): Promise<string> {
  const form = new FormData()
  form.set('model', MODEL)
  form.set('prompt', 'A chain')
  form.set('input_reference', new File([new Uint8Array(frame)], 'frame.jpg'))
  const answer = await fetch(`${gateway.url}/v1/videos`, { method: 'POST', headers, body: form })
  const video = (await answer.json()) as { id: string; error?: { message: string } } // a video object
  if (!answer.ok) throw new Error(video.error?.message)
  return video.id.replace('video_', 'job_')
}

interface JobBody {
  readonly status: string
  readonly media: readonly { readonly url: string; readonly width: number; readonly height: number }[]
  readonly error: { readonly code: string } | null
}

async function ended(gateway: Gateway, id: string): Promise<JobBody> {
  for (;;) {
    const job = (await (await fetch(`${gateway.url}/v1/jobs/${id}`, { headers })).json()) as JobBody // the documented shape
    if (['completed', 'failed', 'cancelled', 'outcome_unknown'].includes(job.status)) return job
    await Bun.sleep(20)
  }
}

const until = async (holds: () => boolean) => {
  while (!holds()) await Bun.sleep(1)
}

interface Ending {
  readonly status: string
  readonly code: string | null
  /** Of the first piece of media. */
  readonly size: string | null
  readonly file: string | null
  readonly paid: readonly string[]
}

/** Kills the gateway when `moment` holds, starts it again, and answers how the job ended. */
async function killed(moment: () => boolean, prepare: () => void = () => {}): Promise<Ending> {
  dir = await mkdtemp(join(tmpdir(), 'flow2api-chain-'))
  try {
    emulator.record.clear()
    const first = await start()
    await addAccounts(first.url, PASSWORD, ULTRA)
    emulator.record.clear()
    prepare()
    const id = await create(first)
    await until(moment)
    first.kill('SIGKILL')
    await first.exited
    emulator.faults.clear()
    await using second = await start()
    const job = await ended(second, id)
    const file = job.media[0] && (await fetch(job.media[0].url.replace(/^http:\/\/[^/]+/, second.url)))
    return {
      status: job.status,
      code: job.error?.code ?? null,
      size: job.media[0] ? `${job.media[0].width}x${job.media[0].height}` : null,
      file: file ? file.headers.get('content-type') : null,
      paid: emulator.record.paid().map(({ kind }) => kind),
    }
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

const WHOLE: Ending = {
  status: 'completed',
  code: null,
  size: '1920x1080',
  file: 'video/mp4',
  paid: ['video', 'upsample_video'],
}

describe('a kill while a call is under way', () => {
  const during = (endpoint: EndpointScope) =>
    killed(
      () => emulator.record.of(endpoint).length > 0,
      // The work is done, and the answer never arrives.
      () => void emulator.faults.next(endpoint, { silence: 'lost' }),
    )

  for (const endpoint of ['upload', 'status', 'redirect', 'download'] as const)
    test(`${endpoint}, which costs nothing: it is done again and the chain completes`, async () => {
      expect(await during(endpoint)).toEqual(WHOLE)
    })

  test('the paid submission: the outcome is unknown, and nothing is submitted again', async () => {
    expect(await during('videoStart')).toMatchObject({
      status: 'outcome_unknown',
      code: 'outcome_unknown',
      paid: ['video'],
    })
  })

  test('the paid upsampling: unknown too, and what was finished before is delivered', async () => {
    expect(await during('upsampleVideo')).toEqual({
      ...WHOLE,
      status: 'outcome_unknown',
      code: 'outcome_unknown',
      size: '1280x720',
    })
  })
})

describe('a kill right after an answer', () => {
  const after = (endpoint: EndpointScope) =>
    killed(() => emulator.record.of(endpoint).some(({ status }) => status !== null))

  // By the time that the kill arrives, the next paid call may be on its way: then the honest answer is that nobody knows.
  for (const endpoint of ['upload', 'videoStart', 'status', 'redirect', 'upsampleVideo', 'download'] as const)
    test(`of ${endpoint}: it completes, or says honestly that it does not know; no step was paid twice`, async () => {
      const { status, paid } = await after(endpoint)
      expect(['completed', 'outcome_unknown']).toContain(status)
      const steps = ['video', 'upsample_video']
      expect(paid).toEqual(status === 'completed' ? steps : steps.slice(0, paid.length))
    })
})
