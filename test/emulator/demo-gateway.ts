/** What the demo asks of the gateway, as a script of an operator would. */
import type { AccountSeed } from './accounts.ts'

/** Why the demo cannot go on, in words for its user. */
export class DemoFailed extends Error {
  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message)
  }
}

/** A call of the console API: its answer, and in `problem` the gateway's own words if it is none. */
async function adminCall(url: string, path: string, token: string, method: string, body?: unknown) {
  const response = await fetch(`${url}/admin/api/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  // Every answer of the console API is an object in one of these shapes.
  const answer = (await response.json().catch(() => ({}))) as {
    readonly token?: string
    readonly data?: readonly { readonly id: number; readonly email: string }[]
    readonly error?: { readonly code?: string; readonly message?: string }
  }
  return { ok: response.ok, ...answer, problem: answer.error?.message ?? `HTTP status ${response.status}` }
}

/** A token for the console API. */
export async function signIn(url: string, password: string): Promise<string> {
  const login = await adminCall(url, 'login', '', 'POST', { username: 'admin', password })
  if (!login.ok || login.token === undefined) throw new DemoFailed(`Logging in as admin failed: ${login.problem}`)
  return login.token
}

/** Adds an account; one that a kept data directory knows already is replaced, since its projects are gone. */
export async function addAccount(
  url: string,
  token: string,
  { st, email, name }: Required<AccountSeed>,
): Promise<void> {
  const add = () => adminCall(url, 'tokens', token, 'POST', { st, remark: `demo: ${name}` })
  let added = await add()
  if (added.error?.code === 'account_exists') {
    const { data = [] } = await adminCall(url, 'tokens', token, 'GET')
    for (const account of data)
      if (account.email === email) await adminCall(url, `tokens/${account.id}`, token, 'DELETE')
    added = await add()
  }
  if (!added.ok) throw new DemoFailed(`The gateway did not take the sample account ${email}: ${added.problem}`)
}

/** The preferred model if it is served, else any of the kind. */
export async function modelOf(url: string, apiKey: string, kind: string, preferred: string): Promise<string> {
  const response = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })
  if (!response.ok) throw new DemoFailed(`The gateway does not list its models: HTTP status ${response.status}.`)
  // The documented shape of /v1/models.
  const { data } = (await response.json()) as {
    readonly data: readonly { readonly id: string; readonly capabilities: { readonly kind: string } }[]
  }
  const ids = data.filter(model => model.capabilities.kind === kind).map(model => model.id)
  const id = ids.includes(preferred) ? preferred : ids[0]
  if (id === undefined) throw new DemoFailed(`The gateway serves no model of kind ${kind}.`)
  return id
}
