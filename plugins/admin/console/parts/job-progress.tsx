/** How far a job is, and for how long it has been under way. */
import { Group, Progress, Stack, Text } from '@mantine/core'
import { isFinal } from '../api/jobs.ts'
import type { JobLine } from '../api/types.ts'
import { duration } from '../format.ts'
import { fill, texts } from '../texts.ts'
import { useNow } from './now.ts'
import { StateBadge } from './state-badge.tsx'

const EVERY_MS = 500

export function JobProgress({ job }: { readonly job: JobLine }) {
  const now = useNow(EVERY_MS)
  const { status, progress, queue, created_at, finished_at } = job
  const elapsed = Math.max(0, (finished_at ?? now) - (created_at ?? now))
  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Group gap="xs">
          <StateBadge state={status} />
          {queue && (
            <Text size="sm" c="dimmed">
              {fill(queue.eta_s === null ? texts.jobs.place : texts.jobs.placeEta, {
                n: queue.position,
                eta: duration(queue.eta_s ?? 0),
              })}
            </Text>
          )}
        </Group>
        <Text size="sm" c="dimmed">
          {duration(Math.round(elapsed))} · {progress} %
        </Text>
      </Group>
      {!isFinal(status) && <Progress value={Math.max(progress, 2)} striped animated aria-label={texts.jobs.progress} />}
    </Stack>
  )
}
