/**
 * `bun run bench`: what the gateway costs, as a ratio within one run. (a) A bare `Bun.serve` that forwards one JSON call
 * to the emulator; (b) the gateway's `POST /v1/images/generations` (`url`, cache off) to the same emulator, which
 * answers at once. Every part is a process of its own; rounds alternate, so that a busy machine disturbs both alike.
 * Besides: many videos at once (`videos.ts`), and what a lease costs among few and among many accounts (`leases.ts`).
 */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { API_KEY, addAccounts } from '../fixtures/accounts.ts'
import { startGateway } from '../fixtures/gateway.ts'
import { BENCH_ACCOUNTS } from './accounts.ts'
import { debugCost } from './debug.ts'
import type { LeasesMeasured } from './leases.ts'
import { type Measured, merge, run } from './load.ts'
import { videos } from './videos.ts'

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '32' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    videos: { type: 'string', default: '10000' },
    /** Rounds that compare the plugin `debug` off, on and absent; 0 leaves it out. */
    debug: { type: 'string', default: '6' },
    json: { type: 'boolean', default: false },
  },
})
const connections = Number(values.connections)
const milliseconds = Number(values.seconds) * 1000
const rounds = Number(values.rounds)
/** Until the engine has compiled what is hot; before, each second is faster than the last. */
const WARM_UP_MS = 5_000

/** Starts a script of this folder; its first line of output is JSON about where it listens. */
async function part<T>(script: string, ...args: string[]): Promise<{ facts: T; stop: () => void }> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const { value } = await child.stdout.getReader().read()
  return { facts: JSON.parse(new TextDecoder().decode(value)) as T, stop: () => child.kill() } // our own scripts
}

const upstream = await part<{ labsBaseUrl: string; apiBaseUrl: string }>('upstream.ts')
const bare = await part<{ url: string }>('bare.ts', upstream.facts.labsBaseUrl, upstream.facts.apiBaseUrl)
const gateway = await startGateway({
  settings: `[flow]\nlabs_base_url = "${upstream.facts.labsBaseUrl}"\napi_base_url = "${upstream.facts.apiBaseUrl}"\n[cache]\nenabled = false\n`,
  env: { FLOW2API_API_KEY: API_KEY, FLOW2API_ADMIN_PASSWORD: 'bench-password', FLOW2API_LOG_LEVEL: 'warn' },
})
await addAccounts(gateway.url, 'bench-password', BENCH_ACCOUNTS)

const body = JSON.stringify({ model: 'gemini-3.0-pro-image', prompt: 'A bench by the sea', response_format: 'url' })
const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
const contenders = {
  'bare forwarder': { url: bare.facts.url, init: { method: 'POST', body, headers } },
  gateway: { url: `${gateway.url}/v1/images/generations`, init: { method: 'POST', body, headers } },
}
const results = new Map<string, Measured[]>()
for (const { url, init } of Object.values(contenders)) await run(url, init, connections, WARM_UP_MS)
for (let round = 0; round < rounds; round++)
  for (const [name, { url, init }] of Object.entries(contenders))
    results.set(name, [...(results.get(name) ?? []), await run(url, init, connections, milliseconds)])

const rows = [...results].map(([name, all]) => ({ name, ...merge(all) }))
const [a, b] = rows
const ratio = a && b ? b.perSecond / a.perSecond : Number.NaN
if (values.json) console.log(JSON.stringify({ connections, rows, ratio }))
else {
  console.log(
    `\n${connections} connections, ${rounds} × ${values.seconds} s each, ${cpus().length} × ${cpus()[0]?.model}, Bun ${Bun.version}\n`,
  )
  console.table(
    rows.map(({ name, perSecond, p50, p99, failed }) => ({
      name,
      'requests/s': Math.round(perSecond),
      'p50 ms': p50.toFixed(2),
      'p99 ms': p99.toFixed(2),
      failed,
    })),
  )
  console.log(`ratio gateway / bare forwarder: ${ratio.toFixed(3)}\n`)
}
bare.stop()
await gateway[Symbol.asyncDispose]()
const debug =
  Number(values.debug) > 0
    ? await debugCost({
        flow: upstream.facts,
        connections,
        rounds: Number(values.debug),
        warmUpMs: WARM_UP_MS,
        roundMs: milliseconds,
      })
    : undefined
upstream.stop()
if (debug && values.json) console.log(JSON.stringify({ debug }))
else if (debug)
  console.log(
    `processor time of a request, debug switched off / without the plugin: ${debug.off.toFixed(3)}; switched on / off: ${debug.on.toFixed(1)}\n`,
  )
const many = Number(values.videos) > 0 ? await videos(Number(values.videos)) : undefined
if (many)
  console.log(
    values.json ? JSON.stringify(many) : `${many.videos} videos on ${many.accounts} accounts: ${JSON.stringify(many)}`,
  )
// In a process of its own, whose memory holds nothing else.
const pool = Bun.spawnSync([process.execPath, join(import.meta.dir, 'leases.ts')], { stderr: 'inherit' })
const leased = JSON.parse(pool.stdout.toString()) as readonly LeasesMeasured[] // our own script
if (values.json) console.log(JSON.stringify({ leases: leased }))
else {
  console.log('\na lease among so many accounts: taken and given back; the same with its outcome reported')
  console.table(
    leased.map(({ accounts, leaseUs, reportedUs }) => ({ accounts, 'lease µs': leaseUs, 'reported µs': reportedUs })),
  )
}
process.exit(rows.some(({ failed }) => failed > 0) || (debug?.failed ?? 0) > 0 ? 1 : 0)
