/** What is counted for monitoring. One for all generations of the plugin. */
import { METRICS, type MetricFamily } from 'flow2api/contracts'

export class Figures {
  hits = 0
  misses = 0
  /** As of the last look into the folder, and what was kept since. */
  files = 0
  bytes = 0
  /** Whether the folder was looked into. */
  known = false

  families(): readonly MetricFamily[] {
    const family = (name: string, kind: MetricFamily['kind'], help: string, value: number): MetricFamily => ({
      name,
      kind,
      help,
      samples: [{ value }],
    })
    return [
      family(METRICS.cacheHits, 'counter', 'Kept files that were asked for and were there.', this.hits),
      family(METRICS.cacheMisses, 'counter', 'Kept files that were asked for and were gone.', this.misses),
      family(METRICS.cacheFiles, 'gauge', 'Finished pictures and videos that are kept.', this.files),
      family(METRICS.cacheBytes, 'gauge', 'What they take on disk.', this.bytes),
    ]
  }
}
