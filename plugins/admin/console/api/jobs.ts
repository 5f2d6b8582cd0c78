/** Jobs, of the plugin `generation`, and trying out, of this one. */
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { PlayBody } from '../../playground.ts'
import { api, call, own } from './client.ts'
import { nextPage } from './paged.ts'
import type { Delivery, JobLine, JobWhole, List } from './types.ts'

const JOBS = ['jobs'] as const
const FOLLOW_MS = 700
const LIST_MS = 3_000
const PAGE = 50
const VIDEOS_OFFERED = 20

const FINAL: readonly string[] = ['completed', 'failed', 'cancelled', 'outcome_unknown']
export const isFinal = (status: string): boolean => FINAL.includes(status)

export const STATUSES = ['queued', 'starting', 'running', 'delivering', ...FINAL]

export interface JobQuery {
  readonly status: string | null
  readonly kind: string | null
  readonly q: string
}

export const useJobs = (filter: JobQuery) =>
  useInfiniteQuery({
    queryKey: [...JOBS, 'list', filter],
    queryFn: ({ pageParam }) => {
      const query = new URLSearchParams({ limit: String(PAGE) })
      for (const [name, value] of Object.entries({ ...filter, after: pageParam })) if (value) query.set(name, value)
      return call<List<JobLine>>('GET', `/jobs?${query}`)
    },
    initialPageParam: '',
    getNextPageParam: nextPage,
    refetchInterval: LIST_MS,
  })

/** The newest videos whose prompt, model or id has that in it. */
export const useFinishedVideos = (q: string) =>
  useQuery({
    queryKey: [...JOBS, 'videos', q],
    queryFn: async () => {
      const query = new URLSearchParams({ kind: 'video', status: 'completed', limit: String(VIDEOS_OFFERED), q })
      return (await call<List<JobLine>>('GET', `/jobs?${query}`)).data
    },
    placeholderData: keepPreviousData,
  })

/** Asked again until it has ended. */
export const useJob = (id: string | null) =>
  useQuery({
    queryKey: [...JOBS, 'one', id],
    queryFn: () => call<JobWhole>('GET', `/jobs/${id}`),
    enabled: id !== null,
    refetchInterval: ({ state: { data, status } }) =>
      status === 'error' || (data && isFinal(data.status)) ? false : FOLLOW_MS,
  })

export const useDeliveries = (job: JobWhole, enabled: boolean) =>
  useQuery({
    queryKey: [...JOBS, 'deliveries', job.id],
    queryFn: async () => {
      const { data } = await call<List<Delivery>>('GET', `/webhooks/deliveries?limit=20&job=${job.id}`)
      return data.filter(({ job: of }) => of === job.id)
    },
    retry: false,
    enabled,
    refetchInterval: isFinal(job.status) ? 10_000 : LIST_MS,
  })

function useChange<V>(mutationFn: (value: V) => Promise<JobLine>) {
  const client = useQueryClient()
  return useMutation({ mutationFn, onSettled: () => client.invalidateQueries({ queryKey: JOBS }) })
}

export const useCancelJob = () => useChange((id: string) => call<JobLine>('POST', `/jobs/${id}/cancel`))
export const useRetryJob = () => useChange((id: string) => call<JobLine>('POST', `/jobs/${id}/retry`))

export const useModels = () =>
  useQuery({ queryKey: ['models'], queryFn: () => own(api.models.get()), staleTime: 60_000 })

export type PlayModel = NonNullable<ReturnType<typeof useModels>['data']>['data'][number]

export const usePlay = () => useMutation({ mutationFn: (body: PlayBody) => own(api.playground.post(body)) })

/** From this origin: the page's policy lets in no other. */
export const mediaUrl = (id: string, index: number, variant?: 'thumbnail'): string =>
  `/admin/api/jobs/${id}/media/${index}${variant ? `?variant=${variant}` : ''}`
