/** Nothing here yet, and what to do next. */
import { Center, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import type { ComponentType, ReactNode } from 'react'

interface EmptyProps {
  readonly icon: ComponentType<{ size?: number }>
  readonly title: string
  readonly hint: string
  readonly children?: ReactNode
}

export const Empty = ({ icon: Icon, title, hint, children }: EmptyProps) => (
  <Center py="xl">
    <Stack align="center" gap="sm" maw={460}>
      <ThemeIcon size={56} radius="xl" variant="light" aria-hidden>
        <Icon size={28} />
      </ThemeIcon>
      <Title order={2} size="h4" ta="center">
        {title}
      </Title>
      <Text c="dimmed" ta="center" size="sm">
        {hint}
      </Text>
      {children}
    </Stack>
  </Center>
)
