/** The log as it is written, of what one wants to see. */
import { Badge, Button, Group, Select, TextInput } from '@mantine/core'
import { IconPlayerPause, IconPlayerPlay, IconTerminal2, IconTrash } from '@tabler/icons-react'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { KEPT, useLogAccess, useLogStream } from '../../api/logs.ts'
import { usePlugins } from '../../api/plugins.ts'
import { Empty } from '../../parts/empty.tsx'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { NeedsPlugin } from '../../parts/needs-plugin.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { SearchField, useTyped } from '../../parts/search-field.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { fill, texts } from '../../texts.ts'
import { LogLines } from './lines.tsx'

const { logs: words } = texts
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal']

export default function Logs() {
  return (
    <NeedsPlugin id="debug">
      <Live />
    </NeedsPlugin>
  )
}

function Live() {
  const access = useLogAccess()
  if (access.isPending) return <Waiting />
  if (isMissing(access.error)) return <Missing plugin="debug" />
  return (
    <Page title={texts.nav.logs} hint={fill(words.hint, { n: KEPT })}>
      {access.isError ? <Problem error={access.error} retry={access.refetch} /> : <Stream />}
    </Page>
  )
}

function Stream() {
  const [search] = useSearchParams()
  const plugins = usePlugins()
  const [level, setLevel] = useState('info')
  const [plugin, setPlugin] = useState('')
  const [typedText, text, setText] = useTyped()
  const [typedJob, job, setJob] = useTyped(search.get('job') ?? '')
  const [live, setLive] = useState(true)
  const { lines, connected, clear } = useLogStream({ level, plugin, job, text }, live)
  const ids = [...new Set(plugins.data?.map(({ id }) => id) ?? [])]
  return (
    <>
      <Group gap="sm">
        <SearchField label={words.search} value={typedText} set={setText} />
        <TextInput
          flex="1 1 160px"
          aria-label={words.job}
          placeholder={words.job}
          value={typedJob}
          onChange={event => setJob(event.currentTarget.value)}
        />
        <Select
          flex="0 1 130px"
          aria-label={words.level}
          data={LEVELS}
          value={level}
          allowDeselect={false}
          onChange={value => setLevel(value ?? 'info')}
        />
        <Select
          flex="0 1 170px"
          aria-label={words.plugin}
          placeholder={words.anyPlugin}
          clearable
          data={['kernel', ...ids]}
          value={plugin || null}
          onChange={value => setPlugin(value ?? '')}
        />
      </Group>
      <Group gap="xs">
        <Badge variant="light" color={connected ? 'teal' : 'gray'} tt="none">
          {connected ? words.live : live ? words.connecting : words.paused}
        </Badge>
        <Button
          size="compact-sm"
          variant="default"
          leftSection={live ? <IconPlayerPause size={14} /> : <IconPlayerPlay size={14} />}
          onClick={() => setLive(!live)}
        >
          {live ? words.pause : words.resume}
        </Button>
        <Button size="compact-sm" variant="subtle" leftSection={<IconTrash size={14} />} onClick={clear}>
          {words.clear}
        </Button>
      </Group>
      {lines.length === 0 ? (
        <Empty icon={IconTerminal2} title={words.emptyTitle} hint={words.emptyHint} />
      ) : (
        <LogLines lines={lines} />
      )}
    </>
  )
}
