/**
 * `bun run chaos`: kills the gateway again and again; `bun run chaos --reloads`: reloads it. The long forms of what the
 * suite does. Ends with 1 where anything was lost, paid twice, or failed.
 */
import { parseArgs } from 'node:util'
import { chaos } from './chaos.ts'
import { reloadChaos } from './reloads.ts'

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '200' },
    kills: { type: 'string', default: '25' },
    reloads: { type: 'boolean', default: false },
    count: { type: 'string', default: '1000' },
    workers: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const seed = Number(values.seed)
const log = (line: string) => console.log(line)

async function killed(): Promise<boolean> {
  const report = await chaos({ jobs: Number(values.jobs), kills: Number(values.kills), seed, log })
  console.log(JSON.stringify({ seed, ...report }, null, 2))
  return report.jobs === Number(values.jobs) && report.submittedTwice.length === 0 && report.lostFiles.length === 0
}

async function reloaded(): Promise<boolean> {
  const report = await reloadChaos({ reloads: Number(values.count), workers: Number(values.workers), seed, log })
  console.log(JSON.stringify({ seed, ...report }, null, 2))
  const { failures, surprises, submittedTwice, stillHeld } = report
  return [failures, surprises, submittedTwice, stillHeld].every(list => list.length === 0)
}

process.exit((await (values.reloads ? reloaded() : killed())) ? 0 : 1)
