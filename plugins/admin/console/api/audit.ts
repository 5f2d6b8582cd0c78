/** Who changed what, and what the gateway finds wrong with itself; from this plugin's own routes. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { Finding } from 'flow2api/plugin'
import { api, call, own } from './client.ts'
import { nextPage } from './paged.ts'

const PAGE = 50

export const useAudit = (q: string) =>
  useInfiniteQuery({
    queryKey: ['audit', q],
    queryFn: ({ pageParam }) =>
      own(api.audit.get({ query: { limit: PAGE, ...(q && { q }), ...(pageParam > 0 && { before: pageParam }) } })),
    initialPageParam: 0,
    getNextPageParam: nextPage,
  })

export type AuditLine = NonNullable<ReturnType<typeof useAudit>['data']>['pages'][number]['data'][number]

/** Asked for by hand alone: it may speak to every upstream. */
export const useDiagnosis = () =>
  useQuery({
    queryKey: ['doctor'],
    queryFn: async () => (await call<{ readonly findings: readonly Finding[] }>('GET', '/doctor')).findings,
    enabled: false,
    retry: false,
    gcTime: Number.POSITIVE_INFINITY,
  })
