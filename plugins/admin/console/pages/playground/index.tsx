/** Trying a model out, with what it really takes. */
import { Grid, Paper } from '@mantine/core'
import { useState } from 'react'
import { type PlayModel, useModels, usePlay } from '../../api/jobs.ts'
import { isMissing, Missing } from '../../parts/missing.tsx'
import { NeedsPlugin } from '../../parts/needs-plugin.tsx'
import { Page } from '../../parts/page.tsx'
import { Problem } from '../../parts/problem.tsx'
import { Waiting } from '../../parts/waiting.tsx'
import { texts } from '../../texts.ts'
import { bodyOf, type Draft, newDraft } from './draft.ts'
import { PlayForm } from './form.tsx'
import { PlayResult } from './result.tsx'
import { Snippets } from './snippets.tsx'

export default function Playground() {
  return (
    <NeedsPlugin id="generation">
      <Live />
    </NeedsPlugin>
  )
}

function Live() {
  const models = useModels()
  if (models.isPending) return <Waiting />
  if (isMissing(models.error)) return <Missing plugin="generation" />
  if (models.isError) return <Problem error={models.error} retry={models.refetch} />
  const { data, defaults } = models.data
  return (
    <Page title={texts.nav.playground} hint={texts.playground.hint}>
      <Desk models={data} defaults={defaults} />
    </Page>
  )
}

interface DeskProps {
  readonly models: readonly PlayModel[]
  readonly defaults: { readonly image: string | null; readonly video: string | null }
}

function Desk({ models, defaults }: DeskProps) {
  const [draft, setDraft] = useState<Draft>(() => newDraft('image', defaults.image ?? ''))
  const [job, setJob] = useState<string | null>(null)
  const play = usePlay()
  const model = models.find(({ id }) => id === draft.model)
  const submit = async () =>
    play.mutate(await bodyOf(draft, model), { onSuccess: ({ id }) => setJob(id), onError: () => setJob(null) })
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, md: 5 }}>
        <Paper withBorder p="md">
          <PlayForm
            models={models}
            model={model}
            draft={draft}
            set={setDraft}
            switchKind={kind => setDraft({ ...newDraft(kind, defaults[kind] ?? ''), prompt: draft.prompt })}
            submit={() => void submit()}
            busy={play.isPending}
          />
        </Paper>
      </Grid.Col>
      <Grid.Col span={{ base: 12, md: 7 }}>
        {play.isError && <Problem error={play.error} title={texts.playground.refused} />}
        <PlayResult job={job} />
        <Snippets draft={draft} model={model} />
      </Grid.Col>
    </Grid>
  )
}
