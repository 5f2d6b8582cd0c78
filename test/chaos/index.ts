/** `bun run chaos`: the long form. Ends with 1 where anything was lost or paid twice. */
import { parseArgs } from 'node:util'
import { chaos } from './chaos.ts'

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    kills: { type: 'string', default: '25' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const report = await chaos({
  jobs: Number(values.jobs),
  kills: Number(values.kills),
  seed: Number(values.seed),
  log: line => console.log(line),
})
console.log(JSON.stringify({ seed: Number(values.seed), ...report }, null, 2))
const broken = report.jobs !== Number(values.jobs) || report.submittedTwice.length > 0 || report.lostFiles.length > 0
process.exit(broken ? 1 : 0)
