/** Accounts, of the plugin `token-pool`. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from './client.ts'
import type { Account, ImportReport, List, Upstream } from './types.ts'

const ACCOUNTS = ['accounts'] as const
/** So many a request; the gateway sends no more. */
const PAGE = 1000

/** All of them: the list is filtered and sorted here. */
async function all(): Promise<readonly Account[]> {
  const accounts: Account[] = []
  for (let after = 0; ; ) {
    const page = await call<List<Account>>('GET', `/tokens?limit=${PAGE}&after=${after}`)
    accounts.push(...page.data)
    const last = page.data.at(-1)
    if (!page.has_more || !last) return accounts
    after = last.id
  }
}

export const useAccounts = (refetchMs = 5_000, enabled = true) =>
  useQuery({ queryKey: ACCOUNTS, queryFn: all, refetchInterval: refetchMs, enabled })

/** Those that were last seen, without asking again. */
export function usePresentAccounts(): () => readonly Account[] {
  const client = useQueryClient()
  return () => client.getQueryData<readonly Account[]>(ACCOUNTS) ?? []
}

export const useUpstreams = (enabled: boolean) =>
  useQuery({
    queryKey: ['upstreams'],
    queryFn: async () => (await call<List<Upstream>>('GET', '/upstreams')).data,
    refetchInterval: 10_000,
    enabled,
  })

/** What the guide calls the fields of an account; a secret is sent and never comes back. */
export interface AccountFields {
  readonly st?: string
  readonly remark?: string
  readonly project_id?: string | null
  readonly project_name?: string | null
  readonly image_enabled?: boolean
  readonly video_enabled?: boolean
  readonly image_concurrency?: number
  readonly video_concurrency?: number
  readonly proxy_url?: string | null
}

function useChange<V, R>(mutationFn: (value: V) => Promise<R>) {
  const client = useQueryClient()
  return useMutation({ mutationFn, onSettled: () => client.invalidateQueries({ queryKey: ACCOUNTS }) })
}

export const useAddAccount = () => useChange((fields: AccountFields) => call<Account>('POST', '/tokens', fields))

export const useEditAccount = (id: number) =>
  useChange((fields: AccountFields) => call<Account>('PATCH', `/tokens/${id}`, fields))

export type AccountAction = 'enable' | 'disable' | 'refresh' | 'reset' | 'delete'

const act = (id: number, action: AccountAction) =>
  action === 'delete' ? call('DELETE', `/tokens/${id}`) : call('POST', `/tokens/${id}/${action}`)

export interface BulkOutcome {
  readonly done: number
  readonly failed: readonly { readonly id: number; readonly reason: string }[]
}

/** One after the other: each may ask the upstream. `onProgress`: how many are through. */
export const useBulk = (onProgress: (done: number) => void) =>
  useChange(async ({ ids, action }: { readonly ids: readonly number[]; readonly action: AccountAction }) => {
    const failed: { id: number; reason: string }[] = []
    for (const [index, id] of ids.entries()) {
      await act(id, action).catch((cause: Error) => failed.push({ id, reason: cause.message }))
      onProgress(index + 1)
    }
    return { done: ids.length - failed.length, failed } satisfies BulkOutcome
  })

export interface ImportOrder {
  /** What was pasted, or a file. */
  readonly content: string | File
  readonly dryRun: boolean
  readonly passphrase: string
}

export const useImport = () =>
  useChange(({ content, dryRun, passphrase }: ImportOrder) => {
    const form = new FormData()
    form.set(typeof content === 'string' ? 'content' : 'file', content)
    form.set('dry_run', String(dryRun))
    if (passphrase !== '') form.set('passphrase', passphrase)
    return call<ImportReport>('POST', '/tokens/import', form)
  })

export const useExport = () =>
  useMutation({
    mutationFn: (passphrase: string) => call<object>('POST', '/tokens/export', passphrase === '' ? {} : { passphrase }),
  })
