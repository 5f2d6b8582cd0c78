/** What plugins that may be absent tell: `metrics`, `alerts`, `proxy`. A 404 means that the plugin is not there. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { AlertDelivery, AlertList } from './alerts.ts'
import { call } from './client.ts'
import type { Stats } from './stats.ts'
import type { List, ProxyList, ProxyTest } from './types.ts'

export const useStats = (span: string) =>
  useQuery({
    queryKey: ['stats', span],
    queryFn: () => call<Stats>('GET', `/stats?span=${span}`),
    refetchInterval: ({ state }) => (state.status === 'error' ? false : 10_000),
    placeholderData: before => before,
  })

const ALERTS = ['alerts'] as const

export const useAlerts = (enabled = true) =>
  useQuery({
    queryKey: ALERTS,
    queryFn: () => call<AlertList>('GET', '/alerts'),
    enabled,
    refetchInterval: ({ state }) => (state.status === 'error' ? false : 10_000),
  })

export const useAlertDeliveries = (enabled: boolean) =>
  useQuery({
    queryKey: [...ALERTS, 'deliveries'],
    queryFn: async () => (await call<List<AlertDelivery>>('GET', '/alerts/deliveries?limit=50')).data,
    refetchInterval: 10_000,
    enabled,
  })

export function useTestAlert() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (channel: string | null) =>
      call<List<AlertDelivery>>('POST', '/alerts/test', channel === null ? {} : { channel }),
    onSettled: () => client.invalidateQueries({ queryKey: ALERTS }),
  })
}

const PROXIES = ['proxies'] as const

export const useProxies = () =>
  useQuery({
    queryKey: PROXIES,
    queryFn: () => call<ProxyList>('GET', '/proxies'),
    refetchInterval: ({ state }) => (state.status === 'error' ? false : 5_000),
  })

/** By its name in the list, or by its address. */
export function useTestProxy() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: (which: { readonly name: string } | { readonly proxy_url: string }) =>
      call<ProxyTest>('POST', '/proxies/test', which),
    onSettled: () => client.invalidateQueries({ queryKey: PROXIES }),
  })
}
