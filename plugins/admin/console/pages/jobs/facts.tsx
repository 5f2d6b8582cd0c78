/** What is known about a job besides its course. */
import { Group, Table, Text } from '@mantine/core'
import type { JobWhole } from '../../api/types.ts'
import { dateTime, duration, number } from '../../format.ts'
import { Copy } from '../../parts/copy.tsx'
import { Private } from '../../privacy.tsx'
import { texts } from '../../texts.ts'

const { jobs: words } = texts
const moment = (at: number | null) => (at === null ? '–' : dateTime(at))

export function Facts({ job }: { readonly job: JobWhole }) {
  const took = job.started_at && job.finished_at ? duration(job.finished_at - job.started_at) : '–'
  const waited = job.created_at && job.started_at ? duration(job.started_at - job.created_at) : '–'
  const facts: readonly (readonly [string, string])[] = [
    [words.facts.model, job.model === job.resolved_model ? job.model : `${job.model} → ${job.resolved_model}`],
    [words.facts.provider, job.provider],
    [words.facts.surface, job.surface],
    [words.facts.caller, job.user === null ? job.caller : `${job.caller} (${job.user})`],
    [words.facts.created, moment(job.created_at)],
    [words.facts.started, moment(job.started_at)],
    [words.facts.finished, moment(job.finished_at)],
    [words.facts.waited, waited],
    [words.facts.took, took],
    [words.facts.credits, job.expected_credits === null ? '–' : number(job.expected_credits)],
    [words.facts.inputs, job.inputs.map(({ role, mime }) => `${role} (${mime})`).join(', ') || '–'],
    [words.facts.callback, job.callback_url ?? '–'],
  ]
  return (
    <Table withRowBorders={false} verticalSpacing={4} fz="sm">
      <Table.Tbody>
        <Table.Tr>
          <Table.Td c="dimmed">{words.facts.id}</Table.Td>
          <Table.Td>
            <Group gap={6} wrap="nowrap">
              <Text size="sm" ff="monospace" className="wrap">
                {job.id}
              </Text>
              <Copy text={job.id} />
            </Group>
          </Table.Td>
        </Table.Tr>
        {facts.map(([name, value]) => (
          <Table.Tr key={name}>
            <Table.Td c="dimmed">{name}</Table.Td>
            <Table.Td className="wrap">
              <Private>{value}</Private>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
