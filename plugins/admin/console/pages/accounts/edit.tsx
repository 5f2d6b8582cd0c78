/** One account: what it may do, and what it did. */
import { Button, Drawer, Group, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { useEditAccount } from '../../api/accounts.ts'
import type { Account } from '../../api/types.ts'
import { number } from '../../format.ts'
import { Problem } from '../../parts/problem.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { hiddenEmail, usePrivacy } from '../../privacy.tsx'
import { fill, texts } from '../../texts.ts'
import { changed, Fields, newDraft } from './fields.tsx'
import { labelOf } from './label.ts'

const { accounts: words } = texts

export function EditAccount({ account, close }: { readonly account: Account; close(): void }) {
  // As it was when the form opened: what changes meanwhile does not touch the fields.
  const [before] = useState(() => newDraft(account))
  const [draft, set] = useState(before)
  const edit = useEditAccount(account.id)
  const { hidden } = usePrivacy()
  const fields = changed(draft, before)
  const { counts, email, state } = account
  return (
    <Drawer
      opened
      onClose={close}
      position="right"
      size="lg"
      title={hidden ? hiddenEmail(labelOf(account)) : labelOf(account)}
      closeButtonProps={{ 'aria-label': texts.common.close }}
    >
      <form
        onSubmit={event => {
          event.preventDefault()
          edit.mutate(fields, {
            onSuccess: () => {
              notifications.show({ message: fill(words.saved, { name: labelOf(account) }), color: 'teal' })
              close()
            },
          })
        }}
      >
        <Stack>
          <Group gap="xs">
            <StateBadge state={state} />
            <Text size="sm" c="dimmed">
              {hidden ? hiddenEmail(email) : email}
            </Text>
          </Group>
          <Text size="sm" c="dimmed">
            {fill(words.counts, {
              images: number(counts.images),
              videos: number(counts.videos),
              errors: number(counts.errors),
            })}
          </Text>
          <Fields draft={draft} set={set} />
          {edit.isError && <Problem error={edit.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={close}>
              {texts.common.cancel}
            </Button>
            <Button type="submit" loading={edit.isPending} disabled={Object.keys(fields).length === 0}>
              {texts.common.save}
            </Button>
          </Group>
        </Stack>
      </form>
    </Drawer>
  )
}
