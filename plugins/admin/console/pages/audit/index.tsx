/** Who changed what, and from where. */
import { Group, Text } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { type AuditLine, useAudit } from '../../api/audit.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { More } from '../../parts/more.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { SearchField, useTyped } from '../../parts/search-field.tsx'
import { Time } from '../../parts/time.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { Private } from '../../privacy.tsx'
import { texts, wordFor } from '../../texts.ts'

const { audit: words } = texts

export default function Audit() {
  const [typed, q, setTyped] = useTyped()
  const audit = useAudit(q)
  const rows = audit.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <Page title={texts.nav.audit} hint={words.hint}>
      <Group>
        <SearchField label={words.search} value={typed} set={setTyped} />
      </Group>
      {audit.isPending && <Waiting />}
      {audit.isError && <Problem error={audit.error} retry={audit.refetch} />}
      {audit.data && rows.length === 0 && (
        <Empty
          icon={IconHistory}
          title={q ? words.noneMatch : words.emptyTitle}
          hint={q ? words.noneMatchHint : words.emptyHint}
        />
      )}
      {rows.length > 0 && (
        <DataTable caption={texts.nav.audit} rows={rows} columns={COLUMNS} rowKey={({ id }) => String(id)} />
      )}
      <More list={audit} />
    </Page>
  )
}

const COLUMNS: readonly Column<AuditLine>[] = [
  {
    key: 'what',
    title: words.what,
    head: true,
    cell: ({ action, target }) => (
      <div>
        <Text size="sm" fw={600}>
          {wordFor(words.actions, action)}
        </Text>
        <Text size="xs" c="dimmed" className="wrap">
          {action} · <Private>{target}</Private>
        </Text>
      </div>
    ),
  },
  {
    key: 'detail',
    title: words.detail,
    cell: ({ detail }) =>
      detail === '' ? null : (
        <Text size="sm" className="wrap">
          <Private>{detail}</Private>
        </Text>
      ),
  },
  {
    key: 'who',
    title: words.who,
    cell: ({ actor, ip }) => (
      <div>
        <Text size="sm">{actor || words.nobody}</Text>
        <Text size="xs" c="dimmed">
          {ip}
        </Text>
      </div>
    ),
  },
  { key: 'when', title: words.when, cell: ({ created_at }) => <Time at={created_at} /> },
]
