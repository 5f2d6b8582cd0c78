/** A moment: how long ago, and the whole of it, in local time, to whoever points at it. */
import { Text, Tooltip } from '@mantine/core'
import { ago, dateTime } from '../format.ts'
import { useNow } from './now.ts'

export function Time({ at }: { readonly at: number | null | undefined }) {
  const now = useNow()
  if (at === null || at === undefined)
    return (
      <Text span size="sm" c="dimmed">
        –
      </Text>
    )
  return (
    <Tooltip label={dateTime(at)}>
      <Text span size="sm" component="time" dateTime={new Date(at * 1000).toISOString()}>
        {ago(at, now)}
      </Text>
    </Tooltip>
  )
}
