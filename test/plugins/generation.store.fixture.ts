/** The tables of the plugin in memory, and jobs for them. */
import { Database } from 'bun:sqlite'
import { drizzle } from 'drizzle-orm/bun-sqlite'
import init from '../../plugins/generation/migrations/0000_init.sql' with { type: 'text' }
import chains from '../../plugins/generation/migrations/0001_chains.sql' with { type: 'text' }
import keys from '../../plugins/generation/migrations/0002_keys.sql' with { type: 'text' }
import choices from '../../plugins/generation/migrations/0003_choices.sql' with { type: 'text' }
import type { JobRecord } from '../../plugins/generation/records.ts'
import { Store } from '../../plugins/generation/store.ts'

export function openStore() {
  const sqlite = new Database(':memory:', { strict: true })
  for (const statement of [init, chains, keys, choices]
    .join('--> statement-breakpoint')
    .split('--> statement-breakpoint'))
    sqlite.run(statement)
  const db = drizzle(sqlite)
  return { sqlite, db, store: new Store(db) }
}

/** `job_7` is the seventh. */
export const ref = (id: string) => ({ id, seq: Number(id.slice(4)) })

export const record = (id: string, more: Partial<JobRecord> = {}): JobRecord => ({
  ...ref(id),
  count: 2,
  kind: 'video',
  surface: 'videos',
  callerId: 'key',
  user: null,
  callbackUrl: null,
  cost: null,
  model: 'Sora-2',
  resolvedModel: 'vid',
  provider: 'upstream',
  tier: 'pro',
  prompt: 'ein Fuchs 🦊',
  parameters: { aspectRatio: '16:9', seconds: 8 },
  requested: { size: '1280x720' },
  inputs: [{ role: 'first_frame', mime: 'image/png' }],
  createdAt: 1,
  status: 'queued',
  startedAt: null,
  finishedAt: null,
  fault: null,
  ...more,
})
