/** What all sources say now, made safe for a scrape: one plugin's mistake must not cost the figures of the others. */
import type { MetricFamily, MetricSample, MetricsSource } from 'flow2api/contracts'
import { type Contributions, type Logger, messageOf } from 'flow2api/plugin'

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/
/** More of one family are cut off: whoever has more labels it by something that is not bounded. */
const MOST_SAMPLES = 2_000
const LONGEST_LABEL = 120

export class Collector {
  /** Complaints that were made already. */
  readonly #warned = new Set<string>()

  constructor(
    private readonly sources: Contributions<MetricsSource>,
    private readonly log: Logger,
  ) {}

  /** `reserved`: names that sources may not use. */
  collect(reserved: ReadonlySet<string> = new Set()): readonly MetricFamily[] {
    const families = new Map<string, MetricFamily>()
    for (const { plugin, service } of this.sources.all()) {
      for (const family of this.#ask(plugin, service)) {
        const { name } = family
        if (!NAME.test(name)) this.#warn(plugin, `${name} is no name of a metric`)
        else if (reserved.has(name) || families.has(name)) this.#warn(plugin, `there is a metric ${name} already`)
        else families.set(name, { ...family, samples: this.#usable(plugin, family) })
      }
    }
    return [...families.values()]
  }

  #ask(plugin: string, service: MetricsSource): readonly MetricFamily[] {
    try {
      return service.collect()
    } catch (cause) {
      this.#warn(plugin, `its figures could not be had: ${messageOf(cause)}`)
      return []
    }
  }

  #usable(plugin: string, { name, samples }: MetricFamily): readonly MetricSample[] {
    const seen = new Map<string, MetricSample>()
    for (const { labels = {}, value } of samples) {
      if (!Number.isFinite(value)) continue
      if (seen.size === MOST_SAMPLES) {
        this.#warn(plugin, `${name} has more than ${MOST_SAMPLES} samples; the rest is left out`)
        break
      }
      const short = Object.entries(labels)
        .filter(([label]) => LABEL.test(label))
        .map(([label, text]) => [label, text.slice(0, LONGEST_LABEL)] as const)
      // The same labels twice make the whole scrape unreadable; the last one counts.
      seen.set(JSON.stringify(short.toSorted()), { labels: Object.fromEntries(short), value })
    }
    return [...seen.values()]
  }

  #warn(plugin: string, what: string): void {
    const complaint = `metrics of plugin "${plugin}": ${what}`
    if (this.#warned.has(complaint)) return
    this.#warned.add(complaint)
    this.log.warn(complaint)
  }
}
