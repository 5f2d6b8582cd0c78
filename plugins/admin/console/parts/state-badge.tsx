/** The state of a thing, in words and in a colour, never in the colour alone. */
import { Badge } from '@mantine/core'
import { texts, wordFor } from '../texts.ts'

const COLORS: Readonly<Record<string, string>> = {
  ready: 'teal',
  live: 'teal',
  up: 'teal',
  completed: 'teal',
  delivered: 'teal',
  add: 'teal',
  ok: 'teal',
  resolved: 'teal',
  refreshing: 'blue',
  running: 'blue',
  starting: 'blue',
  delivering: 'blue',
  queued: 'gray',
  update: 'blue',
  pending: 'blue',
  cooling: 'yellow',
  quota_spent: 'yellow',
  draining: 'yellow',
  half_open: 'yellow',
  outcome_unknown: 'yellow',
  waiting: 'gray',
  needs_session: 'red',
  migrated: 'red',
  failed: 'red',
  refused: 'red',
  given_up: 'red',
  firing: 'red',
  disabled: 'gray',
  cancelled: 'gray',
  unknown: 'gray',
  unchanged: 'gray',
}

export const StateBadge = ({ state }: { readonly state: string }) => (
  <Badge color={COLORS[state] ?? 'gray'} variant="light" tt="none" fw={600} miw="max-content">
    {wordFor(texts.states, state)}
  </Badge>
)
