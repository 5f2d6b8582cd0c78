/** Who changed what: told by whichever plugin lets an operator change something; kept by `admin`. */
import { defineEvent } from 'flow2api/plugin'

export interface AuditEntry {
  /** `Caller.id`, or `gateway` for what it did by itself. */
  readonly actor: string
  /** The peer's address; empty where there is none. */
  readonly ip: string
  /** What was done, as `account.add`, `config.change`, `login`. */
  readonly action: string
  /** To what: an id or a name, no secret. */
  readonly target: string
  /** Names of what changed, or a short note. Values only where they are no secret. */
  readonly detail: string
}

export const Audited = defineEvent<AuditEntry>('audit')
