/** Imports: the plan against the accounts that are here, and, unless it is a dry run, what it comes to. */
import { domainFault } from 'flow2api/contracts'
import { type Clock, err, type Fault, ok, type Result } from 'flow2api/plugin'
import type { Account } from './account.ts'
import { type Planned, planImport } from './import.ts'
import { type ImportFormat, readImport } from './import-read.ts'
import type { Intake, Taken } from './intake.ts'
import { KnownAccounts, type KnownParts } from './known-accounts.ts'

export interface ImporterParts extends KnownParts {
  readonly intake: Intake
  readonly clock: Clock
}

export interface ImportOrder {
  readonly bytes: Uint8Array
  readonly dryRun: boolean
  /** For rows that name none. */
  readonly provider?: string | undefined
  readonly passphrase?: string | undefined
  readonly signal: AbortSignal
}

/** One row, for people. */
export interface Verdict {
  readonly row: number
  readonly email: string | null
  readonly verdict: 'add' | 'update' | 'unchanged' | 'refused'
  readonly account_id: number | null
  /** Fields that change, by their names in the API. */
  readonly changes: readonly string[]
  /** Why it is refused and what to do, or what is not certain yet. */
  readonly reason: string | null
}

export interface ImportReport {
  readonly object: 'account_import'
  readonly format: ImportFormat
  readonly dry_run: boolean
  readonly counts: Readonly<Record<Verdict['verdict'], number>>
  readonly data: readonly Verdict[]
}

/** Sessions that are opened at the same time. */
const AT_ONCE = 4
/** After so long no further session is opened; what was not reached is left to the next run. */
const PATIENCE_MS = 10 * 60_000
const NOT_REACHED = 'The import was over before its turn came. Send the same again: what is done stays as it is.'
const EMAIL_UNKNOWN = 'Whose it is shows when it is opened; if that account is here already, it is updated.'

export class Importer {
  constructor(private readonly parts: ImporterParts) {}

  /** Errors are those of the whole; a row's own stand in its verdict. */
  async run({
    bytes,
    dryRun,
    provider: wanted,
    passphrase,
    signal,
  }: ImportOrder): Promise<Result<ImportReport, Fault>> {
    const provider = this.parts.provider(wanted)
    if (provider.isErr()) return err(provider.error)
    const site = await this.#site(provider.value)
    if (site.isErr()) return err(site.error)
    const read = await readImport(bytes, { site: site.value, now: this.parts.clock.now(), passphrase })
    if (read.isErr()) return err(read.error)
    const { rows, format } = read.value
    const plan = await this.#plan(rows, provider.value)
    const data = dryRun ? plan.map(planned) : await this.#carryOut(plan, signal)
    const counts = { add: 0, update: 0, unchanged: 0, refused: 0 }
    for (const { verdict } of data) counts[verdict] += 1
    return ok({ object: 'account_import', format, dry_run: dryRun, counts, data })
  }

  /** One account, as `fields` have it. Errors: `invalid_value` for the fields, and those of opening a session. */
  async takeOne(fields: Readonly<Record<string, unknown>>, remark: string): Promise<Result<Taken, Fault>> {
    const preset = this.parts.provider(undefined)
    if (preset.isErr()) return err(preset.error)
    const [planned] = await this.#plan([{ row: 1, fields }], preset.value)
    if (!planned || planned.verdict === 'refused') {
      const reason = planned?.reason ?? 'It could not be read.'
      return err(domainFault('invalid_value', reason))
    }
    if (planned.verdict !== 'add' && !planned.changes.includes('st')) {
      const account = this.parts.intake.settle(planned.account.id, planned.wanted) ?? planned.account
      return ok({ action: 'updated', account, revived: false })
    }
    const expected = planned.verdict === 'add' ? undefined : planned.account
    return this.parts.intake.take(planned.wanted, { expected, remark })
  }

  async #site(provider: string): Promise<Result<string | undefined, Fault>> {
    const held = this.parts.upstream.hold(provider)
    if (held.isErr()) return err(held.error)
    await using use = held.value
    return ok(use.driver.site)
  }

  async #plan(rows: Parameters<typeof planImport>[0], provider: string): Promise<Planned[]> {
    await using known = new KnownAccounts(this.parts, provider)
    return planImport(rows, known)
  }

  async #carryOut(plan: readonly Planned[], signal: AbortSignal): Promise<Verdict[]> {
    const { clock, intake, supplied } = this.parts
    const until = clock.now() + PATIENCE_MS
    const spoken = new Set(plan.flatMap(row => ('account' in row ? [row.account.id] : [])))
    const verdicts = plan.map(row => (opens(row) ? planned(row) : this.#settle(row)))
    const open = async (row: Opening): Promise<Verdict> => {
      if (signal.aborted || clock.now() > until) return refused(row, NOT_REACHED)
      const expected = row.verdict === 'add' ? undefined : row.account
      const taken = await intake.take(row.wanted, { expected, spoken })
      return taken.match(
        ({ action, account }) => done(row, action, account),
        fault => refused(row, fault.message),
      )
    }
    const opening = plan.flatMap((row, index) => (opens(row) ? [{ row, index }] : []))
    // Those that say whose they are come first, so that it does not depend on chance which of two rows about one
    // account is the one that counts.
    for (const named of [true, false]) {
      const waiting = opening.filter(({ row }) => (row.email !== null) === named)
      const worker = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) verdicts[next.index] = await open(next.row)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
    }
    supplied.prune()
    return verdicts
  }

  #settle(row: Planned): Verdict {
    if (row.verdict !== 'update') return planned(row)
    const account = this.parts.intake.settle(row.account.id, row.wanted)
    return account ? planned(row) : refused(row, 'Its account was deleted meanwhile. Send the same again.')
  }
}

type Opening = Exclude<Planned, { readonly verdict: 'refused' | 'unchanged' }>

/** Whether the upstream has to be asked. */
const opens = (row: Planned): row is Opening =>
  row.verdict === 'add' || (row.verdict === 'update' && row.changes.includes('st'))

function planned(row: Planned): Verdict {
  const known = 'account' in row
  const unsure = row.verdict === 'add' && row.email === null
  return {
    row: row.row,
    email: row.email,
    verdict: row.verdict,
    account_id: known ? row.account.id : null,
    changes: known ? row.changes : [],
    reason: row.verdict === 'refused' ? row.reason : unsure ? EMAIL_UNKNOWN : null,
  }
}

const done = ({ row, email, ...rest }: Opening, action: 'added' | 'updated', account: Account): Verdict => ({
  row,
  email: account.email || email,
  verdict: action === 'added' ? 'add' : 'update',
  account_id: account.id,
  changes: 'changes' in rest ? rest.changes : action === 'updated' ? ['st'] : [],
  reason: null,
})

const refused = ({ row, email }: Planned, reason: string): Verdict => ({
  row,
  email,
  verdict: 'refused',
  account_id: null,
  changes: [],
  reason,
})
