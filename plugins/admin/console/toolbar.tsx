/** Privacy, light and dark, and the operator's own menu. */
import { ActionIcon, Group, Menu, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core'
import { IconEye, IconEyeOff, IconLogout, IconMoon, IconShieldLock, IconSun, IconUserCircle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import { useSignOut } from './api/session.ts'
import type { Operator } from './api/types.ts'
import { usePrivacy } from './privacy.tsx'
import { texts } from './texts.ts'

const { toolbar } = texts

export function Toolbar({ operator }: { readonly operator: Operator }) {
  const { hidden, toggle } = usePrivacy()
  const { setColorScheme } = useMantineColorScheme()
  const dark = useComputedColorScheme('light') === 'dark'
  const signOut = useSignOut()
  return (
    <Group gap={4} wrap="nowrap">
      <Switch label={hidden ? toolbar.showEmails : toolbar.hideEmails} pressed={hidden} onClick={toggle}>
        {hidden ? <IconEyeOff size={18} /> : <IconEye size={18} />}
      </Switch>
      <Switch
        label={dark ? toolbar.light : toolbar.dark}
        pressed={dark}
        onClick={() => setColorScheme(dark ? 'light' : 'dark')}
      >
        {dark ? <IconSun size={18} /> : <IconMoon size={18} />}
      </Switch>
      <Menu position="bottom-end" withinPortal>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="lg" aria-label={toolbar.menu}>
            <IconUserCircle size={20} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{operator.username}</Menu.Label>
          <Menu.Item component={Link} href="/security" leftSection={<IconShieldLock size={16} />}>
            {toolbar.security}
          </Menu.Item>
          <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => signOut.mutate()}>
            {toolbar.signOut}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
    </Group>
  )
}

interface SwitchProps {
  readonly label: string
  readonly pressed: boolean
  readonly onClick: () => void
  readonly children: ReactNode
}

const Switch = ({ label, pressed, onClick, children }: SwitchProps) => (
  <Tooltip label={label}>
    <ActionIcon variant="subtle" color="gray" size="lg" aria-label={label} aria-pressed={pressed} onClick={onClick}>
      {children}
    </ActionIcon>
  </Tooltip>
)
