/** How the gateway is doing, and what needs somebody now. */
import { Alert, SegmentedControl, Stack, Text } from '@mantine/core'
import { lazy, Suspense, useState } from 'react'
import { useStats } from '../../api/optional.ts'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { NeedsPlugin } from '../../parts/needs-plugin.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { texts } from '../../texts.ts'
import { Attention } from './attention.tsx'
import { Figures } from './figures.tsx'
import { Tables } from './tables.tsx'

const Charts = lazy(() => import('./charts.tsx'))
const { overview: words } = texts
const SPANS = ['1h', '24h', '7d', '30d'] as const

export default function Overview() {
  const [span, setSpan] = useState<string>('24h')
  return (
    <Page
      title={texts.nav.overview}
      hint={words.hint}
      actions={
        <SegmentedControl
          aria-label={words.span}
          data={SPANS.map(value => ({ value, label: words.spans[value] }))}
          value={span}
          onChange={setSpan}
        />
      }
    >
      <Attention />
      <NeedsPlugin id="metrics">
        <Numbers span={span} />
      </NeedsPlugin>
    </Page>
  )
}

function Numbers({ span }: { readonly span: string }) {
  const stats = useStats(span)
  if (isMissing(stats.error)) return <Missing plugin="metrics" />
  return (
    <>
      {stats.isPending && <Waiting />}
      {stats.isError && <Problem error={stats.error} retry={stats.refetch} />}
      {stats.data && (
        <Stack gap="lg">
          <Figures stats={stats.data} />
          {stats.data.generations.total === 0 && (
            <Alert variant="light" color="gray">
              <Text size="sm">{words.nothingYet}</Text>
            </Alert>
          )}
          <Suspense fallback={<Waiting />}>
            <Charts stats={stats.data} />
          </Suspense>
          <Tables stats={stats.data} />
        </Stack>
      )}
    </>
  )
}
