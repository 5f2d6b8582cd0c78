/**
 * What the plugin `debug` costs: absent, there and switched off (the default), and watching everything. Compared by the
 * processor time of the gateway's process for one request, which a busy machine disturbs less than the time that passes.
 */
import { readFileSync } from 'node:fs'
import { API_KEY, addAccounts } from '../fixtures/accounts.ts'
import { type Gateway, startGateway } from '../fixtures/gateway.ts'
import { BENCH_ACCOUNTS } from './accounts.ts'
import { run } from './load.ts'

export interface DebugCost {
  /** Processor time of one request, in milliseconds. */
  readonly cpuMs: Readonly<Record<Contender, number>>
  /** Switched off, of what it is without the plugin: 1 where it costs nothing. */
  readonly off: number
  /** Watching, of what it is switched off. */
  readonly on: number
  readonly failed: number
}

export interface DebugCostOptions {
  readonly flow: { readonly labsBaseUrl: string; readonly apiBaseUrl: string }
  readonly connections: number
  readonly rounds: number
  readonly warmUpMs: number
  readonly roundMs: number
}

const CONTENDERS = {
  absent: '[plugins]\ndebug = false\n',
  off: '[debug]\nenabled = false\n',
  on: '[debug]\nenabled = true\n',
} as const
type Contender = keyof typeof CONTENDERS
const PASSWORD = 'bench-password'

export async function debugCost(options: DebugCostOptions): Promise<DebugCost> {
  const { flow, connections, rounds, warmUpMs, roundMs } = options
  const names = Object.keys(CONTENDERS) as Contender[] // a literal
  const gateways = new Map<Contender, Gateway>()
  try {
    for (const name of names) {
      const gateway = await startGateway({
        settings: `${CONTENDERS[name]}[flow]\nlabs_base_url = "${flow.labsBaseUrl}"\napi_base_url = "${flow.apiBaseUrl}"\n[cache]\nenabled = false\n`,
        env: { FLOW2API_API_KEY: API_KEY, FLOW2API_ADMIN_PASSWORD: PASSWORD, FLOW2API_LOG_LEVEL: 'warn' },
      })
      gateways.set(name, gateway)
      await addAccounts(gateway.url, PASSWORD, BENCH_ACCOUNTS)
    }
    const body = JSON.stringify({ model: 'gemini-3.0-pro-image', prompt: 'A bench by the sea', response_format: 'url' })
    const headers = { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' }
    const load = async (name: Contender, milliseconds: number) => {
      const { url = '', pid = 0 } = gateways.get(name) ?? {}
      const before = processorMs(pid)
      const { latencies, failed } = await run(
        `${url}/v1/images/generations`,
        { method: 'POST', body, headers },
        connections,
        milliseconds,
      )
      return { answered: latencies.length, failed, spentMs: processorMs(pid) - before }
    }
    const sums: Record<Contender, { answered: number; spentMs: number; failed: number }> = {
      absent: { answered: 0, spentMs: 0, failed: 0 },
      off: { answered: 0, spentMs: 0, failed: 0 },
      on: { answered: 0, spentMs: 0, failed: 0 },
    }
    for (const name of names) await load(name, warmUpMs)
    // Whoever came second would always find a warmer machine: the order turns with each round.
    for (let round = 0; round < rounds; round++)
      for (const name of round % 2 === 0 ? names : names.toReversed()) {
        const { answered, spentMs, failed } = await load(name, roundMs)
        sums[name].answered += answered
        sums[name].spentMs += spentMs
        sums[name].failed += failed
      }
    const cost = ({ answered, spentMs }: (typeof sums)[Contender]) => spentMs / answered
    const cpuMs = { absent: cost(sums.absent), off: cost(sums.off), on: cost(sums.on) }
    const failed = sums.absent.failed + sums.off.failed + sums.on.failed
    return { cpuMs, off: cpuMs.off / cpuMs.absent, on: cpuMs.on / cpuMs.off, failed }
  } finally {
    for (const gateway of gateways.values()) await gateway[Symbol.asyncDispose]()
  }
}

/** User and system time of all threads so far. The kernel counts in hundredths of a second. */
function processorMs(pid: number): number {
  // The name of the program, in brackets, may hold blanks.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
