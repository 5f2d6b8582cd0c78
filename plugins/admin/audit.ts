/** The audit log: what operators changed, who, from where. Entries are kept for a year. */
import { and, desc, eq, lt, or, type SQL, sql } from 'drizzle-orm'
import type { AuditEntry } from 'flow2api/contracts'
import type { Clock, Database } from 'flow2api/plugin'
import { audit } from './schema.ts'

const KEPT_MS = 365 * 86_400_000
const LONGEST = 2_000
const SEARCHED = [audit.actor, audit.ip, audit.action, audit.target, audit.detail]

export interface AuditFilter {
  readonly action?: string
  /** A part of any of its texts, in capitals or not. */
  readonly q?: string
  /** Only entries before this one. */
  readonly before?: number
  readonly limit: number
}

export class AuditLog {
  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  add(entry: AuditEntry): void {
    const { actor, ip, action, target, detail } = entry
    const row = { actor, ip, action, target: target.slice(0, LONGEST), detail: detail.slice(0, LONGEST) }
    this.db
      .insert(audit)
      .values({ ...row, at: this.clock.now() })
      .run()
  }

  /** Newest first, one more than `limit` where there are more. */
  list({ action, q, before, limit }: AuditFilter) {
    const conditions: (SQL | undefined)[] = []
    if (action !== undefined) conditions.push(eq(audit.action, action))
    if (before !== undefined) conditions.push(lt(audit.id, before))
    if (q) conditions.push(or(...SEARCHED.map(text => sql`instr(lower(${text}), ${q.toLowerCase()}) > 0`)))
    return this.db
      .select()
      .from(audit)
      .where(and(...conditions))
      .orderBy(desc(audit.id))
      .limit(limit + 1)
      .all()
  }

  prune(): void {
    this.db
      .delete(audit)
      .where(lt(audit.at, this.clock.now() - KEPT_MS))
      .run()
  }
}
