/** An error: why, and what now. */
import { Alert, Button, Group, List, Stack, Text } from '@mantine/core'
import { ApiError } from '../api/client.ts'
import { Private } from '../privacy.tsx'
import { texts } from '../texts.ts'

interface ProblemProps {
  readonly error: unknown
  readonly title?: string
  /** Offered where asking again may help. */
  readonly retry?: (() => unknown) | undefined
}

export function Problem({ error, title = texts.errors.title, retry }: ProblemProps) {
  const message = error instanceof Error ? error.message : texts.errors.unexpected
  const problems = error instanceof ApiError ? error.problems : []
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <Stack gap="xs" align="flex-start">
        {problems.length === 0 && (
          <Text size="sm" className="wrap">
            <Private>{message}</Private>
          </Text>
        )}
        {problems.length > 0 && (
          <List size="sm">
            {problems.map(({ path, message: why, suggestion }) => (
              <List.Item key={`${path} ${why}`} className="wrap">
                <b>{path}</b>: {why} {suggestion && `${texts.errors.suggestion} ${suggestion}`}
              </List.Item>
            ))}
          </List>
        )}
        {retry && (
          <Group>
            <Button size="xs" variant="default" onClick={() => void retry()}>
              {texts.common.retry}
            </Button>
          </Group>
        )}
      </Stack>
    </Alert>
  )
}
