/** The last reloads: what each did, and why one was undone. */
import { Text, Title } from '@mantine/core'
import { useReloads } from '../../api/plugins.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Time } from '../../parts/time.tsx'
import { texts, wordFor } from '../../texts.ts'

const { plugins: words } = texts
const SHOWN = 20

export function Reloads() {
  const { data = [] } = useReloads()
  if (data.length === 0) return null
  return (
    <section>
      <Title order={2} size="h4" mb="sm">
        {words.reloads}
      </Title>
      <DataTable
        caption={words.reloads}
        rows={data.slice(0, SHOWN).map((row, index) => ({ ...row, key: `${row.created_at} ${index}` }))}
        rowKey={({ key }) => key}
        columns={[
          { key: 'when', title: words.when, cell: ({ created_at }) => <Time at={created_at} /> },
          { key: 'trigger', title: words.trigger, cell: ({ trigger }) => <Text size="sm">{trigger}</Text> },
          {
            key: 'result',
            title: words.result,
            cell: ({ result }) => <Text size="sm">{wordFor(words.results, result)}</Text>,
          },
          {
            key: 'what',
            title: words.what,
            cell: ({ plugins, reason }) => (
              <Text size="sm" className="wrap">
                {reason ??
                  (plugins
                    .filter(({ outcome }) => outcome !== 'unchanged')
                    .map(({ id, outcome }) => `${id}: ${texts.settings.outcomes[outcome]}`)
                    .join(', ') ||
                    '–')}
              </Text>
            ),
          },
        ]}
      />
    </section>
  )
}
