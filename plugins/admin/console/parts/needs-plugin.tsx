/** What a plugin serves, or why it is not there: nothing is asked of a plugin that is off. */
import type { ReactNode } from 'react'
import { usePlugins } from '../api/plugins.ts'
import { Missing } from './missing.tsx'
import { Problem } from './problem.tsx'
import { Waiting } from './waiting.tsx'

/** undefined: not known yet. */
export function useIsLive(plugin: string): boolean | undefined {
  const plugins = usePlugins()
  return plugins.data?.some(({ id, state }) => id === plugin && state === 'live')
}

export function NeedsPlugin({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  const plugins = usePlugins()
  const live = useIsLive(id)
  if (plugins.isError) return <Problem error={plugins.error} retry={plugins.refetch} />
  if (live === undefined) return <Waiting />
  return live ? children : <Missing plugin={id} />
}
