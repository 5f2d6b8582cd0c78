/** The same for all that are ticked. */
import { Button, Group, Paper, Progress, Text } from '@mantine/core'
import { useState } from 'react'
import { type AccountAction, useBulk } from '../../api/accounts.ts'
import type { Account } from '../../api/types.ts'
import { useConfirm } from '../../parts/confirm.tsx'
import { fill, texts } from '../../texts.ts'

const { accounts: words } = texts
const ACTIONS = ['enable', 'disable', 'refresh', 'reset', 'delete'] as const satisfies readonly AccountAction[]

export function BulkBar({ accounts, clear }: { readonly accounts: readonly Account[]; clear(): void }) {
  const [progress, setProgress] = useState(0)
  const bulk = useBulk(setProgress)
  const [confirm, dialog] = useConfirm()
  // What failed is told while its account is still ticked.
  const failed = bulk.data?.failed.filter(({ id }) => accounts.some(account => account.id === id)) ?? []
  const start = (action: AccountAction) => {
    setProgress(0)
    bulk.mutate(
      { ids: accounts.map(({ id }) => id), action },
      { onSuccess: ({ failed }) => failed.length === 0 && clear() },
    )
  }
  const drop = () => {
    bulk.reset()
    clear()
  }
  const ask = (action: AccountAction) =>
    action === 'delete'
      ? confirm({
          title: fill(words.deleteMany, { n: accounts.length }),
          message: words.deleteHint,
          action: texts.common.delete,
          run: () => start('delete'),
        })
      : start(action)
  if (accounts.length === 0) return dialog
  return (
    <Paper withBorder p="xs" role="region" aria-label={words.bulk}>
      <Group gap="xs">
        <Text size="sm" fw={600}>
          {fill(texts.common.selected, { n: accounts.length })}
        </Text>
        {ACTIONS.map(action => (
          <Button
            key={action}
            size="compact-sm"
            variant="default"
            {...(action === 'delete' && { variant: 'light', color: 'red' })}
            disabled={bulk.isPending}
            onClick={() => ask(action)}
          >
            {words.actions[action]}
          </Button>
        ))}
        <Button size="compact-sm" variant="subtle" onClick={drop}>
          {words.clear}
        </Button>
      </Group>
      {bulk.isPending && <Progress mt="xs" value={(progress / accounts.length) * 100} aria-label={words.bulk} />}
      {failed.map(({ id, reason }) => (
        <Text key={id} size="sm" c="red" mt={4} className="wrap">
          #{id}: {reason}
        </Text>
      ))}
      {dialog}
    </Paper>
  )
}
