/** Rows as a table, and on a phone as cards, from the same columns. */
import { Card, Checkbox, Group, Stack, Table, Text, VisuallyHidden } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import type { ReactNode } from 'react'
import { fill, texts } from '../texts.ts'

export interface Column<T> {
  readonly key: string
  readonly title: string
  readonly cell: (row: T) => ReactNode
  /** The head of the card on a phone: without its title. */
  readonly head?: boolean
  readonly align?: 'right'
}

export interface Selection {
  readonly ids: ReadonlySet<string>
  set(ids: ReadonlySet<string>): void
}

interface DataTableProps<T> {
  readonly caption: string
  readonly rows: readonly T[]
  /** What can be selected at once, where that is more than these rows. */
  readonly all?: readonly T[]
  readonly columns: readonly Column<T>[]
  rowKey(row: T): string
  readonly selection?: Selection
  /** What a row is called where it is ticked. */
  rowName?(row: T): string
}

export const usePhone = (): boolean => useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false })

export function DataTable<T>(props: DataTableProps<T>) {
  return usePhone() ? <Cards {...props} /> : <Rows {...props} />
}

const toggled = (ids: ReadonlySet<string>, id: string): ReadonlySet<string> => {
  const next = new Set(ids)
  if (!next.delete(id)) next.add(id)
  return next
}

function Tick<T>({
  row,
  rowKey,
  rowName,
  selection,
}: Pick<DataTableProps<T>, 'rowKey' | 'rowName' | 'selection'> & { row: T }) {
  if (!selection) return null
  const id = rowKey(row)
  return (
    <Checkbox
      aria-label={fill(texts.common.select, { name: rowName?.(row) ?? id })}
      checked={selection.ids.has(id)}
      onChange={() => selection.set(toggled(selection.ids, id))}
    />
  )
}

function TickAll<T>({
  rows,
  all = rows,
  rowKey,
  selection,
  label,
}: Pick<DataTableProps<T>, 'rows' | 'all' | 'rowKey' | 'selection'> & { readonly label?: string }) {
  if (!selection) return null
  const every = all.length > 0 && all.every(row => selection.ids.has(rowKey(row)))
  return (
    <Checkbox
      aria-label={texts.common.selectAll}
      label={label}
      checked={every}
      indeterminate={!every && selection.ids.size > 0}
      onChange={() => selection.set(new Set(every ? [] : all.map(rowKey)))}
    />
  )
}

function Rows<T>(props: DataTableProps<T>) {
  const { caption, rows, columns, rowKey, selection } = props
  return (
    <Table.ScrollContainer minWidth={640} type="native">
      <Table verticalSpacing="sm" highlightOnHover>
        <caption style={{ captionSide: 'top' }}>
          <VisuallyHidden>{caption}</VisuallyHidden>
        </caption>
        <Table.Thead>
          <Table.Tr>
            {selection && (
              <Table.Th w={40}>
                <TickAll {...props} />
              </Table.Th>
            )}
            {columns.map(({ key, title, align }) => (
              <Table.Th key={key} ta={align ?? 'left'}>
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(row => (
            <Table.Tr key={rowKey(row)}>
              {selection && (
                <Table.Td>
                  <Tick {...props} row={row} />
                </Table.Td>
              )}
              {columns.map(({ key, cell, align }) => (
                <Table.Td key={key} ta={align ?? 'left'}>
                  {cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

function Cards<T>(props: DataTableProps<T>) {
  const { caption, rows, columns, rowKey, selection } = props
  return (
    <Stack gap="sm">
      <TickAll {...props} label={texts.common.selectAll} />
      <Stack gap="sm" role="list" aria-label={caption}>
        {rows.map(row => (
          <Card key={rowKey(row)} withBorder padding="sm" role="listitem">
            <Stack gap="xs">
              {columns.map(({ key, title, cell, head }) => {
                const value = cell(row)
                if (value === null || value === undefined) return null
                if (head)
                  return (
                    <Group key={key} wrap="nowrap" align="flex-start">
                      {selection && <Tick {...props} row={row} />}
                      <div style={{ flex: 1, minWidth: 0 }}>{value}</div>
                    </Group>
                  )
                return (
                  <Group key={key} justify="space-between" wrap="nowrap" align="flex-start" gap="md">
                    <Text size="sm" c="dimmed">
                      {title}
                    </Text>
                    <div style={{ textAlign: 'right', minWidth: 0 }}>{value}</div>
                  </Group>
                )
              })}
            </Stack>
          </Card>
        ))}
      </Stack>
    </Stack>
  )
}
