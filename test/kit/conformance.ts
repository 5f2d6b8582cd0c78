/**
 * What every provider has to keep to (`plugins/contracts/provider.ts`), as checks that its author runs:
 *
 *     for (const { name, run } of providerConformance({ plugin, upstream })) test(name, run)
 *
 * A check that fails throws a `ConformanceError`, whose message is a sentence that names the fault.
 */
import { chain } from './checks-calls.ts'
import { blame, patience, reload, restart } from './checks-life.ts'
import { inputs, models, plans } from './checks-models.ts'
import { type ConformanceOptions, Subject } from './subject.ts'

export { ConformanceError, type ConformanceOptions, type Sample } from './subject.ts'

export interface Check {
  readonly name: string
  run(): Promise<void>
}

const CHECKS: Readonly<Record<string, (subject: Subject) => void | Promise<void>>> = {
  'models are sane': models,
  'what a model accepts is really accepted': plans,
  'inputs that a model accepts are really accepted': inputs,
  'a model delivers from start to end': chain,
  'a stopped call ends soon': patience,
  'faults blame whom they should': blame,
  'what runs goes on after a restart': restart,
  'a reload leaves nothing behind': reload,
}

export function providerConformance(options: ConformanceOptions): readonly Check[] {
  return Object.entries(CHECKS).map(([name, check]) => ({
    name,
    async run() {
      await using subject = await Subject.boot(options)
      await check(subject)
    },
  }))
}
