/** Plugins and the configuration, from this plugin's own routes. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ConfigChange, ConfigPreview, ReloadReport } from 'flow2api/plugin'
import { api, own, reloadConfig } from './client.ts'

export const PLUGINS = ['plugins'] as const
export const CONFIG = ['config'] as const

export const usePlugins = () =>
  useQuery({
    queryKey: PLUGINS,
    queryFn: async () => (await own(api.plugins.get())).data,
    refetchInterval: 5_000,
  })

export const useConfig = () => useQuery({ queryKey: CONFIG, queryFn: () => own(api.config.get()) })

export const useVersions = (enabled: boolean) =>
  useQuery({
    queryKey: [...CONFIG, 'versions'],
    queryFn: async () => (await own(api.config.versions.get())).data,
    enabled,
  })

export const useReloads = () =>
  useQuery({ queryKey: [...CONFIG, 'reloads'], queryFn: async () => (await own(api.reloads.get())).data })

/** What a change would do. */
export const usePreview = () =>
  useMutation({
    // With `dry_run` the route answers a preview.
    mutationFn: async (set: ConfigChange) => (await own(api.config.put({ set, dry_run: true }))) as ConfigPreview,
  })

/** After a reload anything may be different. */
function useReload<V>(mutationFn: (value: V) => Promise<ReloadReport>) {
  const client = useQueryClient()
  return useMutation({ mutationFn, onSettled: () => client.invalidateQueries() })
}

export const useApply = () =>
  // Without `dry_run` the route answers as a reload.
  useReload(async (set: ConfigChange) => (await own(api.config.put({ set }))) as ReloadReport)

export const useRestore = () => useReload((version: number) => own(api.config.versions({ version }).restore.post()))

export const useReloadConfig = () => useReload<void>(reloadConfig)

export const usePluginAction = () =>
  useReload(({ id, action }: { readonly id: string; readonly action: 'enable' | 'disable' | 'reload' }) =>
    own(api.plugins({ id })[action].post()),
  )
