/** The log: JSON lines for machines, coloured lines for people; secrets never, whoever logs them. */
import pino, { type DestinationStream, type Logger } from 'pino'
import { currentScope } from './scope.ts'

export interface LogOptions {
  /** For a terminal. Otherwise one JSON object a line. */
  readonly pretty: boolean
  /** `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. Default `info`. It can be changed later: `.level`. */
  readonly level?: string
  /** Default: standard output. */
  readonly destination?: DestinationStream
  /** Is shown every line, as JSON. */
  readonly feed?: LogFeed
}

/** Shows each line that passes to whoever listens. */
export class LogFeed {
  readonly #listeners = new Set<(line: string) => void>()

  listen(listener: (line: string) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** The same destination, with the feed in front. */
  before(destination: DestinationStream): DestinationStream {
    return {
      write: line => {
        destination.write(line)
        for (const listener of this.#listeners) {
          // It only watches: what it throws must not reach whoever logs.
          try {
            listener(line)
          } catch {}
        }
      },
    }
  }
}

/** Adds to each line what the work at hand belongs to. A new object each time: pino writes into it. */
export const withScope = (): object => ({ ...currentScope() })

const MASK = '********'

/** Keys whose values are masked at any depth, in small letters and without `-` and `_`. */
const SECRET_KEYS = new Set([
  'authorization',
  'proxyauthorization',
  'cookie',
  'setcookie',
  'apikey',
  'xapikey',
  'xgoogapikey',
  'password',
  'adminpassword',
  'secret',
  'st',
  'sessiontoken',
  'accesstoken',
  'token',
])

/** Deeper than this nothing is logged by anybody on purpose; it also ends circles. */
const DEEPEST = 8

export function createLogger({ pretty, level = 'info', destination, feed }: LogOptions): Logger {
  const known = level in pino.levels.values || level === 'silent'
  const lines = destination ?? pino.destination({ dest: 1, sync: true })
  const out = pretty ? prettyStream(lines) : lines
  const logger = pino(
    {
      level: known ? level : 'info',
      timestamp: pino.stdTimeFunctions.isoTime,
      mixin: withScope,
      formatters: {
        level: label => ({ level: label }),
        log: table => redactTable(table, 0),
      },
      // Errors are plain objects by then.
      serializers: { err: value => value },
    },
    feed ? feed.before(out) : out,
  )
  // Pino formats what a child carries with nothing; children inherit this `child`.
  const { child } = logger
  logger.child = function (this: Logger, bindings: object, options?: object) {
    return child.call(this, redactTable(bindings, 0), options)
  } as typeof child // its type parameter, levels of one's own, plays no part here
  if (!known)
    logger.warn(
      `There is no log level "${level}"; "info" is used. Levels: ${Object.keys(pino.levels.values).join(', ')}.`,
    )
  return logger
}

/**
 * Loaded only here: gateways behind a service manager never need it. Written line by line, because what a stream of
 * pino-pretty still holds when the process exits is lost.
 */
function prettyStream(out: DestinationStream): DestinationStream {
  const { prettyFactory, isColorSupported }: typeof import('pino-pretty') = require('pino-pretty')
  const format = prettyFactory({
    colorize: isColorSupported && process.stdout.isTTY,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
  })
  return { write: line => out.write(format(line)) }
}

function redactEntry(key: string, value: unknown, depth: number): unknown {
  const secret = SECRET_KEYS.has(key.toLowerCase().replaceAll(/[-_]/g, ''))
  if (secret && value !== undefined && value !== null && value !== '' && typeof value !== 'boolean') return MASK
  return redact(value, depth + 1)
}

function redact(value: unknown, depth: number): unknown {
  // What has a JSON form of its own, such as a date or a URL, is a value.
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  if (depth > DEEPEST) return '…'
  if (Array.isArray(value)) return value.map(item => redact(item, depth + 1))
  if (value instanceof Error) return redactTable({ ...pino.stdSerializers.err(value) }, depth)
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value
  return redactTable(value, depth)
}

function redactTable(table: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(Object.entries(table).map(([key, value]) => [key, redactEntry(key, value, depth)]))
}
