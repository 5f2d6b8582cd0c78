/**
 * Many jobs of every kind in flight, and the gateway killed again and again at random moments. Afterwards: every job has
 * ended, no piece of work was submitted twice, every finished file can be fetched.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from 'jpeg-js'
import { SAMPLE_ACCOUNTS, startEmulator } from '../emulator/index.ts'
import { API_KEY, addAccounts } from '../fixtures/accounts.ts'
import { type Gateway, startGateway } from '../fixtures/gateway.ts'
import { paidTwice } from './paid.ts'
import { count, randomFrom } from './random.ts'

export interface ChaosOptions {
  readonly jobs: number
  readonly kills: number
  /** The same seed brings the same moments and kinds. */
  readonly seed: number
  readonly log?: (line: string) => void
}

export interface ChaosReport {
  readonly jobs: number
  readonly kills: number
  /** How the jobs ended, by state. */
  readonly ended: Readonly<Record<string, number>>
  /** Codes of those that did not complete. */
  readonly codes: Readonly<Record<string, number>>
  readonly paidSubmissions: number
  /** Pieces of work that the upstream accepted more than once: must be none. */
  readonly submittedTwice: readonly string[]
  readonly files: number
  /** Finished files that could not be fetched: must be none. */
  readonly lostFiles: readonly string[]
  readonly seconds: number
}

const PASSWORD = 'chaos-password'
const FINAL = ['completed', 'failed', 'cancelled', 'outcome_unknown']
const headers = { authorization: `Bearer ${API_KEY}` }

const picture = new File(
  [new Uint8Array(encode({ width: 64, height: 36, data: new Uint8Array(64 * 36 * 4).fill(90) }, 70).data)],
  'in.jpg',
)

type Fields = Readonly<Record<string, string>>

/** One request of each kind: path, fields, and whether a picture goes with it. */
const KINDS: readonly (readonly [path: string, fields: Fields, withPicture: boolean])[] = [
  ['/v1/images/generations', { model: 'gemini-3.0-pro-image', response_format: 'url' }, false],
  ['/v1/images/generations', { model: 'gemini-3.0-pro-image-square-2k', response_format: 'url' }, false],
  ['/v1/images/generations', { model: 'gemini-3.1-flash-image', n: '3', response_format: 'url' }, false],
  ['/v1/images/edits', { model: 'gemini-3.0-pro-image', response_format: 'url' }, true],
  ['/v1/videos', { model: 'veo_3_1_t2v_fast' }, false],
  ['/v1/videos', { model: 'veo_3_1_i2v_s_fast_fl' }, true],
  ['/v1/videos', { model: 'veo_3_1_i2v_s_1080p' }, true],
  ['/v1/videos', { model: 'veo_3_1_t2v_1080p' }, false],
]

/** Sends the request until somebody takes it, always under the same key. Answers the job's id. */
async function submit(url: string, index: number, stopped: () => boolean): Promise<string> {
  const [path, fields, withPicture] = KINDS[index % KINDS.length] ?? KINDS[0] ?? ['', {}, false]
  while (!stopped()) {
    const form = new FormData()
    for (const [name, value] of Object.entries({ ...fields, prompt: `Chaos ${index}` })) form.set(name, value)
    if (withPicture) form.set(path.endsWith('edits') ? 'image' : 'input_reference', picture)
    const extra = { 'idempotency-key': `chaos-${index}`, prefer: 'respond-async' }
    const answer = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { ...headers, ...extra },
      body: form,
    }).catch(() => undefined)
    const body = (await answer?.json().catch(() => undefined)) as
      | { id?: string; error?: { message: string } }
      | undefined // a job or a video object
    const id = answer?.headers.get('x-flow2api-job') ?? body?.id?.replace('video_', 'job_')
    if (answer?.ok && id) return id
    if (answer && answer.status !== 503)
      throw new Error(`request ${index} was refused: ${answer.status} ${body?.error?.message}`)
    await Bun.sleep(20)
  }
  throw new Error('stopped')
}

