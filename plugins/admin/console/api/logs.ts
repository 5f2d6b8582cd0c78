/** The log, of the plugin `debug`: as a stream, of which the page keeps the last lines and no more. */
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { call } from './client.ts'
import type { List } from './types.ts'

export interface LogLine {
  readonly id: string
  readonly created_at: number
  readonly level: string
  readonly plugin: string
  readonly message: string
  readonly request_id: string | null
  readonly job_id: string | null
  readonly fields: Readonly<Record<string, unknown>>
}

export interface LogFilter {
  readonly level: string
  readonly plugin: string
  readonly job: string
  readonly text: string
}

/** A page that is left open keeps no more than these. */
export const KEPT = 500

const queryOf = (filter: LogFilter): string => {
  const query = new URLSearchParams({ limit: '200' })
  for (const [name, value] of Object.entries(filter)) if (value !== '') query.set(name, value)
  return query.toString()
}

/** Whether there is a log to be read at all: a stream alone does not say why it does not open. */
export const useLogAccess = () =>
  useQuery({ queryKey: ['logs'], queryFn: () => call<List<LogLine>>('GET', '/logs?limit=1'), staleTime: 60_000 })

export interface LogStream {
  /** Oldest first. */
  readonly lines: readonly LogLine[]
  readonly connected: boolean
  clear(): void
}

/** Lines arrive in bursts; they are shown a few times a second. */
const SHOW_MS = 250

export function useLogStream(filter: LogFilter, live: boolean): LogStream {
  const [lines, setLines] = useState<readonly LogLine[]>([])
  const [connected, setConnected] = useState(false)
  const query = queryOf(filter)
  useEffect(() => {
    if (!live) return
    const fresh: LogLine[] = []
    const source = new EventSource(`/admin/api/logs?${query}`)
    source.onopen = () => setConnected(true)
    source.onerror = () => setConnected(false)
    source.addEventListener('line', event => {
      // What the route sends is one line of this shape.
      fresh.push(JSON.parse(event.data) as LogLine)
      if (fresh.length > KEPT) fresh.shift()
    })
    const timer = setInterval(() => {
      if (fresh.length === 0) return
      const arrived = fresh.splice(0)
      setLines(before => {
        const known = new Set(before.map(({ id }) => id))
        return [...before, ...arrived.filter(({ id }) => !known.has(id))].slice(-KEPT)
      })
    }, SHOW_MS)
    return () => {
      source.close()
      clearInterval(timer)
      setConnected(false)
    }
  }, [query, live])
  // Another filter begins anew.
  const [shownFor, setShownFor] = useState(query)
  if (shownFor !== query) {
    setShownFor(query)
    setLines([])
  }
  return { lines, connected, clear: () => setLines([]) }
}
