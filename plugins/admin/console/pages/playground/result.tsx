/** What became of it: first the progress, then the picture or the video. */
import { Anchor, Button, Group, Paper, Stack, Text } from '@mantine/core'
import { IconPhotoSpark } from '@tabler/icons-react'
import { Link } from 'wouter'
import { isFinal, useCancelJob, useJob } from '../../api/jobs.ts'
import { Empty } from '../../parts/empty.tsx'
import { JobMedia } from '../../parts/job-media.tsx'
import { JobProgress } from '../../parts/job-progress.tsx'
import { Outcome } from '../../parts/outcome.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { texts } from '../../texts.ts'

const { playground: words } = texts

export function PlayResult({ job: id }: { readonly job: string | null }) {
  const found = useJob(id)
  const cancel = useCancelJob()
  const job = found.data
  return (
    <Paper withBorder p="md" mb="md">
      {id === null && <Empty icon={IconPhotoSpark} title={words.emptyTitle} hint={words.emptyHint} />}
      {id !== null && found.isPending && <Waiting />}
      {found.isError && <Problem error={found.error} retry={found.refetch} />}
      {job && (
        <Stack>
          <JobProgress job={job} />
          <JobMedia job={job} />
          {job.error && <Problem error={new Error(job.error.message)} title={texts.jobs.failed} />}
          {isFinal(job.status) && <Outcome job={job} />}
          <Group justify="space-between">
            <Anchor component={Link} href={`/jobs/${job.id}`} size="sm">
              {words.toJob}
            </Anchor>
            {!isFinal(job.status) && (
              <Button size="xs" variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
                {texts.jobs.cancel}
              </Button>
            )}
          </Group>
          {cancel.isError && (
            <Text size="sm" c="red">
              {cancel.error.message}
            </Text>
          )}
        </Stack>
      )}
    </Paper>
  )
}
