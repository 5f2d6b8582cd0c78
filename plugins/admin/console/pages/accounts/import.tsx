/** Many accounts at once: first a look at what would happen, row by row, then the import. */
import { Alert, Button, FileButton, Group, Modal, PasswordInput, Stack, Text, Textarea } from '@mantine/core'
import { notifications } from '@mantine/notifications'
import { IconFile } from '@tabler/icons-react'
import { useRef, useState } from 'react'
import { useImport } from '../../api/accounts.ts'
import type { ImportReport, ImportVerdict } from '../../api/types.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { Problem } from '../../parts/problem.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Private } from '../../privacy.tsx'
import { fill, texts } from '../../texts.ts'

const { accounts: words, signIn } = texts

export function ImportAccounts({ content, close }: { readonly content: string; close(): void }) {
  const [text, setText] = useState(content)
  const [file, setFile] = useState<File | null>(null)
  const [passphrase, setPassphrase] = useState('')
  /** Else the browser would not tell of the same file chosen again. */
  const forget = useRef<() => void>(null)
  const look = useImport()
  const bring = useImport()
  const order = (dryRun: boolean) => ({ content: file ?? text, dryRun, passphrase })
  const report = bring.data ?? look.data
  const fresh = () => {
    look.reset()
    bring.reset()
  }
  const useful = report ? report.counts.add + report.counts.update : 0
  if (isMissing(look.error))
    return (
      <Modal opened onClose={close} title={words.importTitle}>
        <Missing plugin="token-pool" />
      </Modal>
    )
  return (
    <Modal opened onClose={close} title={words.importTitle} size="xl">
      <Stack>
        <Text size="sm" c="dimmed">
          {words.importHint}
        </Text>
        {!bring.data && (
          <>
            <Textarea
              label={words.importText}
              autosize
              minRows={4}
              maxRows={10}
              spellCheck={false}
              disabled={file !== null}
              value={text}
              data-autofocus
              onChange={event => {
                setText(event.currentTarget.value)
                fresh()
              }}
            />
            <Group align="flex-end">
              <FileButton
                resetRef={forget}
                onChange={chosen => {
                  setFile(chosen)
                  fresh()
                }}
              >
                {props => (
                  <Button {...props} variant="default" leftSection={<IconFile size={16} />}>
                    {file ? file.name : words.importFile}
                  </Button>
                )}
              </FileButton>
              {file && (
                <Button
                  variant="subtle"
                  onClick={() => {
                    setFile(null)
                    forget.current?.()
                    fresh()
                  }}
                >
                  {words.clear}
                </Button>
              )}
              <PasswordInput
                flex="1 1 200px"
                label={words.importPassphrase}
                autoComplete="off"
                value={passphrase}
                visibilityToggleButtonProps={{ 'aria-label': signIn.showPassword }}
                onChange={event => setPassphrase(event.currentTarget.value)}
              />
            </Group>
          </>
        )}
        {(look.isError || bring.isError) && <Problem error={bring.error ?? look.error} />}
        {report && <Report report={report} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {bring.data ? texts.common.close : texts.common.cancel}
          </Button>
          {!bring.data && (
            <>
              <Button
                variant={look.data ? 'default' : 'filled'}
                loading={look.isPending}
                disabled={file === null && text.trim() === ''}
                onClick={() => look.mutate(order(true))}
              >
                {words.importLook}
              </Button>
              {look.data && (
                <Button
                  loading={bring.isPending}
                  disabled={useful === 0}
                  onClick={() =>
                    bring.mutate(order(false), {
                      onSuccess: ({ counts }) =>
                        notifications.show({ message: fill(words.imported, counts), color: 'teal' }),
                    })
                  }
                >
                  {fill(words.importGo, { n: useful })}
                </Button>
              )}
            </>
          )}
        </Group>
        {bring.isPending && (
          <Text size="xs" c="dimmed">
            {words.opening}
          </Text>
        )}
      </Stack>
    </Modal>
  )
}

const Report = ({ report: { counts, data, dry_run, format } }: { readonly report: ImportReport }) => (
  <Stack gap="xs" aria-live="polite">
    <Alert variant="light" color={counts.refused > 0 ? 'yellow' : 'teal'}>
      {fill(dry_run ? words.importWould : words.importDid, { ...counts, format })}
    </Alert>
    <DataTable
      caption={words.importTitle}
      rows={data}
      rowKey={({ row }) => String(row)}
      columns={[
        { key: 'row', title: words.row, cell: ({ row }: ImportVerdict) => row },
        { key: 'email', title: words.account, cell: ({ email }) => <Private>{email ?? '–'}</Private> },
        { key: 'verdict', title: words.verdict, cell: ({ verdict }) => <StateBadge state={verdict} /> },
        {
          key: 'reason',
          title: words.details,
          cell: ({ reason, changes }) => (
            <Text size="sm" className="wrap">
              <Private>{reason ?? changes.join(', ')}</Private>
            </Text>
          ),
        },
      ]}
    />
  </Stack>
)
