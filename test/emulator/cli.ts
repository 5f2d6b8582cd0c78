/** The emulator alone, until it is interrupted. `bun run emulator --help` */
import { parseArgs } from 'node:util'
import { type Emulator, SAMPLE_ACCOUNTS, startEmulator } from './index.ts'

const USAGE = `The Flow emulator: an upstream to develop and test against, on this machine only.

  bun run emulator [options]

  --port N             port, 0 for a free one; default 8100
  --latency-image MS   how long an image takes; default 0
  --latency-video MS   how long a video takes; default 0: finished at the second status request
  --png                images are PNG instead of JPEG
  --lenient            unknown fields in requests are ignored instead of refused
  --verification       generation calls need a verification value that was not used before
  --instant            as little work as possible, for benchmarks
  --help               print this`

function fail(message: string): never {
  console.error(`${message}\n\n${USAGE}`)
  process.exit(64)
}

function wholeNumber(option: string, value: string, largest: number): number {
  const number = Number(value)
  if (/^\d+$/.test(value) && number <= largest) return number
  return fail(`--${option} is "${value}"; it must be a whole number from 0 to ${largest}.`)
}

function read() {
  try {
    return parseArgs({
      options: {
        port: { type: 'string', default: '8100' },
        'latency-image': { type: 'string', default: '0' },
        'latency-video': { type: 'string', default: '0' },
        png: { type: 'boolean', default: false },
        lenient: { type: 'boolean', default: false },
        verification: { type: 'boolean', default: false },
        instant: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (cause) {
    return fail(cause instanceof Error ? cause.message : String(cause))
  }
}

async function start(values: ReturnType<typeof read>): Promise<Emulator> {
  const port = wholeNumber('port', values.port, 65_535)
  const latency = {
    imageMs: wholeNumber('latency-image', values['latency-image'], 3_600_000),
    videoMs: wholeNumber('latency-video', values['latency-video'], 3_600_000),
  }
  const { instant } = values
  const imageFormat = values.png ? 'png' : 'jpeg'
  const more = { imageFormat, strict: !values.lenient, requireVerification: values.verification, instant } as const
  try {
    return await startEmulator({ port, latency, ...more })
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    console.error(
      `The emulator cannot listen on port ${port}: ${message} Choose another with --port, or 0 for a free one.`,
    )
    return process.exit(69)
  }
}

const values = read()
if (values.help) {
  console.log(USAGE)
  process.exit(0)
}
const emulator = await start(values)
console.log(`
  Flow emulator at ${emulator.url}

  labs_base_url  ${emulator.labsBaseUrl}
  api_base_url   ${emulator.apiBaseUrl}
  control        ${emulator.controlUrl}   (switch faults on, see what was asked: test/emulator/README.md)

  Session tokens, for POST /admin/api/tokens {"st": "..."}:
${SAMPLE_ACCOUNTS.map(({ st, email, credits }) => `    ${st.padEnd(24)} ${email}, ${credits} credits`).join('\n')}

  A gateway in front of it:
    FLOW2API_FLOW_LABS_BASE_URL=${emulator.labsBaseUrl} FLOW2API_FLOW_API_BASE_URL=${emulator.apiBaseUrl} bun start
`)

const stop = () => {
  void emulator.stop().then(() => process.exit(0))
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
