/** Who was told what. */
import { Text, Title } from '@mantine/core'
import { useAlertDeliveries } from '../../api/optional.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Time } from '../../parts/time.tsx'
import { Private } from '../../privacy.tsx'
import { texts, wordFor } from '../../texts.ts'

const { alerts: words } = texts

export function AlertDeliveries() {
  const { data = [] } = useAlertDeliveries(true)
  return (
    <section>
      <Title order={2} size="h4" mb="sm">
        {words.deliveries}
      </Title>
      {data.length === 0 ? (
        <Text size="sm" c="dimmed">
          {words.noDeliveries}
        </Text>
      ) : (
        <DataTable
          caption={words.deliveries}
          rows={data}
          rowKey={({ id, channel }) => `${id} ${channel}`}
          columns={[
            {
              key: 'what',
              title: words.what,
              head: true,
              cell: ({ title }) => (
                <Text size="sm" className="wrap">
                  <Private>{title}</Private>
                </Text>
              ),
            },
            {
              key: 'channel',
              title: words.channel,
              cell: ({ channel }) => <Text size="sm">{wordFor(words.channelNames, channel)}</Text>,
            },
            {
              key: 'state',
              title: words.state,
              cell: ({ state, last_error }) => (
                <div>
                  <StateBadge state={state} />
                  {last_error && (
                    <Text size="xs" c="dimmed" className="wrap">
                      {last_error}
                    </Text>
                  )}
                </div>
              ),
            },
            { key: 'when', title: words.when, cell: ({ created_at }) => <Time at={created_at} /> },
          ]}
        />
      )}
    </section>
  )
}
