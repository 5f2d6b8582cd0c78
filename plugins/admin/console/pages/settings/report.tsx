/** What each plugin did with a reload. */
import { Alert, List, Stack, Text } from '@mantine/core'
import type { ReloadReport } from 'flow2api/plugin'
import { fill, texts } from '../../texts.ts'

const { settings: words } = texts

export function Report({ report, title }: { readonly report: ReloadReport; readonly title: string }) {
  const changed = report.plugins.filter(({ outcome }) => outcome !== 'unchanged')
  return (
    <Alert color={report.result === 'partial' ? 'yellow' : 'teal'} variant="light" title={title} role="status">
      <Stack gap="xs">
        <Text size="sm">{fill(words.took, { ms: report.duration_ms })}</Text>
        {changed.length > 0 && (
          <List size="sm">
            {changed.map(({ id, outcome, reason }) => (
              <List.Item key={id}>
                <b>{id}</b>: {words.outcomes[outcome]}
                {reason && ` – ${reason}`}
              </List.Item>
            ))}
          </List>
        )}
        {report.needs_restart.length > 0 && (
          <Text size="sm">{fill(words.needsRestart, { keys: report.needs_restart.join(', ') })}</Text>
        )}
      </Stack>
    </Alert>
  )
}
