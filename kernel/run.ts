/** A gateway as a process: arguments, signals, boot, exit codes; nothing else. */
import { parseArgs } from 'node:util'
import { version } from '../package.json'
import { bootBlock } from './banner.ts'
import type { Box } from './box.ts'
import { systemClock } from './clock.ts'
import { doctor, isAlive } from './doctor.ts'
import { EXIT, exitCodeOf } from './exit.ts'
import { messageOf } from './fault.ts'
import { Kernel } from './kernel.ts'
import { createLogger, LogFeed } from './log.ts'
import { Place } from './place.ts'
import { watchFile } from './watch.ts'

const USAGE = `Flow2API ${version}

  bun start [--config FILE]

  --config FILE   the settings; default config/setting.toml, or FLOW2API_CONFIG
  --doctor        check the installation and say what to do about what is found; --json for scripts
  --healthcheck   whether the gateway with these settings is alive: 0 if it is, else 1
  --version       print the version
  --help          print this

  FLOW2API_DATA_DIR and FLOW2API_TMP_DIR move data/ and tmp/. README lists the other variables and the exit codes.`

function options() {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string' },
        doctor: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        healthcheck: { type: 'boolean', default: false },
        version: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    })
    if (values.help || values.version) {
      console.log(values.help ? USAGE : version)
      process.exit(EXIT.ok)
    }
    return values
  } catch (cause) {
    console.error(`${messageOf(cause)}\n\n${USAGE}`)
    return process.exit(EXIT.usage)
  }
}

/** Ends with the process. */
export async function run(box: Box): Promise<void> {
  const began = performance.now()
  const { env } = process
  const asked = options()
  const place = new Place(box, env, asked.config)
  if (asked.healthcheck) process.exit((await isAlive(place)) ? EXIT.ok : EXIT.failed)
  if (asked.doctor) process.exit(await doctor({ place, env, version, json: asked.json }))
  await serve(place, began)
}

async function serve(place: Place, began: number): Promise<void> {
  const { env } = process
  const terminal = process.stdout.isTTY === true
  const feed = new LogFeed()
  const log = createLogger({ pretty: terminal, level: env['FLOW2API_LOG_LEVEL'] ?? 'info', feed })
  /** The block is for people; where stdout carries JSON lines it goes to stderr. */
  const tell = (text: string) => (terminal ? process.stdout : process.stderr).write(text)
  const announcements: string[] = []
  let booted = false

  const kernel = new Kernel({
    read: candidate => place.read(candidate),
    paths: place.paths,
    env,
    clock: systemClock,
    log,
    feed,
    version,
    watch: saved =>
      watchFile(place.file, systemClock, saved, cause =>
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
}
