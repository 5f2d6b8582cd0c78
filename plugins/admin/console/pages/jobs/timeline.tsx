/** The course of a job: queued, the account and why, upstream calls, media, delivery, webhook. */
import { Stack, Text, Timeline } from '@mantine/core'
import {
  IconBroadcast,
  IconCheck,
  IconCloudUp,
  IconInbox,
  IconPhoto,
  IconUserCheck,
  IconUserX,
  IconX,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { useAccounts } from '../../api/accounts.ts'
import { isFinal, useDeliveries } from '../../api/jobs.ts'
import type { Delivery, JobUnit, JobWhole } from '../../api/types.ts'
import { dateTime, number } from '../../format.ts'
import { useIsLive } from '../../parts/needs-plugin.tsx'
import { Private } from '../../privacy.tsx'
import { fill, texts, wordFor } from '../../texts.ts'
import { labelOf } from '../accounts/label.ts'

const { jobs: words } = texts
const ACCOUNTS_MS = 60_000

interface Step {
  readonly key: string
  readonly icon: ReactNode
  readonly title: string
  readonly at?: number | null
  readonly lines?: readonly string[]
  readonly color?: string
}

export function JobTimeline({ job }: { readonly job: JobWhole }) {
  const accounts = useAccounts(ACCOUNTS_MS, useIsLive('token-pool') ?? false)
  const deliveries = useDeliveries(job, useIsLive('webhooks') ?? false)
  const nameOf = (id: number) => {
    const account = accounts.data?.find(one => one.id === id)
    return account ? `${labelOf(account)} (#${id})` : `#${id}`
  }
  const steps = [
    admitted(job),
    ...job.units.flatMap(unit => unitSteps(unit, job.units.length > 1, nameOf)),
    ...(job.media.length > 0 ? [media(job)] : []),
    ...(isFinal(job.status) ? [ended(job)] : []),
    ...(deliveries.data ?? []).map(webhook),
  ]
  return (
    <Timeline bulletSize={26} lineWidth={2} active={steps.length}>
      {steps.map(({ key, icon, title, at, lines = [], color }) => (
        <Timeline.Item key={key} bullet={icon} title={title} {...(color && { color })}>
          <Stack gap={2}>
            {lines.map(line => (
              <Text key={line} size="sm" c="dimmed" className="wrap">
                <Private>{line}</Private>
              </Text>
            ))}
            {at && (
              <Text size="xs" c="dimmed">
                {dateTime(at)}
              </Text>
            )}
          </Stack>
        </Timeline.Item>
      ))}
    </Timeline>
  )
}

const admitted = ({ created_at, surface, queue, status }: JobWhole): Step => ({
  key: 'admitted',
  icon: <IconInbox size={14} />,
  title: words.steps.admitted,
  at: created_at,
  lines: [
    fill(words.steps.by, { surface }),
    ...(queue ? [fill(words.place, { n: queue.position })] : []),
    ...(status === 'queued' ? [words.steps.waits] : []),
  ],
})

function unitSteps(unit: JobUnit, several: boolean, nameOf: (id: number) => string): readonly Step[] {
  const prefix = several ? `${fill(words.steps.piece, { n: unit.index + 1 })}: ` : ''
  const chosen = unit.accounts.map(({ account_id, why, at, refused }): Step => {
    const account = nameOf(account_id)
    return {
      key: `${unit.index} ${account_id} ${at}`,
      icon: refused === null ? <IconUserCheck size={14} /> : <IconUserX size={14} />,
      title: prefix + fill(words.steps.account, { account }),
      at,
      lines: [why, ...(refused === null ? [] : [fill(words.steps.refused, { code: refused })])].filter(Boolean),
      ...(refused !== null && { color: 'yellow' }),
    }
  })
  const calls: Step = {
    key: `${unit.index} calls`,
    icon: <IconCloudUp size={14} />,
    title: prefix + words.steps.upstream,
    at: unit.started_at,
    lines: [
      fill(words.steps.calls, { attempts: unit.attempts, polls: unit.polls }),
      ...(unit.credits_left === null ? [] : [fill(words.steps.creditsLeft, { n: number(unit.credits_left) })]),
      ...(unit.error === null
        ? []
        : [`${fill(words.steps.blame, { blame: wordFor(words.blames, unit.error.blame) })} ${unit.error.message}`]),
    ],
    ...(unit.error !== null && { color: 'red' }),
  }
  return unit.attempts > 0 || unit.error !== null ? [...chosen, calls] : chosen
}

const media = ({ media: pieces }: JobWhole): Step => ({
  key: 'media',
  icon: <IconPhoto size={14} />,
  title: fill(words.steps.media, { n: pieces.length }),
  lines: pieces.map(
    ({ mime, width, height }, index) => `${index + 1}: ${width && height ? `${width}×${height}, ` : ''}${mime}`,
  ),
})

const ended = ({ status, finished_at, error, blame }: JobWhole): Step => ({
  key: 'ended',
  icon: status === 'completed' ? <IconCheck size={14} /> : <IconX size={14} />,
  title:
    words.steps.ends[
      status === 'completed'
        ? 'completed'
        : status === 'cancelled'
          ? 'cancelled'
          : status === 'failed'
            ? 'failed'
            : 'outcome_unknown'
    ],
  at: finished_at,
  lines: error
    ? [`${blame === null ? '' : fill(words.steps.blame, { blame: wordFor(words.blames, blame) })} ${error.message}`]
    : [],
  color: status === 'completed' ? 'teal' : status === 'failed' ? 'red' : 'yellow',
})

const webhook = ({ id, state, url, attempts, last_status, last_error, last_attempt_at }: Delivery): Step => ({
  key: id,
  icon: <IconBroadcast size={14} />,
  title: fill(words.steps.webhook, { state: wordFor(texts.states, state) }),
  at: last_attempt_at,
  lines: [
    URL.parse(url)?.origin ?? url,
    fill(words.steps.webhookTries, { n: attempts, status: last_status ?? '–' }),
    ...(last_error === null ? [] : [last_error]),
  ],
  ...(state === 'given_up' && { color: 'red' }),
})
