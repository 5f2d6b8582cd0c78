/** The ways out: how each is doing, and trying them. */
import { Alert, Anchor, Button, Group, Paper, Text, TextInput } from '@mantine/core'
import { IconRouteAltLeft } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { useProxies, useTestProxy } from '../../api/optional.ts'
import type { ProxyRow } from '../../api/types.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Empty } from '../../parts/empty.tsx'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { NeedsPlugin } from '../../parts/needs-plugin.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { Time } from '../../parts/time.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { fill, texts, wordFor } from '../../texts.ts'
import { TestResult } from './test-result.tsx'

const { proxies: words } = texts

export default function Proxies() {
  return (
    <NeedsPlugin id="proxy">
      <Live />
    </NeedsPlugin>
  )
}

function Live() {
  const proxies = useProxies()
  const test = useTestProxy()
  const [url, setUrl] = useState('')
  if (isMissing(proxies.error)) return <Missing plugin="proxy" />
  return (
    <Page
      title={texts.nav.proxies}
      hint={words.hint}
      actions={
        <Button component={Link} href="/settings/proxy" variant="default">
          {words.configure}
        </Button>
      }
    >
      {proxies.isPending && <Waiting />}
      {proxies.isError && <Problem error={proxies.error} retry={proxies.refetch} />}
      {proxies.data && (
        <>
          <Alert variant="light" color={proxies.data.proxy_enabled ? 'indigo' : 'gray'}>
            {proxies.data.proxy_enabled
              ? fill(words.enabled, { fallback: wordFor(words.fallbacks, proxies.data.fallback) })
              : words.disabled}
          </Alert>
          {proxies.data.data.length === 0 ? (
            <Empty icon={IconRouteAltLeft} title={words.emptyTitle} hint={words.emptyHint} />
          ) : (
            <DataTable
              caption={texts.nav.proxies}
              rows={proxies.data.data}
              rowKey={({ name }) => name}
              columns={columns(test.isPending, name => test.mutate({ name }))}
            />
          )}
          <Paper withBorder p="md">
            <form
              onSubmit={event => {
                event.preventDefault()
                test.mutate({ proxy_url: url })
              }}
            >
              <Group align="flex-end">
                <TextInput
                  flex="1 1 260px"
                  label={words.tryOne}
                  description={words.tryHint}
                  placeholder="socks5://user:password@host:port"
                  spellCheck={false}
                  value={url}
                  onChange={event => setUrl(event.currentTarget.value)}
                />
                <Button type="submit" loading={test.isPending} disabled={url.trim() === ''}>
                  {words.test}
                </Button>
              </Group>
            </form>
          </Paper>
          {test.isError && <Problem error={test.error} />}
          {test.data && <TestResult result={test.data} />}
        </>
      )}
    </Page>
  )
}

const columns = (busy: boolean, test: (name: string) => void): readonly Column<ProxyRow>[] => [
  {
    key: 'proxy',
    title: words.proxy,
    head: true,
    cell: ({ name, proxy_url }) => (
      <div style={{ minWidth: 0 }}>
        <Text size="sm" fw={600}>
          {name}
        </Text>
        <Text size="xs" c="dimmed" className="wrap" ff="monospace">
          {proxy_url}
        </Text>
      </div>
    ),
  },
  {
    key: 'state',
    title: words.state,
    cell: ({ state, enabled, last_error, state_until }) => (
      <div>
        <StateBadge state={enabled ? state : 'disabled'} />
        {last_error && state !== 'up' && (
          <Text size="xs" c="dimmed" className="wrap" maw={320}>
            {last_error.message}
          </Text>
        )}
        {state_until !== null && state !== 'up' && (
          <Group gap={4} justify="inherit">
            <Text size="xs" c="dimmed">
              {words.again}
            </Text>
            <Time at={state_until} />
          </Group>
        )}
      </div>
    ),
  },
  {
    key: 'requests',
    title: words.requests,
    align: 'right',
    cell: ({ requests, failures }) => (
      <Text size="sm">{failures > 0 ? fill(words.withFailures, { requests, failures }) : requests}</Text>
    ),
  },
  { key: 'used', title: words.lastUsed, cell: ({ last_used_at }) => <Time at={last_used_at} /> },
  {
    key: 'test',
    title: texts.common.actions,
    cell: ({ name }) => (
      <Anchor
        component="button"
        type="button"
        size="sm"
        disabled={busy}
        onClick={() => test(name)}
        aria-label={fill(words.testOne, { name })}
      >
        {words.test}
      </Anchor>
    ),
  },
]
