/** What the table says of an account. */
import { Anchor, Group, Text, Tooltip } from '@mantine/core'
import type { Account } from '../../api/types.ts'
import { dateTime, number } from '../../format.ts'
import type { Column } from '../../parts/data-table.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Time } from '../../parts/time.tsx'
import { hiddenEmail, Private, usePrivacy } from '../../privacy.tsx'
import { fill, texts } from '../../texts.ts'
import { labelOf } from './label.ts'
import { AccountMenu } from './menu.tsx'

const { accounts: words } = texts

export const accountColumns = (edit: (id: number) => void): readonly Column<Account>[] => [
  { key: 'who', title: words.account, head: true, cell: account => <Who account={account} edit={edit} /> },
  { key: 'state', title: words.state, cell: account => <State account={account} /> },
  {
    key: 'images',
    title: words.images,
    cell: account => (
      <Load on={account.image_enabled} now={account.in_flight.image} limit={account.image_concurrency} />
    ),
  },
  {
    key: 'videos',
    title: words.videos,
    cell: account => (
      <Load on={account.video_enabled} now={account.in_flight.video} limit={account.video_concurrency} />
    ),
  },
  { key: 'credits', title: words.credits, align: 'right', cell: account => <Credits account={account} /> },
  { key: 'tier', title: words.tier, cell: ({ tier }) => <Text size="sm">{shortTier(tier)}</Text> },
  { key: 'used', title: words.lastUsed, cell: ({ last_used_at }) => <Time at={last_used_at} /> },
  { key: 'menu', title: texts.common.actions, cell: account => <AccountMenu account={account} edit={edit} /> },
]

/** Upstreams shout their tiers. */
const shortTier = (tier: string): string =>
  tier
    .replace(/^PAYGATE_/, '')
    .replaceAll('_', ' ')
    .toLowerCase() || '–'

function Who({ account, edit }: { readonly account: Account; edit(id: number): void }) {
  const { id, email, remark, proxy_url } = account
  const { hidden } = usePrivacy()
  const label = labelOf(account)
  const sub = [label === email ? '' : email, remark === label ? '' : remark, proxy_url === null ? '' : words.ownProxy]
  return (
    <div style={{ minWidth: 0 }}>
      <Group gap={6} wrap="nowrap">
        <Anchor component="button" type="button" ta="left" fw={600} size="sm" className="wrap" onClick={() => edit(id)}>
          {hidden ? hiddenEmail(label) : label}
        </Anchor>
        <Text size="xs" c="dimmed">
          #{id}
        </Text>
      </Group>
      <Text size="xs" c="dimmed" className="wrap">
        <Private>{sub.filter(Boolean).join(' · ')}</Private>
      </Text>
    </div>
  )
}

function State({ account }: { readonly account: Account }) {
  const { state, state_reason, state_until, consecutive_errors, held_models } = account
  return (
    <div>
      <StateBadge state={state} />
      {state_reason !== '' && (
        <Text size="xs" c="dimmed" maw={280} className="wrap">
          <Private>{state_reason}</Private>
        </Text>
      )}
      {state_until !== null && (
        <Group gap={4} justify="inherit">
          <Text size="xs" c="dimmed">
            {words.until}
          </Text>
          <Time at={state_until} />
        </Group>
      )}
      {held_models.length > 0 && (
        <Text size="xs" c="dimmed" maw={280} className="wrap">
          {fill(words.held, { models: held_models.map(({ model }) => model).join(', ') })}
        </Text>
      )}
      {consecutive_errors > 0 && (
        <Text size="xs" c="dimmed">
          {fill(words.errorsInARow, { n: consecutive_errors })}
        </Text>
      )}
    </div>
  )
}

function Load({ on, now, limit }: { readonly on: boolean; readonly now: number; readonly limit: number }) {
  if (!on || limit === 0)
    return (
      <Text size="sm" c="dimmed">
        {words.off}
      </Text>
    )
  return (
    <Text size="sm">
      {number(now)} / {limit < 0 ? '∞' : number(limit)}
    </Text>
  )
}

function Credits({ account: { credits, credits_at } }: { readonly account: Account }) {
  if (credits === null)
    return (
      <Text size="sm" c="dimmed">
        –
      </Text>
    )
  return (
    <Tooltip
      label={credits_at === null ? '' : fill(words.creditsAt, { time: dateTime(credits_at) })}
      disabled={credits_at === null}
    >
      <Text size="sm" span>
        {number(credits)}
      </Text>
    </Tooltip>
  )
}
