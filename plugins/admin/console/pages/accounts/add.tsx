/** A new account, by whatever its operator has of it. */
import { Button, Group, Modal, Stack, Text } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { useState } from 'react'
import { useAddAccount, usePresentAccounts } from '../../api/accounts.ts'
import { Problem } from '../../parts/problem.tsx'
import { fill, texts } from '../../texts.ts'
import { changed, Fields, newDraft } from './fields.tsx'
import { labelOf } from './label.ts'

const { accounts: words } = texts

/** A file's content or a list, which the import understands; one line is one account. */
const isList = (text: string): boolean => /^\s*[[{]/.test(text) || text.trim().includes('\n')

interface AddProps {
  readonly opened: boolean
  close(): void
  /** What was pasted is more than one account, or a file. */
  many(content: string): void
}

export function AddAccount({ opened, close, many }: AddProps) {
  const [draft, set] = useState(newDraft)
  const add = useAddAccount()
  const present = usePresentAccounts()
  const list = isList(draft.st)
  const leave = () => {
    // A secret does not stay in the page longer than it must.
    set(newDraft())
    add.reset()
    close()
  }
  return (
    <Modal opened={opened} onClose={leave} title={words.addTitle} size="lg">
      <form
        onSubmit={event => {
          event.preventDefault()
          if (list) {
            many(draft.st)
            set(newDraft())
            return
          }
          const before = new Set(present().map(({ id }) => id))
          add.mutate(changed(draft, newDraft()), {
            onSuccess: account => {
              const text = before.has(account.id) ? words.renewed : words.added
              notifications.show({ message: fill(text, { name: labelOf(account) }), color: 'teal' })
              leave()
            },
          })
        }}
      >
        <Stack>
          <Fields draft={draft} set={set} adding />
          {list && <Text size="sm">{words.isList}</Text>}
          {add.isError && <Problem error={add.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={leave}>
              {texts.common.cancel}
            </Button>
            <Button type="submit" loading={add.isPending} disabled={draft.st.trim() === ''}>
              {list ? words.toImport : words.addSubmit}
            </Button>
          </Group>
          {add.isPending && (
            <Text size="xs" c="dimmed">
              {words.opening}
            </Text>
          )}
        </Stack>
      </form>
    </Modal>
  )
}
