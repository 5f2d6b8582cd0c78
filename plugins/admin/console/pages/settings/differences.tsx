/** Keys that differ: before and after. */
import { Code, Table } from '@mantine/core'
import type { ConfigDifference } from 'flow2api/plugin'
import { Private } from '../../privacy.tsx'
import { texts } from '../../texts.ts'
import { shown } from './draft.ts'

const { settings: words } = texts

export const Differences = ({ changes }: { readonly changes: readonly ConfigDifference[] }) =>
  changes.length === 0 ? null : (
    <Table.ScrollContainer minWidth={320} type="native">
      <Table fz="sm">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{words.key}</Table.Th>
            <Table.Th>{words.before}</Table.Th>
            <Table.Th>{words.after}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {changes.map(({ path, before, after }) => (
            <Table.Tr key={path}>
              <Table.Td>
                <Code>{path}</Code>
              </Table.Td>
              <Table.Td className="wrap">
                <Private>{shown(before)}</Private>
              </Table.Td>
              <Table.Td className="wrap" fw={600}>
                <Private>{shown(after)}</Private>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
