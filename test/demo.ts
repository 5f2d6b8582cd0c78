/** The gateway in front of the bundled emulator, with three sample accounts: no Google account needed. `bun run demo` */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { demoBlock } from './emulator/demo-block.ts'
import { addAccount, DemoFailed, modelOf, signIn } from './emulator/demo-gateway.ts'
import { SAMPLE_ACCOUNTS, startEmulator } from './emulator/index.ts'

const USAGE = `Flow2API with the bundled Flow emulator and three sample accounts.

  bun run demo [options]

  --port N             port of the gateway, 0 for a free one; default FLOW2API_PORT or 8000
  --latency-image MS   how long an image takes; default 2000
  --latency-video MS   how long a video takes; default 8000
  --help               print this

  FLOW2API_API_KEY and FLOW2API_ADMIN_PASSWORD replace the demo's own. With FLOW2API_DATA_DIR the data is kept.`

const ROOT = resolve(import.meta.dir, '..')
const READY_TIMEOUT_MS = 30_000
/** How long a gateway that cannot start may take to say so. */
const REFUSAL_TIMEOUT_MS = 10_000

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: 'string', default: process.env['FLOW2API_PORT'] || '8000' },
        'latency-image': { type: 'string', default: '2000' },
        'latency-video': { type: 'string', default: '8000' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    const number = (option: 'port' | 'latency-image' | 'latency-video', largest: number) => {
      if (/^\d+$/.test(values[option]) && Number(values[option]) <= largest) return Number(values[option])
      throw new Error(`--${option} is "${values[option]}"; it must be a whole number from 0 to ${largest}.`)
    }
    return {
      port: number('port', 65_535),
      imageMs: number('latency-image', 3_600_000),
      videoMs: number('latency-video', 3_600_000),
      help: values.help,
    }
  } catch (cause) {
    console.error(`${cause instanceof Error ? cause.message : cause}\n\n${USAGE}`)
    return process.exit(64)
  }
}

/** The port itself, a free one for 0; undefined if somebody listens there already. */
function freePort(port: number): number | undefined {
  try {
    const listener = Bun.listen({ hostname: '127.0.0.1', port, socket: { data() {} } })
    const free = listener.port
    listener.stop(true)
    return free
  } catch {
    return undefined
  }
}

type Gateway = Bun.Subprocess

/** Resolves once the gateway answers `/ready`. Throws if it ends before, or takes too long. */
async function becomesReady(gateway: Gateway, url: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS
  let last = 'it does not answer'
  while (gateway.exitCode === null && gateway.signalCode === null) {
    const response = await fetch(`${url}/ready`).catch(() => undefined)
    if (response?.ok) return
    if (response) last = await response.text()
    if (Date.now() > deadline)
      throw new DemoFailed(`The gateway is not ready after ${READY_TIMEOUT_MS / 1000} s: ${last}`)
    await Bun.sleep(50)
  }
  throw new DemoFailed(
    `The gateway ended with exit code ${gateway.exitCode ?? gateway.signalCode} before it was ready; its message is above.`,
    gateway.exitCode || 1,
  )
}

const { port: wanted, imageMs, videoMs, help } = options()
if (help) {
  console.log(USAGE)
  process.exit(0)
}
// A proxy of the environment is not for what happens on this machine.
for (const name of ['NO_PROXY', 'no_proxy'])
  process.env[name] = [process.env[name], '127.0.0.1'].filter(Boolean).join(',')
const free = freePort(wanted)
const port = free ?? wanted
const url = `http://127.0.0.1:${port}`
const apiKey = process.env['FLOW2API_API_KEY'] || 'demo-key'
const adminPassword = process.env['FLOW2API_ADMIN_PASSWORD'] || 'demo-password'
const scratch = await mkdtemp(join(tmpdir(), 'flow2api-demo-'))
const emulator = await startEmulator({
  latency: {
    sessionMs: 80,
    creditsMs: 60,
    projectMs: 120,
    uploadMs: 200,
    imageMs,
    upsampleImageMs: imageMs,
    submitMs: 400,
    videoMs,
    pollMs: 80,
    redirectMs: 60,
  },
})
const gateway = Bun.spawn([process.execPath, join(ROOT, 'kernel', 'main.ts')], {
  cwd: ROOT,
  stdio: ['ignore', 'inherit', 'inherit'],
  // A group of its own: Ctrl+C reaches it through this process alone, once.
  detached: true,
  env: {
    ...process.env,
    FLOW2API_GLOBAL_ADMIN_USERNAME: 'admin',
    FLOW2API_DATA_DIR: process.env['FLOW2API_DATA_DIR'] || join(scratch, 'data'),
    FLOW2API_TMP_DIR: process.env['FLOW2API_TMP_DIR'] || join(scratch, 'tmp'),
    FLOW2API_PORT: String(port),
    FLOW2API_API_KEY: apiKey,
    FLOW2API_ADMIN_PASSWORD: adminPassword,
    FLOW2API_FLOW_LABS_BASE_URL: emulator.labsBaseUrl,
    FLOW2API_FLOW_API_BASE_URL: emulator.apiBaseUrl,
  },
})
let stopping = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    stopping = true
    gateway.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal)
  })

async function demonstrate(): Promise<void> {
  // Whoever holds the port might answer /ready, so it is the gateway's turn to say that it cannot start.
  if (free === undefined) {
    await Promise.race([gateway.exited, Bun.sleep(REFUSAL_TIMEOUT_MS)])
    throw new DemoFailed(
      `Port ${port} is taken by another program. Stop it, or choose another port: bun run demo --port 8001\n` +
        `The gateway's exit code is ${gateway.exitCode ?? 'none yet'}; its own message is above.`,
      gateway.exitCode || 1,
    )
  }
  await becomesReady(gateway, url)
  const token = await signIn(url, adminPassword)
  for (const account of SAMPLE_ACCOUNTS) await addAccount(url, token, account)
  const imageModel = await modelOf(url, apiKey, 'image', 'gemini-3.0-pro-image')
  const videoModel = await modelOf(url, apiKey, 'video', 'veo_3_1_t2v_fast')
  console.log(
    demoBlock({
      url,
      emulatorUrl: emulator.url,
      controlUrl: emulator.controlUrl,
      apiKey,
      adminPassword,
      imageModel,
      videoModel,
    }),
  )
}

let exitCode: number
try {
  await demonstrate()
  exitCode = await gateway.exited
  if (!stopping) console.error(`\nThe gateway ended by itself, with exit code ${exitCode}.`)
} catch (cause) {
  exitCode = cause instanceof DemoFailed ? cause.exitCode : 1
  if (stopping) exitCode = await gateway.exited
  else console.error(`\nThe demo did not start. ${cause instanceof DemoFailed ? cause.message : Bun.inspect(cause)}`)
  gateway.kill('SIGTERM')
  await gateway.exited
}
await emulator.stop()
await rm(scratch, { recursive: true, force: true })
process.exit(exitCode)
