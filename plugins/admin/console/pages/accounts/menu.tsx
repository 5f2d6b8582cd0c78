/** What can be done with one account. */
import { ActionIcon, Menu } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import {
  IconDots,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconRestore,
  IconTrash,
} from '@tabler/icons-react'
import { type AccountAction, useBulk } from '../../api/accounts.ts'
import type { Account } from '../../api/types.ts'
import { useConfirm } from '../../parts/confirm.tsx'
import { fill, texts } from '../../texts.ts'
import { labelOf } from './label.ts'

const { accounts: words } = texts
const nothing = () => {}

export function AccountMenu({ account, edit }: { readonly account: Account; edit(id: number): void }) {
  const bulk = useBulk(nothing)
  const [confirm, dialog] = useConfirm()
  const off = account.state === 'disabled'
  const run = async (action: AccountAction) => {
    const { failed } = await bulk.mutateAsync({ ids: [account.id], action })
    const [first] = failed
    notifications.show(
      first
        ? { title: words.failed, message: first.reason, color: 'red', autoClose: 10_000 }
        : { message: fill(words.done[action], { name: labelOf(account) }), color: 'teal' },
    )
  }
  const remove = () =>
    confirm({
      title: words.deleteTitle,
      message: words.deleteHint,
      action: texts.common.delete,
      run: () => run('delete'),
    })
  return (
    <>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            loading={bulk.isPending}
            aria-label={fill(words.menu, { name: labelOf(account) })}
          >
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => edit(account.id)}>
            {words.edit}
          </Menu.Item>
          <Menu.Item leftSection={<IconRefresh size={16} />} onClick={() => void run('refresh')}>
            {words.actions.refresh}
          </Menu.Item>
          <Menu.Item leftSection={<IconRestore size={16} />} onClick={() => void run('reset')}>
            {words.actions.reset}
          </Menu.Item>
          <Menu.Item
            leftSection={off ? <IconPlayerPlay size={16} /> : <IconPlayerPause size={16} />}
            onClick={() => void run(off ? 'enable' : 'disable')}
          >
            {off ? words.actions.enable : words.actions.disable}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item color="red" leftSection={<IconTrash size={16} />} onClick={remove}>
            {words.actions.delete}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {dialog}
    </>
  )
}
