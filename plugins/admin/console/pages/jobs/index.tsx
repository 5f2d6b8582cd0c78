/** Every job: found by state, kind, or a part of what it is about. */
import { Anchor, Button, Group, Select, Text } from '@mantine/core'
import { IconListDetails } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { mediaUrl, STATUSES, useJobs } from '../../api/jobs.ts'
import type { JobLine } from '../../api/types.ts'
import { duration } from '../../format.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { More } from '../../parts/more.tsx'
import { NeedsPlugin } from '../../parts/needs-plugin.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { SearchField, useTyped } from '../../parts/search-field.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Time } from '../../parts/time.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { Private } from '../../privacy.tsx'
import { texts, wordFor } from '../../texts.ts'

const { jobs: words, playground } = texts

export default function Jobs() {
  return (
    <NeedsPlugin id="generation">
      <Live />
    </NeedsPlugin>
  )
}

function Live() {
  const [typed, q, setTyped] = useTyped()
  const [status, setStatus] = useState<string | null>(null)
  const [kind, setKind] = useState<string | null>(null)
  const jobs = useJobs({ q, status, kind })
  const rows = jobs.data?.pages.flatMap(({ data }) => data) ?? []
  const filtered = q !== '' || status !== null || kind !== null
  if (isMissing(jobs.error)) return <Missing plugin="generation" />
  return (
    <Page title={texts.nav.jobs} hint={words.hint}>
      <Group gap="sm">
        <SearchField label={words.search} value={typed} set={setTyped} />
        <Select
          flex="0 1 170px"
          aria-label={words.status}
          placeholder={words.anyStatus}
          clearable
          data={STATUSES.map(value => ({ value, label: wordFor(texts.states, value) }))}
          value={status}
          onChange={setStatus}
        />
        <Select
          flex="0 1 150px"
          aria-label={words.kind}
          placeholder={words.anyKind}
          clearable
          data={[
            { value: 'image', label: playground.image },
            { value: 'video', label: playground.video },
          ]}
          value={kind}
          onChange={setKind}
        />
      </Group>
      {jobs.isPending && <Waiting />}
      {jobs.isError && <Problem error={jobs.error} retry={jobs.refetch} />}
      {jobs.data && rows.length === 0 && (
        <Empty
          icon={IconListDetails}
          title={filtered ? words.noneMatch : words.emptyTitle}
          hint={filtered ? words.noneMatchHint : words.emptyHint}
        >
          {!filtered && (
            <Button component={Link} href="/playground">
              {words.tryOne}
            </Button>
          )}
        </Empty>
      )}
      {rows.length > 0 && <DataTable caption={texts.nav.jobs} rows={rows} columns={COLUMNS} rowKey={({ id }) => id} />}
      <More list={jobs} />
    </Page>
  )
}

const COLUMNS: readonly Column<JobLine>[] = [
  { key: 'job', title: words.job, head: true, cell: job => <What job={job} /> },
  {
    key: 'state',
    title: words.status,
    cell: ({ status, progress, error }) => (
      <div>
        <StateBadge state={status} />
        {(status === 'running' || status === 'starting') && (
          <Text size="xs" c="dimmed">
            {progress} %
          </Text>
        )}
        {error && (
          <Text size="xs" c="dimmed" className="wrap">
            {error.code}
          </Text>
        )}
      </div>
    ),
  },
  {
    key: 'model',
    title: playground.model,
    cell: ({ resolved_model }) => (
      <Text size="sm" className="wrap">
        {resolved_model}
      </Text>
    ),
  },
  { key: 'when', title: words.when, cell: ({ created_at }) => <Time at={created_at} /> },
  {
    key: 'took',
    title: words.took,
    cell: ({ started_at, finished_at }) => (
      <Text size="sm">{started_at && finished_at ? duration(finished_at - started_at) : '–'}</Text>
    ),
  },
]

function What({ job: { id, kind, prompt, media, surface, status } }: { readonly job: JobLine }) {
  const picture = status === 'completed' && media[0]?.mime.startsWith('image/')
  return (
    <Group gap="sm" wrap="nowrap" align="flex-start">
      {picture && (
        <img
          className="thumb"
          src={mediaUrl(id, 0)}
          alt=""
          loading="lazy"
          // What has expired leaves an empty place, not a broken picture.
          onError={event => event.currentTarget.removeAttribute('src')}
        />
      )}
      <div style={{ minWidth: 0 }}>
        <Anchor component={Link} href={`/jobs/${id}`} size="sm" fw={600} lineClamp={2} className="wrap">
          <Private>{prompt}</Private>
        </Anchor>
        <Text size="xs" c="dimmed">
          {wordFor({ image: playground.image, video: playground.video }, kind)} · {surface}
        </Text>
      </div>
    </Group>
  )
}
