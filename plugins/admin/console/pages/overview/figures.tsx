/** The numbers that matter, now and over the span. */
import { Card, SimpleGrid, Text } from '@mantine/core'
import type { Stats } from '../../api/stats.ts'
import { ago, bytes, duration, number, percent } from '../../format.ts'
import { fill, texts } from '../../texts.ts'
import { endOfCredits } from './credits.ts'

const { figures: words } = texts.overview
const none = '–'

export function Figures({ stats }: { readonly stats: Stats }) {
  const { now, generations, cache, requests, by_kind } = stats
  const { accounts, queue, process } = now
  const end = endOfCredits(stats.series)
  const queued = queue.image.queued + queue.video.queued
  const running = queue.image.running + queue.video.running
  return (
    <SimpleGrid cols={{ base: 2, sm: 3, lg: 4 }} spacing="sm">
      <Figure
        name={words.pool}
        value={fill(words.of, { n: accounts.ready, total: accounts.total })}
        sub={accounts.health === null ? none : fill(words.ready, { share: percent(accounts.health) })}
      />
      <Figure name={words.queue} value={number(queued)} sub={fill(words.running, { n: running })} />
      <Figure
        name={words.throughput}
        value={number(generations.completed)}
        sub={fill(words.images, { images: by_kind.image.completed, videos: by_kind.video.completed })}
      />
      <Figure
        name={words.success}
        value={generations.success_rate === null ? none : percent(generations.success_rate)}
        sub={fill(words.failed, { failed: generations.failed, refused: generations.refused })}
      />
      <Figure
        name={words.time}
        value={by_kind.image.mean_s === null ? none : duration(by_kind.image.mean_s)}
        sub={fill(words.videoTime, { time: by_kind.video.mean_s === null ? none : duration(by_kind.video.mean_s) })}
      />
      <Figure
        name={words.credits}
        value={accounts.credits === null ? none : number(accounts.credits)}
        sub={end === null ? words.noEnd : fill(words.end, { when: ago(end) })}
      />
      <Figure
        name={words.cache}
        value={cache.hit_rate === null ? none : percent(cache.hit_rate)}
        sub={fill(words.cacheSize, { files: number(now.cache.files), size: bytes(now.cache.bytes) })}
      />
      <Figure
        name={words.process}
        value={duration(process.uptime_s)}
        sub={fill(words.memory, {
          memory: bytes(process.rss_bytes),
          disk: process.disk_free_bytes === null ? none : bytes(process.disk_free_bytes),
          p95: requests.p95_ms === null ? none : number(requests.p95_ms),
        })}
      />
    </SimpleGrid>
  )
}

const Figure = ({ name, value, sub }: { readonly name: string; readonly value: string; readonly sub: string }) => (
  <Card withBorder padding="sm">
    <Text size="xs" c="dimmed" fw={600}>
      {name}
    </Text>
    <Text size="xl" fw={700}>
      {value}
    </Text>
    <Text size="xs" c="dimmed" className="wrap">
      {sub}
    </Text>
  </Card>
)
