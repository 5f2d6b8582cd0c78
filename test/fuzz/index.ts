/** `bun run fuzz`: the long form. Ends with 1 where the gateway failed, crashed, or handed anything on to be paid. */
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const seed = Number(values.seed)
const began = performance.now()
const report = await fuzz({ requests: Number(values.requests), seed })
const seconds = Math.round((performance.now() - began) / 1000)
console.log(JSON.stringify({ seed, seconds, ...report }, null, 2))
process.exit(report.submissions > 0 || report.failures.length > 0 || !report.alive ? 1 : 0)
