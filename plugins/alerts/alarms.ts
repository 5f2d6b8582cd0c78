/** Which alerts there are, and when one is told: once when it has lasted, once when it has been well for long enough. */
import { and, eq, lt, ne } from 'drizzle-orm'
import type { Database } from 'flow2api/plugin'
import type { RuleName } from './rule-names.ts'
import type { Finding } from './rules.ts'
import { alerts } from './schema.ts'

export type Alert = typeof alerts.$inferSelect

/** What has to be told. */
export interface Turn {
  readonly event: 'fired' | 'recovered'
  readonly rule: RuleName
  readonly subject: string
  readonly title: string
  readonly text: string
  readonly since: number
}

export interface Patience {
  /** How long something has to last before it is told. */
  readonly holdMs: number
  /** How long it has to be well before that is told. */
  readonly recoverMs: number
}

export class Alarms {
  constructor(private readonly db: Database) {}

  all(): readonly Alert[] {
    return this.db.select().from(alerts).orderBy(alerts.rule, alerts.subject).all()
  }

  /** Those of a rule that were told and are not over. */
  active(rule: RuleName): readonly Alert[] {
    return this.all().filter(alert => alert.rule === rule && alert.state !== 'over')
  }

  /** `found`: all that is wrong after this rule at the moment. Tells what turned by that. */
  judge(rule: RuleName, found: readonly Finding[], now: number, patience: Patience): readonly Turn[] {
    const before = new Map(this.active(rule).map(alert => [alert.subject, alert]))
    const turns = found.flatMap(finding => this.#wrong(rule, finding, before.get(finding.subject), now, patience))
    const wrong = new Set(found.map(({ subject }) => subject))
    const well = [...before.values()].filter(({ subject }) => !wrong.has(subject))
    return [...turns, ...well.flatMap(alert => this.#well(alert, now, patience))]
  }

  /** Forgets what has long been over. */
  prune(before: number): void {
    this.db
      .delete(alerts)
      .where(and(eq(alerts.state, 'over'), lt(alerts.overAt, before)))
      .run()
  }

  /** Alerts of rules that are not watched any more are over, and nobody is told. */
  keepOnly(rules: readonly RuleName[], now: number): void {
    for (const { rule, subject, state } of this.all())
      if (state !== 'over' && !rules.includes(rule)) this.#set(rule, subject, { state: 'over', overAt: now })
  }

  #wrong(rule: RuleName, finding: Finding, known: Alert | undefined, now: number, { holdMs }: Patience): Turn[] {
    const { subject, title, text } = finding
    const since = known?.since ?? now
    const fires = known?.state !== 'firing' && now - since >= holdMs
    const row = {
      rule,
      subject,
      title,
      text,
      since,
      state: fires || known?.state === 'firing' ? ('firing' as const) : ('pending' as const),
      firedAt: fires ? now : (known?.firedAt ?? null),
      wellSince: null,
      overAt: null,
    }
    this.db
      .insert(alerts)
      .values(row)
      .onConflictDoUpdate({ target: [alerts.rule, alerts.subject], set: row })
      .run()
    return fires ? [{ event: 'fired', rule, subject, title, text, since }] : []
  }

  #well(alert: Alert, now: number, { recoverMs }: Patience): Turn[] {
    const { rule, subject, state, title } = alert
    if (state === 'pending') {
      this.db
        .delete(alerts)
        .where(and(eq(alerts.rule, rule), eq(alerts.subject, subject), ne(alerts.state, 'firing')))
        .run()
      return []
    }
    const wellSince = alert.wellSince ?? now
    if (now - wellSince < recoverMs) {
      this.#set(rule, subject, { wellSince })
      return []
    }
    this.#set(rule, subject, { state: 'over', wellSince, overAt: now })
    const text = `Over. It had begun at ${new Date(alert.since).toISOString()}: ${alert.text}`
    return [{ event: 'recovered', rule, subject, title, text, since: wellSince }]
  }

  #set(rule: RuleName, subject: string, values: Partial<Alert>): void {
    this.db
      .update(alerts)
      .set(values)
      .where(and(eq(alerts.rule, rule), eq(alerts.subject, subject)))
      .run()
  }
}
