/** Save & Apply: what would differ, then what each plugin did with it, then the way back. */
import { Alert, Button, Group, Modal, Stack, Text } from '@mantine/core'
import type { ConfigChange, ReloadReport } from 'flow2api/plugin'
import { useEffect, useState } from 'react'
import { useApply, usePreview, useRestore, useVersions } from '../../api/plugins.ts'
import { Problem } from '../../parts/problem.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { fill, texts } from '../../texts.ts'
import { Differences } from './differences.tsx'
import { Report } from './report.tsx'

const { settings: words } = texts

interface ReviewProps {
  readonly change: ConfigChange
  close(): void
  /** The change is in force. */
  applied(): void
}

export function Review({ change, close, applied }: ReviewProps) {
  const preview = usePreview()
  const apply = useApply()
  const restore = useRestore()
  const [report, setReport] = useState<ReloadReport>()
  const versions = useVersions(report !== undefined)
  const { mutate } = preview
  useEffect(() => mutate(change), [mutate, change])
  // What the newest version replaced.
  const before = versions.data?.[1]
  const undone = restore.data
  return (
    <Modal opened onClose={close} title={words.saveAndApply} size="lg">
      <Stack>
        {preview.isPending && <Waiting />}
        {preview.isError && <Problem error={preview.error} title={words.wrong} />}
        {preview.data && !report && (
          <>
            <Text size="sm">{preview.data.changes.length === 0 ? words.nothingDiffers : words.reviewHint}</Text>
            <Differences changes={preview.data.changes} />
            <Effects plugins={preview.data.plugins} restart={preview.data.needs_restart} />
          </>
        )}
        {apply.isError && <Problem error={apply.error} title={words.notApplied} />}
        {report && <Report report={undone ?? report} title={undone ? words.undone : words.applied} />}
        {restore.isError && <Problem error={restore.error} />}
        <Group justify="flex-end">
          {report && before && !undone && (
            <Button variant="default" loading={restore.isPending} onClick={() => restore.mutate(before.version)}>
              {words.undo}
            </Button>
          )}
          <Button variant={report ? 'filled' : 'default'} onClick={close}>
            {report ? texts.common.close : texts.common.cancel}
          </Button>
          {!report && (
            <Button
              loading={apply.isPending}
              disabled={!preview.data || preview.data.changes.length === 0}
              onClick={() =>
                apply.mutate(change, {
                  onSuccess: answer => {
                    setReport(answer)
                    applied()
                  },
                })
              }
            >
              {words.apply}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  )
}

interface EffectsProps {
  readonly plugins: readonly { readonly id: string; readonly effect: string }[]
  readonly restart: readonly string[]
}

function Effects({ plugins, restart }: EffectsProps) {
  const touched = plugins.filter(({ effect }) => effect !== 'unchanged')
  return (
    <>
      <Text size="sm" c="dimmed">
        {touched.length === 0
          ? words.noPlugin
          : fill(words.pluginsReload, { plugins: touched.map(({ id }) => id).join(', ') })}
      </Text>
      {restart.length > 0 && (
        <Alert color="yellow" variant="light">
          {fill(words.needsRestart, { keys: restart.join(', ') })}
        </Alert>
      )}
    </>
  )
}
