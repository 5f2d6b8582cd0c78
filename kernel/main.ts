/** Arguments, signals, boot, exit codes; nothing else. */
import { isAbsolute, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { err, type Result } from 'neverthrow'
import { version } from '../package.json'
import { bootBlock } from './banner.ts'
import { systemClock } from './clock.ts'
import { readDocument } from './config/document.ts'
import { parsePlugins } from './config/schema.ts'
import { type Configuration, configure } from './configuration.ts'
import type { ConfigProblem } from './control.ts'
import { EXIT, exitCodeOf } from './exit.ts'
import { messageOf } from './fault.ts'
import { Kernel } from './kernel.ts'
import { builtInIds, Loader } from './loader.ts'
import { createLogger } from './log.ts'
import { type Overrides, textOf } from './overrides.ts'
import { watchFile } from './watch.ts'

const USAGE = `Flow2API ${version}

  bun start [--config FILE]

  --config FILE   the settings; default config/setting.toml, or FLOW2API_CONFIG
  --version       print the version
  --help          print this

  FLOW2API_DATA_DIR and FLOW2API_TMP_DIR move data/ and tmp/. README lists the other variables and the exit codes.`

const ROOT = resolve(import.meta.dir, '..')
const began = performance.now()
const { env } = process

function options(): { config: string | undefined } {
  try {
    const { values } = parseArgs({
      options: { config: { type: 'string' }, version: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help || values.version) {
      console.log(values.help ? USAGE : version)
      process.exit(EXIT.ok)
    }
    return { config: values.config }
  } catch (cause) {
    console.error(`${messageOf(cause)}\n\n${USAGE}`)
    return process.exit(EXIT.usage)
  }
}

const named = options().config ?? env['FLOW2API_CONFIG']
const directory = (variable: string, standard: string) => resolve(env[variable] || join(ROOT, standard))
const paths = { data: directory('FLOW2API_DATA_DIR', 'data'), tmp: directory('FLOW2API_TMP_DIR', 'tmp') }
const standardFile = join(ROOT, 'config', 'setting.toml')
const loader = new Loader(paths.tmp)

const ownFile = (exists: boolean): string | null =>
  named ? (isAbsolute(named) ? named : resolve(named)) : exists ? standardFile : null

async function read(candidate?: Overrides): Promise<Result<Configuration, readonly ConfigProblem[]>> {
  const file = ownFile(await Bun.file(standardFile).exists())
  const overrides = join(paths.data, 'overrides.toml')
  const document = readDocument({
    file,
    overrides: candidate !== undefined || (await Bun.file(overrides).exists()) ? overrides : null,
    ...(candidate !== undefined && { candidate: textOf(candidate) }),
    env,
  })
  if (document.isErr()) return err(document.error)
  // Mistakes in [plugins] come again from `configure`, together with all others.
  const declared = parsePlugins(document.value).unwrapOr([])
  const known = new Set(declared.map(({ id }) => id))
  const silent = builtInIds().filter(id => !known.has(id))
  const all = [...declared, ...silent.map(id => ({ id, enabled: true, use: null, required: false, baseDir: ROOT }))]
  return configure(document.value, all, declaration => loader.load(declaration))
}

const terminal = process.stdout.isTTY === true
const log = createLogger({ pretty: terminal, level: env['FLOW2API_LOG_LEVEL'] ?? 'info' })
/** The block is for people; where stdout carries JSON lines it goes to stderr. */
const tell = (text: string) => (terminal ? process.stdout : process.stderr).write(text)
const announcements: string[] = []
let booted = false

const kernel = new Kernel({
  read,
  paths,
  env,
  clock: systemClock,
  log,
  version,
  watch: saved =>
    watchFile(ownFile(true) ?? standardFile, systemClock, saved, cause =>
      log.warn({ err: cause }, 'the settings file cannot be watched; reload by hand'),
    ),
  announce: lines => {
    if (booted) tell(`\n${lines.map(line => `  ${line}`).join('\n')}\n\n`)
    else announcements.push(...lines)
  },
})

// A plugin's bug must not end everyone's work; it is logged with its stack.
process.on('unhandledRejection', cause => log.error({ err: cause }, `unhandled rejection: ${messageOf(cause)}`))
process.on('uncaughtException', cause => log.error({ err: cause }, `uncaught exception: ${messageOf(cause)}`))

let signals = 0
const stop = (signal: string) => {
  if (++signals > 1) process.exit(EXIT.failed)
  // Timers of the kernel do not keep a process alive, and by now nothing listens that would.
  setInterval(() => {}, 60_000)
  log.info(`${signal}: stopping; a second signal exits at once`)
  void kernel.stop().then(() => process.exit(EXIT.ok))
}
process.on('SIGTERM', () => stop('SIGTERM'))
process.on('SIGINT', () => stop('SIGINT'))
process.on('SIGHUP', () => {
  void kernel.reload('SIGHUP').mapErr(({ message, problems }) => log.error({ problems }, message))
})

const started = await kernel.start()
if (started.isErr()) {
  process.stderr.write(`\nFlow2API did not start.\n\n${started.error.message}\n\n`)
  process.exit(exitCodeOf(started.error))
}
booted = true
tell(
  bootBlock({
    version,
    url: kernel.http.url,
    status: kernel.status(),
    hasConsole: kernel.http.serves('GET', '/admin'),
    announcements,
    bootMs: performance.now() - began,
  }),
)
log.info(
  { version, url: kernel.http.url, plugins: kernel.status().map(({ id, state }) => `${id}:${state}`) },
  'serving',
)
