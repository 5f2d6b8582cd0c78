/** Where the operator is signed in, each of which can be ended. */
import { Badge, Button, Group, Text, Title } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { call } from '../../api/client.ts'
import type { List, Session } from '../../api/types.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Time } from '../../parts/time.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { texts } from '../../texts.ts'

const { security } = texts
const KEY = ['sessions']

export function Sessions() {
  const client = useQueryClient()
  const sessions = useQuery({ queryKey: KEY, queryFn: () => call<List<Session>>('GET', '/sessions') })
  const revoke = useMutation({
    mutationFn: (id: string) => call('DELETE', id === '' ? '/sessions' : `/sessions/${id}`),
    onSuccess: () => client.invalidateQueries({ queryKey: KEY }),
  })
  if (sessions.isPending) return <Waiting />
  if (sessions.isError) return <Problem error={sessions.error} retry={sessions.refetch} />
  const rows = sessions.data.data
  return (
    <section>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h4">
          {security.sessions}
        </Title>
        {rows.length > 1 && (
          <Button variant="default" size="xs" onClick={() => revoke.mutate('')} loading={revoke.isPending}>
            {security.revokeOthers}
          </Button>
        )}
      </Group>
      {revoke.isError && <Problem error={revoke.error} />}
      <DataTable
        caption={security.sessions}
        rows={rows}
        rowKey={({ id }) => id}
        columns={[
          {
            key: 'where',
            title: security.where,
            cell: ({ ip, user_agent, current }) => (
              <div>
                <Group gap="xs">
                  <Text size="sm">{ip}</Text>
                  {current && <Badge variant="light">{security.current}</Badge>}
                </Group>
                <Text size="xs" c="dimmed" className="wrap">
                  {user_agent}
                </Text>
              </div>
            ),
          },
          { key: 'since', title: security.since, cell: ({ created_at }) => <Time at={created_at} /> },
          { key: 'until', title: security.until, cell: ({ expires_at }) => <Time at={expires_at} /> },
          {
            key: 'end',
            title: texts.common.actions,
            cell: ({ id, current }) =>
              current ? null : (
                <Button variant="subtle" color="red" size="compact-sm" onClick={() => revoke.mutate(id)}>
                  {security.revoke}
                </Button>
              ),
          },
        ]}
      />
    </section>
  )
}
