/** `/admin/api/tokens`: the accounts, for the operator. */
import {
  type AuditEntry,
  type AuthService,
  type Caller,
  domainFault,
  operatorAnswer,
  operatorDocs,
  pageLimit,
} from 'flow2api/contracts'
import {
  type AnyElysia,
  type Clock,
  Elysia,
  err,
  type Fault,
  type Handle,
  ok,
  type Result,
  readJson,
  requestInfo,
} from 'flow2api/plugin'
import { type Account, labelOf } from './account.ts'
import type { AccountBook } from './accounts.ts'
import { AddBody, EditBody } from './bodies.ts'
import { type Desk, notFound } from './desk.ts'
import type { Ledger } from './ledger.ts'
import { accountView } from './view.ts'

export interface RouteParts {
  readonly auth: Handle<AuthService>
  readonly ledger: Ledger
  readonly book: AccountBook
  readonly desk: Desk
  readonly clock: Clock
  audit(entry: AuditEntry): void
}

interface Asked {
  readonly caller: Caller
  readonly request: Request
  readonly params: { readonly id?: string }
  readonly query: Readonly<Record<string, string | undefined>>
}
type Answer = Result<object, Fault>
type Act = (account: Account, request: Request) => Result<Account, Fault> | Promise<Result<Account, Fault>>

const LONGEST_PAGE = 1000

export function routes({ auth, ledger, book, desk, clock, audit }: RouteParts): AnyElysia {
  const shown = (account: Account) => accountView(account, ledger, clock.now())

  /** For the admin alone, and every answer in JSON. */
  const guarded = (handle: (asked: Asked) => Answer | Promise<Answer>) => (asked: Omit<Asked, 'caller'>) =>
    operatorAnswer(auth, asked.request, caller => handle({ ...asked, caller }))
  /** What changes something is told with its `action`. */
  const onOne = (action: string | undefined, act: Act) =>
    guarded(async asked => {
      const found = find(book, asked.params.id)
      if (found.isErr()) return found
      const done = await act(found.value, asked.request)
      if (done.isOk() && action) audit(auditOf(asked, action, targetOf(found.value)))
      return done.map(shown)
    })

  const list = guarded(({ query }) => {
    const page = pageLimit(query['limit'], LONGEST_PAGE, LONGEST_PAGE)
    const after = wholeNumber(query['after'] ?? '0', 0, Number.MAX_SAFE_INTEGER)
    if (page.isErr()) return err(page.error)
    const limit = page.value
    if (after === undefined) return invalid('after', '`after` must be the id of an account.')
    const rest = book.all().filter(({ id }) => id > after)
    return ok({ object: 'list', data: rest.slice(0, limit).map(shown), has_more: rest.length > limit })
  })
  const add = guarded(async asked => {
    const body = await readJson(asked.request, AddBody)
    if (body.isErr()) return body
    const added = await desk.add(body.value)
    if (added.isOk()) {
      const { account, added: fresh } = added.value
      audit(auditOf(asked, fresh ? 'account.add' : 'account.edit', targetOf(account), Object.keys(body.value)))
    }
    return added.map(({ account }) => shown(account))
  })
  const edit = guarded(async asked => {
    const account = find(book, asked.params.id)
    if (account.isErr()) return account
    const body = await readJson(asked.request, EditBody)
    if (body.isErr()) return body
    const edited = await desk.edit(account.value, body.value)
    if (edited.isOk()) audit(auditOf(asked, 'account.edit', targetOf(edited.value), Object.keys(body.value)))
    return edited.map(shown)
  })
  const remove = guarded(asked =>
    find(book, asked.params.id).map(account => {
      const deleted = book.remove(account.id)
      audit(auditOf(asked, 'account.delete', targetOf(account)))
      return { id: account.id, object: 'account', deleted }
    }),
  )

  const one = '/admin/api/tokens/:id'
  return new Elysia()
    .get('/admin/api/tokens', list, operatorDocs('List the accounts', 'By id; `after` and `limit` page through them.'))
    .post(
      '/admin/api/tokens',
      add,
      operatorDocs('Add an account', 'Opens its session upstream first; what fails adds nothing.', AddBody),
    )
    .get(
      one,
      onOne(undefined, ok),
      operatorDocs('One account', 'Its settings, state, credits and counts. Secrets never come out.'),
    )
    .patch(
      one,
      edit,
      operatorDocs('Edit an account', 'Only what is sent changes, at once. A new `st` is opened first.', EditBody),
    )
    .delete(one, remove, operatorDocs('Delete an account', 'What runs on it now may finish.'))
    .post(
      `${one}/enable`,
      onOne('account.enable', account => desk.enable(account)),
      operatorDocs('Switch an account on', 'Forgets its errors.'),
    )
    .post(
      `${one}/disable`,
      onOne('account.disable', account => desk.disable(account)),
      operatorDocs('Switch an account off', 'What runs may finish.'),
    )
    .post(
      `${one}/refresh`,
      onOne('account.refresh', (account, request) => desk.refresh(account, request.signal)),
      operatorDocs(
        'Refresh an account',
        'Opens its session and asks for its credits now. Brings back one that had lost its session.',
      ),
    )
    .post(
      `${one}/reset`,
      onOne('account.reset', account => desk.reset(account)),
      operatorDocs(
        'Reset an account',
        'Forgets cooling, quota, lost session and errors; a disabled one stays disabled.',
      ),
    )
}

const targetOf = (account: Account): string => `#${account.id} ${labelOf(account)}`

/** What an operator did. `fields`: the names of what was sent, no values. */
export const auditOf = (
  { caller, request }: Pick<Asked, 'caller' | 'request'>,
  action: string,
  target: string,
  fields: readonly string[] = [],
): AuditEntry => ({ actor: caller.id, ip: requestInfo(request).ip, action, target, detail: fields.join(', ') })

function find(book: AccountBook, id = ''): Result<Account, Fault> {
  const number = wholeNumber(id, 1, Number.MAX_SAFE_INTEGER)
  const account = number === undefined ? undefined : book.get(number)
  return account ? ok(account) : err(notFound(id))
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return number >= least && number <= most ? number : undefined
}

const invalid = (param: string, message: string): Answer => err(domainFault('invalid_value', message, { param }))
