/**
 * `bun run doctor`: what is wrong with this installation, and what to do about it. Where no gateway runs on the data
 * directory, the plugins that can check themselves are started here, and nobody else: nothing is served, no key is made, no
 * job is touched. Where one runs, it is asked.
 */
import { stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { ok } from 'neverthrow'
import pino from 'pino'
import { systemClock } from './clock.ts'
import { describeProblems } from './config/normalize.ts'
import type { Configuration } from './configuration.ts'
import { type Contributed, Diagnosis, examine, type Finding } from './diagnosis.ts'
import { FaultError, kernelFault, messageOf } from './fault.ts'
import type { Blueprint } from './instance.ts'
import { Kernel } from './kernel.ts'
import { LogFeed } from './log.ts'
import type { Place } from './place.ts'
import { definePlugin } from './plugin.ts'
import { type Capability, refName } from './refs.ts'

export interface DoctorOptions {
  readonly place: Place
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly json: boolean
}

const TIMEOUT_MS = 60_000
const LITTLE_DISK_BYTES = 1024 ** 3
const NO_DISK_BYTES = 100 * 1024 ** 2
const SEVERITIES = ['ok', 'warning', 'error'] as const
const CODES = [0, 1, 2] as const
const SIGNS = { ok: 'ok     ', warning: 'WARNING', error: 'ERROR  ' } as const

/** Prints the findings. Exit code: 0 all well, 1 warnings, 2 errors. */
export async function doctor(options: DoctorOptions): Promise<0 | 1 | 2> {
  const findings = await findAll(options)
  const code = CODES[Math.max(0, ...findings.map(({ severity }) => SEVERITIES.indexOf(severity)))] ?? 2
  if (options.json) console.log(JSON.stringify({ object: 'diagnosis', version: options.version, code, findings }))
  else
    for (const { severity, about, message, todo } of findings)
      console.log(`${SIGNS[severity]}  ${about}: ${message}${todo === null ? '' : `\n         → ${todo}`}`)
  return code
}

async function findAll({ place, env, version }: DoctorOptions): Promise<readonly Finding[]> {
  const read = await place.read()
  if (read.isErr())
    return [
      broken(
        'settings',
        describeProblems(read.error),
        'Correct these places; plugins are checked once they are right.',
      ),
      ...(await disk(place)),
    ]
  const config = read.value
  const findings: Finding[] = [
    well('settings', `${place.file}: ${config.blueprints.length} plugins are switched on.`),
    ...config.warnings.map(message => weak('settings', message, 'Look at that setting again.')),
    ...config.failed.map(({ id, fault }) => broken(`plugin ${id}`, fault.message, `Repair it, or set ${id} = false.`)),
    ...(await disk(place)),
    ...(await rights(place)),
  ]
  const address = addressOf(config)
  const running = await ask(`${address}/health`)
  const here = await startHere(config, { place, env, version })
  if (here === 'running') return [...findings, ...(await fromRunning(address, config))]
  findings.push(
    running === undefined
      ? well('port', `${config.server.host}:${config.server.port} is free; no gateway runs.`)
      : broken(
          'port',
          `Something else answers at ${address}.`,
          'Stop it, or set another [server] port. If it is a gateway, it has another data directory.',
        ),
  )
  return [...findings, ...here]
}

/** Whether the gateway with these settings answers. */
export async function isAlive(place: Place): Promise<boolean> {
  const server = await place.server()
  return server.isOk() && (await ask(`${addressOf({ server: server.value })}/health`)) === 200
}

async function startHere(
  config: Configuration,
  { place, env, version }: Omit<DoctorOptions, 'json'>,
): Promise<readonly Finding[] | 'running'> {
  let checks: () => Contributed = () => []
  const { chosen, foreign } = selfChecking(config.blueprints)
  const collector = definePlugin({
    name: 'doctor',
    version: '1.0.0',
    requires: { checks: Diagnosis },
    provides: foreign,
    setup(ctx) {
      checks = () => ctx.deps.checks.all()
      for (const ref of foreign) ctx.provide(ref, standIn)
    },
  })
  const own = { id: 'doctor', definition: collector, config: {}, sections: {}, hash: '', required: true, source: '' }
  const reduced: Configuration = {
    ...config,
    server: { ...config.server, host: '127.0.0.1', port: 0, watch: false },
    blueprints: [...chosen, own],
    failed: [],
  }
  const kernel = new Kernel({
    read: async () => ok(reduced),
    paths: place.paths,
    env: { ...env },
    clock: systemClock,
    log: pino({ level: 'silent' }),
    feed: new LogFeed(),
    version,
    announce: lines => void process.stderr.write(`${lines.join('\n')}\n`),
  })
  const started = await kernel.start()
  if (started.isErr()) {
    const { code, message } = started.error
    return code === 'data_dir_in_use' ? 'running' : [broken('start', message, 'The gateway would not start either.')]
  }
  try {
    const down = kernel.status().flatMap(({ id, error }) => (error === null ? [] : [{ id, error }]))
    return [
      well('database', 'It can be opened, and its version is right.'),
      ...down.map(({ id, error }) => broken(`plugin ${id}`, error, 'Correct what it names.')),
      ...(await examine(checks(), AbortSignal.timeout(TIMEOUT_MS))),
    ]
  } finally {
    await kernel.stop()
  }
}

const namesOf = (refs: readonly Capability<unknown>[]): readonly string[] => refs.map(refName)

/** Those that contribute a check, and what they need of others. */
function selfChecking(blueprints: readonly Blueprint[]) {
  const chosen = blueprints.filter(({ definition }) => namesOf(definition.provides).includes(refName(Diagnosis)))
  const provided = new Set(chosen.flatMap(({ definition }) => namesOf(definition.provides)))
  const needed = chosen.flatMap(({ definition }): Capability<unknown>[] => Object.values(definition.requires ?? {}))
  const foreign = needed.filter(ref => ref.arity === 'one' && !provided.has(refName(ref)))
  return { chosen, foreign: [...new Map(foreign.map(ref => [refName(ref), ref])).values()] }
}

/** In the place of a plugin that is not started, since its start would change something: keys, sessions, jobs. */
const standIn = new Proxy(
  {},
  {
    get: (_target, key) => () => {
      throw new FaultError(kernelFault('capability_gone', `Nobody answers ${String(key)} while the doctor looks.`))
    },
  },
)

async function fromRunning(address: string, config: Configuration): Promise<readonly Finding[]> {
  const user = String(config.values['global']?.['admin_username'] ?? 'admin')
  const password = String(config.values['global']?.['admin_password'] ?? '')
  const ready = await ask(`${address}/ready`)
  const state =
    ready === 200
      ? well('gateway', `It runs and is ready at ${address}.`)
      : broken('gateway', `It runs, but ${address}/ready answers ${ready ?? 'nothing'}.`, 'Look at its log.')
  if (password === '')
    return [
      state,
      weak(
        'gateway',
        'Accounts, proxies and upstreams were not checked: the running gateway answers only to its admin password.',
        'Run this again with FLOW2API_ADMIN_PASSWORD set to it, or call GET /admin/api/doctor.',
      ),
    ]
  try {
    const answer = await fetch(`${address}/admin/api/doctor`, {
      headers: { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (answer.ok) return [state, ...((await answer.json()) as { findings: readonly Finding[] }).findings] // our own route
    const todo = answer.status === 401 ? 'Set FLOW2API_ADMIN_PASSWORD to the right one.' : 'Look at its log.'
    return [state, broken('gateway', `It was asked what it knows, and answered ${answer.status}.`, todo)]
  } catch (cause) {
    return [state, broken('gateway', `It could not be asked (${messageOf(cause)}).`, 'Look at its log.')]
  }
}

const addressOf = ({ server: { host, port } }: Pick<Configuration, 'server'>): string => {
  const own = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '[::1]' : host.includes(':') ? `[${host}]` : host
  return `http://${own}:${port}`
}

/** The status, or undefined where nobody answers. */
const ask = (url: string): Promise<number | undefined> =>
  fetch(url, { signal: AbortSignal.timeout(4_000) }).then(
    answer => answer.status,
    () => undefined,
  )

async function disk({ paths }: Place): Promise<readonly Finding[]> {
  return Promise.all(
    [...new Set([paths.data, paths.tmp])].map(async directory => {
      try {
        const { bavail, bsize } = await statfs(directory)
        const free = bavail * bsize
        const message = `${(free / 1024 ** 3).toFixed(1)} GB are free for ${directory}.`
        if (free < NO_DISK_BYTES) return broken('disk', message, 'Free some space at once: jobs cannot be recorded.')
        return free < LITTLE_DISK_BYTES ? weak('disk', message, 'Free some space.') : well('disk', message)
      } catch {
        return well('disk', `${directory} will be made at the first start.`)
      }
    }),
  )
}

/** The key to all secrets is for its owner alone. */
async function rights({ paths }: Place): Promise<readonly Finding[]> {
  const file = join(paths.data, 'secret.key')
  try {
    const { mode } = await stat(file)
    return (mode & 0o077) === 0
      ? [well('secret.key', 'Only its owner can read it.')]
      : [weak('secret.key', `Others can read ${file}.`, `Run: chmod 600 ${file}`)]
  } catch {
    return []
  }
}

const well = (about: string, message: string): Finding => ({ severity: 'ok', about, message, todo: null })
const weak = (about: string, message: string, todo: string): Finding => ({ severity: 'warning', about, message, todo })
const broken = (about: string, message: string, todo: string): Finding => ({ severity: 'error', about, message, todo })
