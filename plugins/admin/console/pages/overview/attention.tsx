/** What needs somebody now, each with its next step. */
import { Alert, Button, Group, Paper, Stack, Text, ThemeIcon, Title } from '@mantine/core'
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react'
import { Link } from 'wouter'
import { useAccounts, useUpstreams } from '../../api/accounts.ts'
import { useAlerts } from '../../api/optional.ts'
import { usePlugins } from '../../api/plugins.ts'
import { useIsLive } from '../../parts/needs-plugin.tsx'
import { Private } from '../../privacy.tsx'
import { texts } from '../../texts.ts'
import { type Concern, concernsOf } from './concerns.ts'

const { overview: words } = texts

export function Attention() {
  const pool = useIsLive('token-pool') ?? false
  const accounts = useAccounts(5_000, pool)
  const upstreams = useUpstreams(pool)
  const plugins = usePlugins()
  const alerts = useAlerts(useIsLive('alerts') ?? false)
  // Before both are known nothing can be said.
  if ((accounts.isPending && accounts.isEnabled) || plugins.isPending) return null
  const concerns = concernsOf({
    accounts: accounts.data,
    plugins: plugins.data ?? [],
    upstreams: upstreams.data ?? [],
    rules: alerts.data?.data ?? [],
  })
  return (
    <section aria-label={words.attention}>
      <Title order={2} size="h4" mb="sm">
        {words.attention}
      </Title>
      {concerns.length === 0 ? (
        <Alert variant="light" color="teal" icon={<IconCircleCheck size={18} />}>
          {words.allWell}
        </Alert>
      ) : (
        <Stack gap="xs" role="list">
          {concerns.map(concern => (
            <Item key={concern.key} concern={concern} />
          ))}
        </Stack>
      )}
    </section>
  )
}

const Item = ({ concern: { title, detail, href, step, severe } }: { readonly concern: Concern }) => (
  <Paper withBorder p="sm" role="listitem">
    <Group justify="space-between" gap="sm">
      <Group gap="sm" wrap="nowrap" align="flex-start" flex="1 1 260px">
        <ThemeIcon variant="light" color={severe ? 'red' : 'yellow'} aria-hidden>
          <IconAlertTriangle size={16} />
        </ThemeIcon>
        <div style={{ minWidth: 0 }}>
          <Text size="sm" fw={600} className="wrap">
            <Private>{title}</Private>
          </Text>
          <Text size="sm" c="dimmed" className="wrap">
            <Private>{detail}</Private>
          </Text>
        </div>
      </Group>
      <Button component={Link} href={href} size="xs" variant="default">
        {step}
      </Button>
    </Group>
  </Paper>
)
