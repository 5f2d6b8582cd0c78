/** What the console has saved so far, each state of which can be brought back. */
import { Button, Card, Drawer, Group, Stack, Text } from '@mantine/core'
import { IconHistory } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { api, own } from '../../api/client.ts'
import { CONFIG, useRestore, useVersions } from '../../api/plugins.ts'
import { dateTime } from '../../format.ts'
import { Empty } from '../../parts/empty.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { fill, texts } from '../../texts.ts'
import { Differences } from './differences.tsx'
import { Report } from './report.tsx'

const { settings: words } = texts

export function History({ opened, close }: { readonly opened: boolean; close(): void }) {
  const versions = useVersions(opened)
  const restore = useRestore()
  return (
    <Drawer
      opened={opened}
      onClose={close}
      position="right"
      size="lg"
      title={words.history}
      closeButtonProps={{ 'aria-label': texts.common.close }}
    >
      <Stack>
        {versions.isPending && <Waiting />}
        {versions.isError && <Problem error={versions.error} retry={versions.refetch} />}
        {restore.isError && <Problem error={restore.error} />}
        {restore.data && <Report report={restore.data} title={words.restored} />}
        {versions.data?.length === 0 && <Empty icon={IconHistory} title={words.noHistory} hint={words.noHistoryHint} />}
        {versions.data?.map((version, index) => (
          <Version
            key={version.version}
            version={version}
            newest={index === 0}
            restore={() => restore.mutate(version.version)}
            busy={restore.isPending}
          />
        ))}
      </Stack>
    </Drawer>
  )
}

interface VersionProps {
  readonly version: {
    readonly version: number
    readonly created_at: number
    readonly by: string
    readonly note: string
  }
  readonly newest: boolean
  readonly busy: boolean
  restore(): void
}

function Version({ version: { version, created_at, by, note }, newest, busy, restore }: VersionProps) {
  const [open, setOpen] = useState(false)
  const compared = useQuery({
    queryKey: [...CONFIG, 'versions', version],
    queryFn: async () => (await own(api.config.versions({ version }).get())).changes,
    enabled: open,
  })
  return (
    <Card withBorder padding="sm">
      <Group justify="space-between">
        <div>
          <Text fw={600} size="sm">
            {fill(words.version, { n: version })} {newest && `(${words.present})`}
          </Text>
          <Text size="xs" c="dimmed">
            {dateTime(created_at)} · {by}
            {note && ` · ${note}`}
          </Text>
        </div>
        {!newest && (
          <Group gap="xs">
            <Button size="xs" variant="default" onClick={() => setOpen(!open)} aria-expanded={open}>
              {words.compare}
            </Button>
            <Button size="xs" loading={busy} onClick={restore}>
              {words.restore}
            </Button>
          </Group>
        )}
      </Group>
      {open && compared.isPending && <Waiting />}
      {open && compared.isError && <Problem error={compared.error} />}
      {open && compared.data && (
        <Stack mt="sm" gap="xs">
          <Text size="sm">{compared.data.length === 0 ? words.nothingDiffers : words.wouldChange}</Text>
          <Differences changes={compared.data} />
        </Stack>
      )}
    </Card>
  )
}
