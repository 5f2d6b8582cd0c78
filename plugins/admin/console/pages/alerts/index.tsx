/** What the gateway watches for its operator, and whom it told. */
import { Alert, Badge, Button, Card, Group, SimpleGrid, Stack, Text, Title } from '@mantine/core'
import { IconBell } from '@tabler/icons-react'
import { Link } from 'wouter'
import type { AlertRule } from '../../api/alerts.ts'
import { useAlerts, useTestAlert } from '../../api/optional.ts'
import { dateTime } from '../../format.ts'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { NeedsPlugin } from '../../parts/needs-plugin.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Time } from '../../parts/time.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { Private } from '../../privacy.tsx'
import { fill, texts, wordFor } from '../../texts.ts'
import { AlertDeliveries } from './deliveries.tsx'

const { alerts: words } = texts
/** Of one rule: hundreds of accounts may be in the same state. */
const MOST_SHOWN = 5

export default function Alerts() {
  return (
    <NeedsPlugin id="alerts">
      <Live />
    </NeedsPlugin>
  )
}

function Live() {
  const alerts = useAlerts()
  const test = useTestAlert()
  if (isMissing(alerts.error)) return <Missing plugin="alerts" />
  const channels = alerts.data?.channels.filter(({ configured }) => configured) ?? []
  return (
    <Page
      title={texts.nav.alerts}
      hint={words.hint}
      actions={
        <>
          <Button component={Link} href="/settings/alerts" variant="default">
            {words.configure}
          </Button>
          <Button loading={test.isPending} disabled={channels.length === 0} onClick={() => test.mutate(null)}>
            {words.test}
          </Button>
        </>
      }
    >
      {alerts.isPending && <Waiting />}
      {alerts.isError && <Problem error={alerts.error} retry={alerts.refetch} />}
      {alerts.data && (
        <>
          {channels.length === 0 ? (
            <Alert variant="light" color="yellow" icon={<IconBell size={18} />} title={words.noChannel}>
              {words.noChannelHint}
            </Alert>
          ) : (
            <Group gap="xs">
              <Text size="sm">{words.channels}</Text>
              {channels.map(({ channel }) => (
                <Badge key={channel} variant="light" tt="none">
                  {wordFor(words.channelNames, channel)}
                </Badge>
              ))}
            </Group>
          )}
          {alerts.data.quiet?.until && (
            <Alert variant="light" color="gray">
              {fill(words.quiet, { time: dateTime(alerts.data.quiet.until) })}
            </Alert>
          )}
          {test.isError && <Problem error={test.error} />}
          {test.data?.data.map(({ id, channel, state, last_error }) => (
            <Alert key={id} variant="light" color={state === 'delivered' ? 'teal' : 'red'} role="status">
              {wordFor(words.channelNames, channel)}: {wordFor(texts.states, state)} {last_error}
            </Alert>
          ))}
          <SimpleGrid cols={{ base: 1, md: 2 }}>
            {alerts.data.data.map(rule => (
              <Rule key={rule.rule} rule={rule} />
            ))}
          </SimpleGrid>
          <AlertDeliveries />
        </>
      )}
    </Page>
  )
}

function Rule({
  rule: { rule, severity, enabled, state, alerts, thresholds, last_fired_at },
}: {
  readonly rule: AlertRule
}) {
  const limits = Object.entries(thresholds).map(([name, value]) => `${name} = ${String(value)}`)
  return (
    <Card withBorder padding="md">
      <Stack gap="xs">
        <Group justify="space-between" wrap="nowrap" align="flex-start">
          <Title order={2} size="h5">
            {wordFor(words.rules, rule)}
          </Title>
          <StateBadge state={enabled ? state : 'disabled'} />
        </Group>
        <Text size="xs" c="dimmed" className="wrap">
          {wordFor(words.severities, severity)}
          {limits.length > 0 && ` · ${limits.join(', ')}`}
        </Text>
        {alerts.slice(0, MOST_SHOWN).map(({ subject, title, text, since }) => (
          <div key={subject}>
            <Text size="sm" fw={600} className="wrap">
              <Private>{title}</Private>
            </Text>
            <Text size="sm" className="wrap">
              <Private>{text}</Private>
            </Text>
            <Time at={since} />
          </div>
        ))}
        {alerts.length > MOST_SHOWN && (
          <Text size="sm" c="dimmed">
            {fill(texts.common.andMore, { n: alerts.length - MOST_SHOWN })}
          </Text>
        )}
        {alerts.length === 0 && (
          <Group gap={4}>
            <Text size="xs" c="dimmed">
              {last_fired_at === null ? words.neverFired : words.lastFired}
            </Text>
            {last_fired_at !== null && <Time at={last_fired_at} />}
          </Group>
        )}
      </Stack>
    </Card>
  )
}
