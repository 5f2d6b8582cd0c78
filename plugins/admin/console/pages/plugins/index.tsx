/** The parts of the gateway: what each is doing, and switching, reloading, mending it. */
import { Button } from '@mantine/core'
import { IconRefresh } from '@tabler/icons-react'
import type { PluginStatus } from 'flow2api/plugin'
import { usePluginAction, usePlugins, useReloadConfig } from '../../api/plugins.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { texts } from '../../texts.ts'
import { Report } from '../settings/report.tsx'
import { pluginColumns } from './columns.tsx'
import { Reloads } from './reloads.tsx'

const { plugins: words } = texts

export default function Plugins() {
  const plugins = usePlugins()
  const act = usePluginAction()
  const reload = useReloadConfig()
  const latest = reload.submittedAt > act.submittedAt ? reload : act
  return (
    <Page
      title={texts.nav.plugins}
      hint={words.hint}
      actions={
        <Button
          variant="default"
          leftSection={<IconRefresh size={16} />}
          loading={reload.isPending}
          onClick={() => reload.mutate()}
        >
          {words.reloadAll}
        </Button>
      }
    >
      {latest.isError && <Problem error={latest.error} title={words.refused} />}
      {latest.data && <Report report={latest.data} title={words.done} />}
      {plugins.isPending && <Waiting />}
      {plugins.isError && <Problem error={plugins.error} retry={plugins.refetch} />}
      {plugins.data && (
        <DataTable
          caption={texts.nav.plugins}
          rows={plugins.data}
          rowKey={({ id, generation, state }: PluginStatus) => `${id} ${generation} ${state}`}
          columns={pluginColumns({
            busy: act.isPending ? act.variables.id : null,
            run: (id, action) => act.mutate({ id, action }),
          })}
        />
      )}
      <Reloads />
    </Page>
  )
}
