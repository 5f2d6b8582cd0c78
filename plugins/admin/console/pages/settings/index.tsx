/** The configuration: a form for each section, where each value comes from, and what was changed when. */
import { Button, Grid, Group, NavLink, Paper, Select, Text, Title } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { IconHistory } from '@tabler/icons-react'
import type { ConfigChange } from 'flow2api/plugin'
import { lazy, Suspense, useMemo, useState } from 'react'
import { Link, useLocation, useParams } from 'wouter'
import { useConfig } from '../../api/plugins.ts'
import { usePhone } from '../../parts/data-table.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { fill, texts, wordFor } from '../../texts.ts'
import { changesOf, countOf, type Draft, settingsOf, valuesOf } from './draft.ts'
import { History } from './history.tsx'
import { Review } from './review.tsx'
import { formSchema, propertiesOf } from './schema.ts'

const SectionForm = lazy(() => import('./section-form.tsx'))
const { settings: words } = texts

export default function Settings() {
  const config = useConfig()
  const [opened, history] = useDisclosure(false)
  return (
    <Page
      title={texts.nav.settings}
      hint={words.hint}
      actions={
        <Button variant="default" leftSection={<IconHistory size={16} />} onClick={history.open}>
          {words.history}
        </Button>
      }
    >
      {config.isPending && <Waiting />}
      {config.isError && <Problem error={config.error} retry={config.refetch} />}
      {config.data && <Sections config={config.data} />}
      <History opened={opened} close={history.close} />
    </Page>
  )
}

type Config = NonNullable<ReturnType<typeof useConfig>['data']>

function Sections({ config: { sections, settings, schemas } }: { readonly config: Config }) {
  const { section } = useParams<{ section?: string }>()
  const phone = usePhone()
  const [, navigate] = useLocation()
  const [draft, setDraft] = useState<Draft>({})
  const [reviewed, review] = useState<ConfigChange | null>(null)
  // Those of the kernel come last: they are seldom touched.
  const usable = useMemo(
    () =>
      schemas
        .filter(({ schema }) => propertiesOf(formSchema(schema)).length > 0)
        .sort((a, b) => Number(a.owner === 'kernel') - Number(b.owner === 'kernel')),
    [schemas],
  )
  const current = usable.find(one => one.section === section) ?? usable[0]
  const known = useMemo(() => settingsOf(settings, current?.section ?? ''), [settings, current])
  const changes = changesOf(draft, sections)
  const count = countOf(changes)
  if (!current) return null
  const name = current.section
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, sm: 3 }}>
        {phone ? (
          <Select
            label={words.section}
            data={usable.map(one => one.section)}
            value={name}
            allowDeselect={false}
            onChange={value => navigate(`/settings/${value}`)}
          />
        ) : (
          <nav aria-label={words.sections}>
            {usable.map(one => (
              <NavLink
                key={one.section}
                component={Link}
                href={`/settings/${one.section}`}
                active={one.section === name}
                label={one.section}
                description={one.owner === one.section ? undefined : one.owner}
                rightSection={
                  changes[one.section] ? (
                    <Text c="indigo" fw={700} aria-label={words.edited}>
                      ●
                    </Text>
                  ) : undefined
                }
                style={{ borderRadius: 8 }}
              />
            ))}
          </nav>
        )}
      </Grid.Col>
      <Grid.Col span={{ base: 12, sm: 9 }}>
        <Paper withBorder p="md">
          <Title order={2} size="h4">
            [{name}]
          </Title>
          <Text size="sm" c="dimmed" mb="md">
            {wordFor(words.about, name) === name
              ? fill(words.ownedBy, { plugin: current.owner })
              : wordFor(words.about, name)}
          </Text>
          <Suspense fallback={<Waiting />}>
            <SectionForm
              section={name}
              schema={current.schema}
              settings={known}
              values={draft[name] ?? valuesOf(sections[name])}
              change={values => setDraft({ ...draft, [name]: values })}
              reset={key => review({ [name]: { [key]: null } })}
            />
          </Suspense>
        </Paper>
        <Paper
          withBorder
          shadow="md"
          p="sm"
          mt="md"
          role="region"
          aria-label={words.unsaved}
          style={{ position: 'sticky', bottom: 12, zIndex: 5, display: count > 0 ? undefined : 'none' }}
        >
          <Group justify="space-between">
            <Text size="sm" fw={600}>
              {fill(words.changed, { n: count })}
            </Text>
            <Group gap="xs">
              <Button variant="default" onClick={() => setDraft({})}>
                {words.discard}
              </Button>
              <Button onClick={() => review(changes)}>{words.saveAndApply}</Button>
            </Group>
          </Group>
        </Paper>
      </Grid.Col>
      {reviewed && <Review change={reviewed} close={() => review(null)} applied={() => setDraft({})} />}
    </Grid>
  )
}
