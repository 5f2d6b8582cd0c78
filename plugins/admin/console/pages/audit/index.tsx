/** Who changed what, and from where. */
import { Button, Center, Text, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { IconHistory, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import { type AuditLine, useAudit } from '../../api/audit.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Time } from '../../parts/time.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { Private } from '../../privacy.tsx'
import { texts, wordFor } from '../../texts.ts'

const { audit: words } = texts
const TYPING_MS = 300

export default function Audit() {
  const [typed, setTyped] = useState('')
  const [q] = useDebouncedValue(typed.trim(), TYPING_MS)
  const audit = useAudit(q)
  const rows = audit.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <Page title={texts.nav.audit} hint={words.hint}>
      <TextInput
        data-search
        aria-label={words.search}
        placeholder={words.search}
        leftSection={<IconSearch size={16} />}
        value={typed}
        onChange={event => setTyped(event.currentTarget.value)}
      />
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
      {audit.hasNextPage && (
        <Center>
          <Button variant="default" loading={audit.isFetchingNextPage} onClick={() => void audit.fetchNextPage()}>
            {texts.common.more}
          </Button>
        </Center>
      )}
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