interface Job {
  readonly id: string
  readonly status: string
  readonly error: { readonly code: string } | null
  readonly media: readonly { readonly url: string }[]
}

async function settled(url: string, id: string): Promise<Job> {
  for (;;) {
    const answer = await fetch(`${url}/v1/jobs/${id}`, { headers }).catch(() => undefined)
    if (answer?.status === 404) throw new Error(`job ${id} was forgotten`)
    const job = answer?.ok ? ((await answer.json().catch(() => undefined)) as Job | undefined) : undefined // the documented shape
    if (job && FINAL.includes(job.status)) return job
    await Bun.sleep(50)
  }
}

export async function chaos({ jobs, kills, seed, log = () => {} }: ChaosOptions): Promise<ChaosReport> {
  const began = performance.now()
  const random = randomFrom(seed)
  const accounts = SAMPLE_ACCOUNTS.map(account => ({ ...account, credits: 1_000_000 }))
  const latency = { imageMs: 60, uploadMs: 10, submitMs: 20, videoMs: 700, upsampleImageMs: 60, pollMs: 5, mediaMs: 10 }
  const emulator = await startEmulator({ seedAccounts: accounts, latency, recordLimit: 1_000_000 })
  const dir = await mkdtemp(join(tmpdir(), 'flow2api-chaos-'))
  const port = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const url = `http://127.0.0.1:${port.port}`
  port.stop(true)
  const start = (): Promise<Gateway> =>
    startGateway({
      dir,
      settings: `[flow]\nlabs_base_url = "${emulator.labsBaseUrl}"\napi_base_url = "${emulator.apiBaseUrl}"\npoll_interval = 0.1\n[generation]\nmax_queue = 100000\n`,
      env: {
        FLOW2API_API_KEY: API_KEY,
        FLOW2API_ADMIN_PASSWORD: PASSWORD,
        FLOW2API_PORT: url.split(':')[2] ?? '0',
        FLOW2API_LOG_LEVEL: 'error',
      },
    })
  let over = false
  try {
    let gateway = await start()
    await addAccounts(gateway.url, PASSWORD, accounts)
    // They arrive over the whole time of the kills, so that every moment of a job is met.
    const spread = kills * 350
    const work = Promise.all(
      Array.from({ length: jobs }, async (_, index) => {
        await Bun.sleep(random() * spread)
        return submit(url, index, () => over)
      }),
    )
    for (let kill = 1; kill <= kills; kill++) {
      await Bun.sleep(100 + random() * 400)
      gateway.kill('SIGKILL')
      await gateway.exited
      gateway = await start()
      log(`kill ${kill} of ${kills}: ${emulator.record.paid().length} paid submissions so far`)
    }
    const ids = await work
    const ended = await Promise.all(ids.map(id => settled(url, id)))
    const urls = ended.flatMap(({ media }) => media.map(({ url }) => url))
    const lost: string[] = []
    for (const file of urls) {
      const answer = await fetch(file).catch(() => undefined)
      const bytes = (await answer?.arrayBuffer().catch(() => undefined))?.byteLength ?? 0
      if (!answer?.ok || bytes === 0) lost.push(file)
    }
    over = true
    gateway.kill('SIGKILL')
    await gateway.exited
    return {
      jobs: new Set(ids).size,
      kills,
      ended: count(ended.map(({ status }) => status)),
      codes: count(ended.flatMap(({ error }) => error?.code ?? [])),
      paidSubmissions: emulator.record.paid().length,
      submittedTwice: paidTwice(emulator),
      files: urls.length,
      lostFiles: lost,
      seconds: Math.round((performance.now() - began) / 100) / 10,
    }
  } finally {
    over = true
    await emulator.stop()
    await rm(dir, { recursive: true, force: true })
  }
}
