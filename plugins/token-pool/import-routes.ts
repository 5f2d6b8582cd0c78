/** Accounts in and out as a whole: import and export, for the operator. */
import { Type } from '@sinclair/typebox'
import {
  type AuditEntry,
  type AuthService,
  authorized,
  domainFault,
  faultResponse,
  operatorAnswer,
  operatorDocs,
  operatorReply,
} from 'flow2api/contracts'
import {
  type AnyElysia,
  type Clock,
  Elysia,
  err,
  type Fault,
  type Handle,
  type Logger,
  ok,
  type Result,
  readJson,
  requestInfo,
} from 'flow2api/plugin'
import type { AccountBook } from './accounts.ts'
import { ExportBody, exportAccounts } from './export.ts'
import type { Importer, ImportOrder } from './importer.ts'

export interface ImportRouteParts {
  readonly auth: Handle<AuthService>
  readonly book: AccountBook
  readonly importer: Importer
  readonly clock: Clock
  readonly log: Logger
  audit(entry: AuditEntry): void
}

const ImportBody = Type.Object(
  {
    content: Type.Optional(Type.String({ description: 'What was pasted, in any format.' })),
    accounts: Type.Optional(
      Type.Array(Type.Unknown(), { description: 'The accounts themselves, in place of `content`.' }),
    ),
    tokens: Type.Optional(Type.Array(Type.Unknown(), { description: 'Another name of `accounts`.' })),
    dry_run: Type.Optional(Type.Boolean({ description: 'Only say what would happen; the upstream is not asked.' })),
    provider: Type.Optional(Type.String({ description: 'For rows that name none. Default: the first.' })),
    passphrase: Type.Optional(Type.String({ maxLength: 1024, description: 'Of a sealed export.' })),
  },
  { additionalProperties: false },
)

type Order = Omit<ImportOrder, 'signal'>
type Noted = Pick<AuditEntry, 'action' | 'target' | 'detail'>

export function importRoutes({ auth, book, importer, clock, log, audit }: ImportRouteParts): AnyElysia {
  /** Written down as done by whoever sent the request. */
  const noted = (request: Request, actor: string, entry: Noted) => {
    const { ip } = requestInfo(request)
    log.info({ actor, ip }, `${entry.action}: ${entry.target}, ${entry.detail}`)
    audit({ actor, ip, ...entry })
  }

  const bringIn = ({ request }: { readonly request: Request }) =>
    operatorAnswer(auth, request, async caller => {
      const order = await readOrder(request)
      if (order.isErr()) return err(order.error)
      const report = await importer.run({ ...order.value, signal: request.signal })
      if (report.isErr()) return err(report.error)
      const { format, counts, dry_run } = report.value
      const detail = `${counts.add} added, ${counts.update} updated, ${counts.unchanged} unchanged, ${counts.refused} refused`
      if (!dry_run) noted(request, caller.id, { action: 'account.import', target: format, detail })
      return ok(report.value)
    })

  const takeOut = (read: (request: Request) => Promise<Result<ExportBody, Fault>>) => (context: { request: Request }) =>
    authorized(auth, context.request, 'admin', async caller => {
      const body = await read(context.request)
      if (body.isErr()) return faultResponse(body.error)
      const accounts = book.all()
      const detail = body.value.passphrase === undefined ? 'in clear' : 'sealed with a passphrase'
      noted(context.request, caller.id, { action: 'account.export', target: `${accounts.length} accounts`, detail })
      const document = await exportAccounts(accounts, body.value, clock.now())
      const name = `flow2api-accounts-${new Date(clock.now()).toISOString().slice(0, 10)}.json`
      return operatorReply(ok(document), { 'content-disposition': `attachment; filename="${name}"` })
    })
  const takeOutAsTold = takeOut(request => readJson(request, ExportBody))
  const takeOutPlain = takeOut(async () => ok({}))

  const importDocs = operatorDocs(
    'Import accounts',
    'Session tokens, cookie headers, cookies.txt, CSV, JSON lists, an export or the SQLite file of the Python flow2api, or our own export; the format is found out. A verdict a row; a row that is refused says why and stops no other. Accounts that are here already, by session token or e-mail, are updated; the same import once more changes nothing. JSON, or multipart with `file` (or `content`) and the same fields.',
    ImportBody,
  )
  const exportDocs = operatorDocs(
    'Export accounts',
    'With their session tokens and proxies, in clear or sealed with a passphrase; an import takes both back. Every export is in the audit log.',
    ExportBody,
  )
  return new Elysia()
    .post('/admin/api/accounts/import', bringIn, importDocs)
    .post('/admin/api/tokens/import', bringIn, importDocs)
    .post('/admin/api/accounts/export', takeOutAsTold, exportDocs)
    .post('/admin/api/tokens/export', takeOutAsTold, exportDocs)
    .get(
      '/admin/api/tokens/export',
      takeOutPlain,
      operatorDocs('Export accounts in clear', 'As the POST without a passphrase.'),
    )
}

/** Errors are those of a body: by name, without its content. */
async function readOrder(request: Request): Promise<Result<Order, Fault>> {
  if (/^multipart\/form-data\b/i.test(request.headers.get('content-type') ?? '')) return readForm(request)
  const body = await readJson(request, ImportBody)
  if (body.isErr()) return err(body.error)
  const { content, accounts, tokens, dry_run: dryRun = false, provider, passphrase } = body.value
  const given = [content, accounts, tokens].filter(one => one !== undefined)
  const [only, more] = given
  if (only === undefined || more !== undefined) return err(notOne('`content` or `accounts`'))
  const text = typeof only === 'string' ? only : JSON.stringify(only)
  return ok({ bytes: new TextEncoder().encode(text), dryRun, provider, passphrase })
}

const FIELDS: readonly string[] = ['file', 'content', 'dry_run', 'provider', 'passphrase']

async function readForm(request: Request): Promise<Result<Order, Fault>> {
  let form: FormData
  try {
    form = await request.formData()
  } catch {
    return err(domainFault('invalid_value', 'The multipart body could not be read. Send it whole, with its boundary.'))
  }
  const unknown = [...form.keys()].find(name => !FIELDS.includes(name))
  if (unknown !== undefined)
    return err(domainFault('invalid_value', `A multipart import has the fields ${FIELDS.join(', ')} and no other.`))
  const text = (name: string) => {
    const value = form.get(name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const dryRun = text('dry_run') ?? 'false'
  if (!['true', 'false', '1', '0'].includes(dryRun))
    return err(domainFault('invalid_value', '`dry_run` must be true or false.', { param: 'dry_run' }))
  const [only, more] = [...form.getAll('file'), ...form.getAll('content')]
  if (only === undefined || more !== undefined) return err(notOne('`file`'))
  const bytes = typeof only === 'string' ? new TextEncoder().encode(only) : await only.bytes()
  return ok({
    bytes,
    dryRun: dryRun === 'true' || dryRun === '1',
    provider: text('provider'),
    passphrase: text('passphrase'),
  })
}

const notOne = (what: string): Fault =>
  domainFault('missing_required_parameter', `Send ${what}, once.`, { param: 'content' })
