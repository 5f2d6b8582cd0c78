/** Lines of the log, the newest first; each opens to all that it holds. */
import { Badge, Code, Group, Paper, Stack, Text, UnstyledButton } from '@mantine/core'
import { memo, useState } from 'react'
import type { LogLine } from '../../api/logs.ts'
import { dateTime } from '../../format.ts'
import { Private } from '../../privacy.tsx'

const COLORS: Readonly<Record<string, string>> = { warn: 'yellow', error: 'red', fatal: 'red', info: 'blue' }
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })

export const LogLines = ({ lines }: { readonly lines: readonly LogLine[] }) => (
  <Paper withBorder p="xs">
    <Stack gap={0}>
      {lines.toReversed().map(line => (
        <Line key={line.id} line={line} />
      ))}
    </Stack>
  </Paper>
)

const Line = memo(({ line }: { readonly line: LogLine }) => {
  const [open, setOpen] = useState(false)
  const { created_at, level, plugin, message, request_id, job_id, fields } = line
  return (
    <div>
      <UnstyledButton w="100%" py={2} aria-expanded={open} onClick={() => setOpen(!open)} className="log">
        <Group gap={8} wrap="nowrap" align="flex-start">
          <Text span inherit c="dimmed" title={dateTime(created_at)} style={{ whiteSpace: 'nowrap' }}>
            {time.format(created_at * 1000)}
          </Text>
          <Badge size="xs" variant="light" color={COLORS[level] ?? 'gray'} w={52} style={{ flexShrink: 0 }}>
            {level}
          </Badge>
          <Text span inherit c="dimmed" visibleFrom="xs" style={{ whiteSpace: 'nowrap' }}>
            {plugin}
          </Text>
          <Text span inherit className="wrap">
            <Private>{message}</Private>
          </Text>
        </Group>
      </UnstyledButton>
      {open && (
        <Code block mb="xs" tabIndex={0}>
          <Private>{JSON.stringify({ plugin, request_id, job_id, ...fields }, null, 2)}</Private>
        </Code>
      )}
    </div>
  )
})
