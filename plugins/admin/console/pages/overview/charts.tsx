/** The same numbers over time. */
import '@mantine/charts/styles.css'
import { AreaChart, BarChart, LineChart } from '@mantine/charts'
import { Card, SimpleGrid, Title } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Stats } from '../../api/stats.ts'
import { clockTime, shortTime } from '../../format.ts'
import { texts } from '../../texts.ts'

const { charts: words } = texts.overview
const HEIGHT = 220
const A_DAY_S = 86_400
const FEW = 4

export default function Charts({ stats: { series, from, to } }: { readonly stats: Stats }) {
  const label = to - from > A_DAY_S ? shortTime : clockTime
  const data = series.map(({ at, completed, failed, refused, mean_s, queued, running, accounts_ready, credits }) => ({
    time: label(at),
    [words.completed]: completed,
    [words.failed]: failed,
    [words.refused]: refused,
    [words.seconds]: mean_s,
    [words.queued]: queued,
    [words.running]: running,
    [words.accounts]: accounts_ready,
    [words.credits]: credits,
  }))
  // A line of one point cannot be seen.
  const known = series.filter(({ running, mean_s }) => running !== null || mean_s !== null).length
  const withDots = known < FEW
  const common = { h: HEIGHT, data, dataKey: 'time', withLegend: true, tickLine: 'none' } as const
  const axis = { xAxisProps: { minTickGap: 40 }, yAxisProps: { width: 44, allowDecimals: false } }
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Chart title={words.jobs}>
        <BarChart
          {...common}
          {...axis}
          type="stacked"
          series={[
            { name: words.completed, color: 'teal.6' },
            { name: words.failed, color: 'red.6' },
            { name: words.refused, color: 'gray.5' },
          ]}
        />
      </Chart>
      <Chart title={words.load}>
        <AreaChart
          {...common}
          {...axis}
          curveType="monotone"
          withDots={withDots}
          series={[
            { name: words.running, color: 'indigo.6' },
            { name: words.queued, color: 'yellow.6' },
          ]}
        />
      </Chart>
      <Chart title={words.time}>
        <LineChart
          {...common}
          {...axis}
          connectNulls
          withDots={withDots}
          series={[{ name: words.seconds, color: 'grape.6' }]}
        />
      </Chart>
      <Chart title={words.creditsLeft}>
        <AreaChart
          {...common}
          {...axis}
          connectNulls
          withDots={withDots}
          series={[{ name: words.credits, color: 'cyan.7' }]}
        />
      </Chart>
    </SimpleGrid>
  )
}

const Chart = ({ title, children }: { readonly title: string; readonly children: ReactNode }) => (
  <Card withBorder padding="md">
    <Title order={2} size="h5" mb="sm">
      {title}
    </Title>
    {children}
  </Card>
)
