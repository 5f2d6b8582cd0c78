/** What was made most, and what went wrong most. */
import { Card, SimpleGrid, Table, Text, Title } from '@mantine/core'
import type { Stats } from '../../api/stats.ts'
import { duration, number, percent } from '../../format.ts'
import { texts, wordFor } from '../../texts.ts'

const { tables: words } = texts.overview
const SHOWN = 8

export function Tables({ stats: { by_model, by_fault } }: { readonly stats: Stats }) {
  if (by_model.length === 0) return null
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }}>
      <Card withBorder padding="md">
        <Title order={2} size="h5" mb="xs">
          {words.models}
        </Title>
        <Table.ScrollContainer minWidth={320} type="native">
          <Table fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.model}</Table.Th>
                <Table.Th ta="right">{words.jobs}</Table.Th>
                <Table.Th ta="right">{words.success}</Table.Th>
                <Table.Th ta="right">{words.time}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {by_model.slice(0, SHOWN).map(({ model, total, success_rate, mean_s }) => (
                <Table.Tr key={model}>
                  <Table.Td className="wrap">{model}</Table.Td>
                  <Table.Td ta="right">{number(total)}</Table.Td>
                  <Table.Td ta="right">{success_rate === null ? '–' : percent(success_rate)}</Table.Td>
                  <Table.Td ta="right">{mean_s === null ? '–' : duration(mean_s)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Card>
      <Card withBorder padding="md">
        <Title order={2} size="h5" mb="xs">
          {words.faults}
        </Title>
        {by_fault.length === 0 ? (
          <Text size="sm" c="dimmed">
            {words.noFaults}
          </Text>
        ) : (
          <Table fz="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{words.code}</Table.Th>
                <Table.Th>{words.blame}</Table.Th>
                <Table.Th ta="right">{words.jobs}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {by_fault.slice(0, SHOWN).map(({ code, blame, count }) => (
                <Table.Tr key={`${code} ${blame}`}>
                  <Table.Td className="wrap">{code}</Table.Td>
                  <Table.Td>{wordFor(texts.jobs.blames, blame)}</Table.Td>
                  <Table.Td ta="right">{number(count)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        )}
      </Card>
    </SimpleGrid>
  )
}
