/** The accounts with their secrets, as a file: sealed, or in clear on an express wish. */
import { Alert, Button, Checkbox, Group, Modal, PasswordInput, Stack } from '@mantine/core'
import { useState } from 'react'
import { useExport } from '../../api/accounts.ts'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { Problem } from '../../parts/problem.tsx'
import { fill, texts } from '../../texts.ts'

const { accounts: words, signIn } = texts
const SHORTEST = 12

interface ExportProps {
  readonly opened: boolean
  readonly count: number
  close(): void
}

export function ExportAccounts({ opened, close, count }: ExportProps) {
  const [passphrase, setPassphrase] = useState('')
  const [clear, setClear] = useState(false)
  const takeOut = useExport()
  const ready = clear || passphrase.length >= SHORTEST
  const leave = () => {
    // Neither the secrets nor the wish to have them in clear outlast the dialog.
    setPassphrase('')
    setClear(false)
    takeOut.reset()
    close()
  }
  const save = (document: object) => {
    const url = URL.createObjectURL(new Blob([JSON.stringify(document, null, 2)], { type: 'application/json' }))
    const link = Object.assign(window.document.createElement('a'), {
      href: url,
      download: `flow2api-accounts-${new Date().toISOString().slice(0, 10)}.json`,
    })
    link.click()
    URL.revokeObjectURL(url)
    leave()
  }
  return (
    <Modal opened={opened} onClose={leave} title={fill(words.exportTitle, { n: count })}>
      {isMissing(takeOut.error) ? (
        <Missing plugin="token-pool" />
      ) : (
        <form
          onSubmit={event => {
            event.preventDefault()
            takeOut.mutate(clear ? '' : passphrase, { onSuccess: save })
          }}
        >
          <Stack>
            <Alert variant="light" color="yellow">
              {words.exportHint}
            </Alert>
            <PasswordInput
              label={words.exportPassphrase}
              description={fill(words.exportPassphraseHint, { n: SHORTEST })}
              autoComplete="new-password"
              disabled={clear}
              value={passphrase}
              visibilityToggleButtonProps={{ 'aria-label': signIn.showPassword }}
              onChange={event => setPassphrase(event.currentTarget.value)}
            />
            <Checkbox
              label={words.exportClear}
              checked={clear}
              onChange={event => setClear(event.currentTarget.checked)}
            />
            {takeOut.isError && <Problem error={takeOut.error} />}
            <Group justify="flex-end">
              <Button variant="default" onClick={leave}>
                {texts.common.cancel}
              </Button>
              <Button type="submit" loading={takeOut.isPending} disabled={!ready}>
                {words.exportGo}
              </Button>
            </Group>
          </Stack>
        </form>
      )}
    </Modal>
  )
}
