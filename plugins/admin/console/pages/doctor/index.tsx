/** What the plugins find wrong with themselves, when they are asked. */
import { Alert, Badge, Button, Group, Paper, Stack, Text } from '@mantine/core'
import { IconCircleCheck, IconStethoscope } from '@tabler/icons-react'
import type { Finding } from 'flow2api/plugin'
import { useDiagnosis } from '../../api/audit.ts'
import { Empty } from '../../parts/empty.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Time } from '../../parts/time.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { Private } from '../../privacy.tsx'
import { fill, texts } from '../../texts.ts'

const { doctor: words } = texts
const COLORS = { error: 'red', warning: 'yellow', ok: 'teal' } as const
/** A large pool may have something about each account. */
const MOST_SHOWN = 200
/** The worst first. */
const ORDER: readonly Finding['severity'][] = ['error', 'warning', 'ok']

export default function Doctor() {
  const diagnosis = useDiagnosis()
  const { data, error, isFetching, dataUpdatedAt } = diagnosis
  const check = (
    <Button loading={isFetching} onClick={() => void diagnosis.refetch()}>
      {data ? words.again : words.check}
    </Button>
  )
  return (
    <Page title={texts.nav.doctor} hint={words.hint} actions={data ? check : undefined}>
      {isFetching && <Waiting />}
      {error && !isFetching && <Problem error={error} retry={diagnosis.refetch} />}
      {!data && !error && !isFetching && (
        <Empty icon={IconStethoscope} title={words.emptyTitle} hint={words.emptyHint}>
          {check}
        </Empty>
      )}
      {data && !isFetching && (
        <>
          <Group gap={4} role="status">
            <Text size="sm" c="dimmed">
              {words.checked}
            </Text>
            <Time at={Math.floor(dataUpdatedAt / 1000)} />
          </Group>
          {data.every(({ severity }) => severity === 'ok') && (
            <Alert variant="light" color="teal" icon={<IconCircleCheck size={18} />}>
              {words.allWell}
            </Alert>
          )}
          <Stack gap="xs" role="list" aria-label={words.findings}>
            {ORDER.flatMap(severity => data.filter(finding => finding.severity === severity))
              .slice(0, MOST_SHOWN)
              .map(finding => (
                <Found key={`${finding.about} ${finding.message}`} finding={finding} />
              ))}
          </Stack>
          {data.length > MOST_SHOWN && (
            <Text size="sm" c="dimmed">
              {fill(texts.common.andMore, { n: data.length - MOST_SHOWN })}
            </Text>
          )}
        </>
      )}
    </Page>
  )
}

const Found = ({ finding: { severity, about, message, todo } }: { readonly finding: Finding }) => (
  <Paper withBorder p="sm" role="listitem">
    <Group gap="sm" align="flex-start" wrap="nowrap">
      <Badge color={COLORS[severity]} variant="light" tt="none" style={{ flexShrink: 0 }}>
        {words.severities[severity]}
      </Badge>
      <div style={{ minWidth: 0 }}>
        <Text size="sm" fw={600} className="wrap">
          <Private>{about}</Private>
        </Text>
        <Text size="sm" className="wrap">
          <Private>{message}</Private>
        </Text>
        {todo && (
          <Text size="sm" c="dimmed" className="wrap">
            <Private>{todo}</Private>
          </Text>
        )}
      </div>
    </Group>
  </Paper>
)
