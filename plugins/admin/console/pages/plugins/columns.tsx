/** What the table says of a plugin. */
import { Anchor, Button, Group, Switch, Text, Tooltip } from '@mantine/core'
import type { PluginStatus } from 'flow2api/plugin'
import { Link } from 'wouter'
import type { Column } from '../../parts/data-table.tsx'
import { StateBadge } from '../../parts/state-badge.tsx'
import { fill, texts } from '../../texts.ts'

const { plugins: words } = texts

/** The plugin that serves this page: it cannot switch itself off. */
const OWN = 'admin'
const MOST_LABELS = 8

interface Doing {
  /** Id of the plugin that something is being done with. */
  readonly busy: string | null
  run(id: string, action: 'enable' | 'disable' | 'reload'): void
}

export const pluginColumns = (doing: Doing): readonly Column<PluginStatus>[] => [
  { key: 'plugin', title: words.plugin, head: true, cell: plugin => <Who plugin={plugin} /> },
  { key: 'state', title: words.state, cell: ({ state }) => <StateBadge state={state} /> },
  {
    key: 'source',
    title: words.source,
    cell: ({ source, generation }) => (
      <div>
        <Text size="sm" className="wrap">
          {source || '–'}
        </Text>
        {generation > 0 && (
          <Text size="xs" c="dimmed">
            {fill(words.generation, { n: generation })}
          </Text>
        )}
      </div>
    ),
  },
  { key: 'flight', title: words.inFlight, align: 'right', cell: ({ in_flight }) => <InFlight labels={in_flight} /> },
  { key: 'on', title: words.on, cell: plugin => <OnOff plugin={plugin} doing={doing} /> },
  {
    key: 'reload',
    title: texts.common.actions,
    cell: ({ id, state }) =>
      state === 'live' || state === 'failed' ? (
        <Button
          size="compact-sm"
          variant="default"
          loading={doing.busy === id}
          aria-label={fill(words.reloadOne, { plugin: id })}
          onClick={() => doing.run(id, 'reload')}
        >
          {words.reload}
        </Button>
      ) : null,
  },
]

const Who = ({ plugin: { id, version, section, error } }: { readonly plugin: PluginStatus }) => (
  <div style={{ minWidth: 0 }}>
    <Group gap={6}>
      {section === '' ? (
        <Text size="sm" fw={600}>
          {id}
        </Text>
      ) : (
        <Anchor component={Link} href={`/settings/${section}`} size="sm" fw={600}>
          {id}
        </Anchor>
      )}
      <Text size="xs" c="dimmed">
        {version}
      </Text>
    </Group>
    {error && (
      <Text size="xs" c="red" className="wrap" maw={420}>
        {error}
      </Text>
    )}
  </div>
)

function InFlight({ labels }: { readonly labels: readonly string[] }) {
  if (labels.length === 0)
    return (
      <Text size="sm" c="dimmed">
        0
      </Text>
    )
  const list = labels.slice(0, MOST_LABELS).join('\n')
  return (
    <Tooltip label={<span style={{ whiteSpace: 'pre' }}>{list}</span>}>
      <Text size="sm" span>
        {labels.length}
      </Text>
    </Tooltip>
  )
}

function OnOff({ plugin: { id, state }, doing }: { readonly plugin: PluginStatus; readonly doing: Doing }) {
  if (state === 'draining')
    return (
      <Text size="sm" c="dimmed">
        {words.leaving}
      </Text>
    )
  const on = state !== 'disabled'
  const own = id === OWN
  return (
    <Tooltip label={words.own} disabled={!own}>
      <span>
        <Switch
          aria-label={fill(on ? words.switchOff : words.switchOn, { plugin: id })}
          checked={on}
          disabled={own || doing.busy === id}
          onChange={() => doing.run(id, on ? 'disable' : 'enable')}
        />
      </span>
    </Tooltip>
  )
}
