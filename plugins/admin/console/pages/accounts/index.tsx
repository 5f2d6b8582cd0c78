/** The pool: who can work, who cannot and why, and what to do about it. */
import { Button, Center, Group, Select } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconDownload, IconPlus, IconSearch, IconUpload, IconUsers } from '@tabler/icons-react'
import { useState } from 'react'
import { useSearchParams } from 'wouter'
import { useAccounts } from '../../api/accounts.ts'
import type { Account } from '../../api/types.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { NeedsPlugin } from '../../parts/needs-plugin.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { SearchField } from '../../parts/search-field.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { fill, texts, wordFor } from '../../texts.ts'
import { AddAccount } from './add.tsx'
import { BulkBar } from './bulk-bar.tsx'
import { accountColumns } from './columns.tsx'
import { EditAccount } from './edit.tsx'
import { ExportAccounts } from './export.tsx'
import { ImportAccounts } from './import.tsx'
import { labelOf } from './label.ts'

const { accounts: words } = texts
/** So many more at a time: thousands of rows are a browser's death. */
const LISTED = 100

const matches = ({ id, email, name, remark, proxy_url }: Account, query: string): boolean =>
  `#${id} ${email} ${name} ${remark} ${proxy_url ?? ''}`.toLowerCase().includes(query.toLowerCase())

export default function Accounts() {
  return (
    <NeedsPlugin id="token-pool">
      <Live />
    </NeedsPlugin>
  )
}

function Live() {
  const accounts = useAccounts()
  const [query, setQuery] = useState('')
  const [search] = useSearchParams()
  const [state, setState] = useState(search.get('state'))
  const [most, setMost] = useState(LISTED)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [editing, setEditing] = useState<number | null>(null)
  const [adding, add] = useDisclosure(false)
  const [exporting, takeOut] = useDisclosure(false)
  /** What the import begins with; null: it is closed. */
  const [importing, setImporting] = useState<string | null>(null)

  const rows = accounts.data ?? []
  const shown = rows.filter(row => matches(row, query) && (state === null || row.state === state))
  const chosen = shown.filter(({ id }) => selected.has(String(id)))
  // The chosen one too where no account is in it any more: else nobody sees why the list is empty.
  const states = [...new Set([...(state === null ? [] : [state]), ...rows.map(row => row.state)])]
  const edited = rows.find(({ id }) => id === editing)
  const actions = (
    <>
      <Button leftSection={<IconPlus size={16} />} onClick={add.open}>
        {words.add}
      </Button>
      <Button variant="default" leftSection={<IconUpload size={16} />} onClick={() => setImporting('')}>
        {words.import}
      </Button>
      {rows.length > 0 && (
        <Button variant="default" leftSection={<IconDownload size={16} />} onClick={takeOut.open}>
          {words.export}
        </Button>
      )}
    </>
  )
  if (isMissing(accounts.error)) return <Missing plugin="token-pool" />
  return (
    <Page title={texts.nav.accounts} hint={words.hint} actions={actions}>
      {accounts.isPending && <Waiting />}
      {accounts.isError && <Problem error={accounts.error} retry={accounts.refetch} />}
      {accounts.data && rows.length === 0 && (
        <Empty icon={IconUsers} title={words.emptyTitle} hint={words.emptyHint}>
          <Button onClick={add.open}>{words.addFirst}</Button>
        </Empty>
      )}
      {rows.length > 0 && (
        <>
          <Group gap="sm">
            <SearchField label={words.search} value={query} set={setQuery} />
            <Select
              aria-label={words.state}
              placeholder={words.anyState}
              clearable
              data={states.map(value => ({ value, label: wordFor(texts.states, value) }))}
              value={state}
              onChange={setState}
            />
          </Group>
          <BulkBar accounts={chosen} clear={() => setSelected(new Set())} />
          {shown.length === 0 ? (
            <Empty icon={IconSearch} title={words.noneMatch} hint={words.noneMatchHint} />
          ) : (
            <DataTable
              caption={fill(words.caption, { n: shown.length })}
              rows={shown.slice(0, most)}
              all={shown}
              columns={accountColumns(setEditing)}
              rowKey={({ id }) => String(id)}
              rowName={labelOf}
              selection={{ ids: selected, set: setSelected }}
            />
          )}
          {shown.length > most && (
            <Center>
              <Button variant="default" onClick={() => setMost(most + LISTED)}>
                {fill(words.moreOf, { n: most, all: shown.length })}
              </Button>
            </Center>
          )}
        </>
      )}
      <AddAccount
        opened={adding}
        close={add.close}
        many={content => {
          add.close()
          setImporting(content)
        }}
      />
      {importing !== null && <ImportAccounts content={importing} close={() => setImporting(null)} />}
      {edited && <EditAccount account={edited} close={() => setEditing(null)} />}
      <ExportAccounts opened={exporting} close={takeOut.close} count={rows.length} />
    </Page>
  )
}
