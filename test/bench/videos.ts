/** Ten thousand videos at once on ten accounts: what the gateway's process takes, and how often it asks the upstream. */

import { startEmulator } from '../emulator/index.ts'
import { API_KEY, addAccounts } from '../fixtures/accounts.ts'
import { startGateway } from '../fixtures/gateway.ts'
import { BENCH_ACCOUNTS } from './accounts.ts'

export interface VideosMeasured {
  readonly videos: number
  readonly accounts: number
  readonly completed: number
  /** Calls of the upstream's status endpoint, and the most that any account was asked. */
  readonly statusCalls: number
  readonly rounds: number
  /** The most memory that the gateway's process ever had resident. */
  readonly peakRssMb: number
  readonly seconds: number
}

const CONNECTIONS = 64

export async function videos(total: number): Promise<VideosMeasured> {
  const emulator = await startEmulator({
    seedAccounts: BENCH_ACCOUNTS,
    latency: { videoMs: 8_000 },
    recordLimit: 4 * total,
    mediaLimit: 2 * total,
  })
  const gateway = await startGateway({
    settings: `[flow]\nlabs_base_url = "${emulator.labsBaseUrl}"\napi_base_url = "${emulator.apiBaseUrl}"\npoll_interval = 1\n[generation]\nmax_queue = 1000000\n[cache]\nenabled = false\n`,
    env: { FLOW2API_API_KEY: API_KEY, FLOW2API_ADMIN_PASSWORD: 'bench-password', FLOW2API_LOG_LEVEL: 'warn' },
  })
  try {
    await addAccounts(gateway.url, 'bench-password', BENCH_ACCOUNTS)
    const began = performance.now()
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
    const ids: string[] = []
    let sent = 0
    const worker = async () => {
      while (sent++ < total) {
        const body = JSON.stringify({ model: 'veo_3_1_t2v_fast', prompt: `Video ${sent}` })
        const answer = await fetch(`${gateway.url}/v1/videos`, { method: 'POST', headers, body })
        ids.push(((await answer.json()) as { id: string }).id) // a video object
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, worker))
    let completed = 0
    for (const id of ids) {
      for (;;) {
        const video = (await (await fetch(`${gateway.url}/v1/videos/${id}`, { headers })).json()) as { status: string } // a video object
        if (video.status === 'completed') completed++
        if (video.status === 'completed' || video.status === 'failed') break
        await Bun.sleep(100)
      }
    }
    const rounds = Math.max(...BENCH_ACCOUNTS.map(({ email }) => emulator.record.of('status', email).length))
    const status = await Bun.file(`/proc/${gateway.pid}/status`).text()
    return {
      videos: total,
      accounts: BENCH_ACCOUNTS.length,
      completed,
      statusCalls: emulator.record.of('status').length,
      rounds,
      peakRssMb: Math.round(Number(status.match(/VmHWM:\s+(\d+)/)?.[1] ?? 0) / 1024),
      seconds: Math.round((performance.now() - began) / 100) / 10,
    }
  } finally {
    await gateway[Symbol.asyncDispose]()
    await emulator.stop()
  }
}
