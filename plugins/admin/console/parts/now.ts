/** The time, for what shows how long ago something was. Unix seconds. */
import { useInterval } from '@mantine/hooks'
import { useState } from 'react'

const EVERY_MS = 10_000

export function useNow(everyMs = EVERY_MS): number {
  const [now, set] = useState(() => Date.now() / 1000)
  useInterval(() => set(Date.now() / 1000), everyMs, { autoInvoke: true })
  return now
}
