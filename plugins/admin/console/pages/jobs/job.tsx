/** One job, from its admission to its end. */
import { Anchor, Button, Grid, Paper, Stack, Text, Title } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconArrowLeft } from '@tabler/icons-react'
import { Link, useLocation, useParams } from 'wouter'
import { isFinal, useCancelJob, useJob, useRetryJob } from '../../api/jobs.ts'
import type { JobWhole } from '../../api/types.ts'
import { JobMedia } from '../../parts/job-media.tsx'
import { JobProgress } from '../../parts/job-progress.tsx'
import { NeedsPlugin } from '../../parts/needs-plugin.tsx'
import { Outcome } from '../../parts/outcome.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { Private } from '../../privacy.tsx'
import { texts } from '../../texts.ts'
import { Facts } from './facts.tsx'
import { JobTimeline } from './timeline.tsx'

const { jobs: words } = texts

export default function JobPage() {
  return (
    <NeedsPlugin id="generation">
      <Live />
    </NeedsPlugin>
  )
}

function Live() {
  const { id } = useParams<{ id: string }>()
  const job = useJob(id)
  if (job.isPending) return <Waiting />
  if (job.isError) return <Problem error={job.error} title={words.notFound} retry={job.refetch} />
  return <Whole job={job.data} />
}

function Whole({ job }: { readonly job: JobWhole }) {
  const cancel = useCancelJob()
  const retry = useRetryJob()
  const [, navigate] = useLocation()
  const final = isFinal(job.status)
  const again = () =>
    retry.mutate(job.id, {
      onSuccess: ({ id }) => {
        notifications.show({ message: words.retried, color: 'teal' })
        navigate(`/jobs/${id}`)
      },
    })
  const actions = (
    <>
      <Button component={Link} href="/jobs" variant="subtle" leftSection={<IconArrowLeft size={16} />}>
        {texts.nav.jobs}
      </Button>
      {!final && (
        <Button variant="default" loading={cancel.isPending} onClick={() => cancel.mutate(job.id)}>
          {words.cancel}
        </Button>
      )}
      {final && (
        <Button variant="default" loading={retry.isPending} onClick={again}>
          {words.retry}
        </Button>
      )}
    </>
  )
  return (
    <Page title={words.job} actions={actions}>
      {(cancel.isError || retry.isError) && <Problem error={cancel.error ?? retry.error} />}
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, md: 7 }}>
          <Stack>
            <Paper withBorder p="md">
              <Stack>
                <JobProgress job={job} />
                <Text className="wrap" style={{ whiteSpace: 'pre-wrap' }}>
                  <Private>{job.prompt}</Private>
                </Text>
                {job.error && <Problem error={new Error(job.error.message)} title={words.failed} />}
                <JobMedia job={job} />
              </Stack>
            </Paper>
            <Paper withBorder p="md">
              <Title order={2} size="h4" mb="md">
                {words.timeline}
              </Title>
              <JobTimeline job={job} />
            </Paper>
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <Stack>
            <Paper withBorder p="md">
              <Outcome job={job} />
            </Paper>
            <Paper withBorder p="md">
              <Facts job={job} />
            </Paper>
            <Anchor component={Link} href={`/logs?job=${job.id}`} size="sm">
              {words.toLogs}
            </Anchor>
          </Stack>
        </Grid.Col>
      </Grid>
    </Page>
  )
}
