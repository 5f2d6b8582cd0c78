/** What was asked for beside what came. */
import { Table, Text } from '@mantine/core'
import type { JobLine } from '../api/types.ts'
import { texts, wordFor } from '../texts.ts'
import { inSameWords } from './measures.ts'

export function Outcome({ job }: { readonly job: JobLine }) {
  const requested: Readonly<Record<string, unknown>> = { ...job.requested }
  const delivered = inSameWords(requested, { ...job.delivered })
  const keys = [...new Set([...Object.keys(requested), ...Object.keys(delivered)])]
  const at = (values: Readonly<Record<string, unknown>>, key: string) => String(values[key] ?? '–')
  if (keys.length === 0) return null
  return (
    <Table withRowBorders={false} verticalSpacing={4} fz="sm">
      <Table.Thead>
        <Table.Tr>
          <Table.Th />
          <Table.Th>{texts.jobs.requested}</Table.Th>
          <Table.Th>{texts.jobs.delivered}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {keys.map(key => {
          const [asked, came] = [at(requested, key), at(delivered, key)]
          const differs = came !== '–' && asked !== '–' && asked !== came
          return (
            <Table.Tr key={key}>
              <Table.Td>
                <Text size="sm" c="dimmed">
                  {wordFor(texts.jobs.parameters, key)}
                </Text>
              </Table.Td>
              <Table.Td>{asked}</Table.Td>
              <Table.Td fw={differs ? 700 : 400}>{came}</Table.Td>
            </Table.Tr>
          )
        })}
      </Table.Tbody>
    </Table>
  )
}
