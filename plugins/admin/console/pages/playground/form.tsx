/** What to make, with the fields that the chosen model has. */
import { Button, NumberInput, SegmentedControl, Select, SimpleGrid, Stack, Switch, Text, Textarea } from '@mantine/core'
import { IconSparkles } from '@tabler/icons-react'
import type { PlayModel } from '../../api/jobs.ts'
import { fill, texts } from '../../texts.ts'
import { type Draft, takes } from './draft.ts'
import { Inputs } from './inputs.tsx'
import { SourceVideo } from './source-video.tsx'

const { playground: words } = texts
const MOST_LISTED = 80

interface FormProps {
  readonly models: readonly PlayModel[]
  readonly model: PlayModel | undefined
  readonly draft: Draft
  readonly busy: boolean
  set(draft: Draft): void
  switchKind(kind: Draft['kind']): void
  submit(): void
}

export function PlayForm({ models, model, draft, busy, set, switchKind, submit }: FormProps) {
  const put = (part: Partial<Draft>) => set({ ...draft, ...part })
  const fitting = models.filter(({ kind }) => kind === draft.kind)
  const choice = (
    label: string,
    all: readonly string[],
    value: string | null,
    key: 'aspectRatio' | 'resolution' | 'seconds',
  ) =>
    all.length > 0 && (
      <Select
        label={label}
        placeholder={fill(words.byDefault, { value: all[0] ?? '' })}
        clearable
        data={[...all]}
        value={value !== null && all.includes(value) ? value : null}
        onChange={chosen => put({ [key]: chosen })}
      />
    )
  return (
    <form
      onSubmit={event => {
        event.preventDefault()
        submit()
      }}
    >
      <Stack>
        <SegmentedControl
          aria-label={words.kind}
          fullWidth
          data={[
            { value: 'image', label: words.image },
            { value: 'video', label: words.video },
          ]}
          value={draft.kind}
          onChange={value => switchKind(value === 'video' ? 'video' : 'image')}
        />
        <Select
          label={words.model}
          description={model ? describe(model) : fill(words.models, { n: fitting.length })}
          searchable
          limit={MOST_LISTED}
          maxDropdownHeight={320}
          nothingFoundMessage={words.noModel}
          data={fitting.map(({ id }) => id)}
          value={draft.model}
          allowDeselect={false}
          onChange={id => id !== null && put({ model: id })}
        />
        <Textarea
          label={words.prompt}
          placeholder={words.promptHint}
          required
          autosize
          minRows={3}
          maxRows={10}
          value={draft.prompt}
          onChange={event => put({ prompt: event.currentTarget.value })}
          onKeyDown={event => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && draft.prompt.trim() !== '') submit()
          }}
        />
        <Inputs draft={draft} model={model} set={inputs => put({ inputs })} />
        {model && takes(model, 'source_video') && (
          <SourceVideo provider={model.provider} value={draft.source} set={source => put({ source })} />
        )}
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          {choice(words.aspectRatio, model?.aspect_ratios ?? [], draft.aspectRatio, 'aspectRatio')}
          {choice(words.resolution, model?.resolutions ?? [], draft.resolution, 'resolution')}
          {choice(words.seconds, model?.seconds.map(String) ?? [], draft.seconds, 'seconds')}
          {draft.kind === 'image' && (
            <NumberInput
              label={words.count}
              min={1}
              max={10}
              allowDecimal={false}
              clampBehavior="strict"
              value={draft.count}
              onChange={value => typeof value === 'number' && put({ count: value })}
            />
          )}
          <NumberInput
            label={words.seed}
            placeholder={words.random}
            min={0}
            allowDecimal={false}
            value={draft.seed ?? ''}
            onChange={value => put({ seed: typeof value === 'number' ? value : null })}
          />
        </SimpleGrid>
        <Switch
          label={words.allowDowngrade}
          checked={draft.allowDowngrade}
          onChange={event => put({ allowDowngrade: event.currentTarget.checked })}
        />
        <Button
          type="submit"
          loading={busy}
          leftSection={<IconSparkles size={16} />}
          disabled={draft.prompt.trim() === ''}
        >
          {words.generate}
        </Button>
        <Text size="xs" c="dimmed">
          {words.paid}
        </Text>
      </Stack>
    </form>
  )
}

function describe({ description, alias_of, tier, provider }: PlayModel): string {
  const parts = [
    description,
    alias_of === null ? undefined : fill(words.aliasOf, { model: alias_of }),
    tier === null ? undefined : fill(words.needsTier, { tier }),
    provider,
  ]
  return parts.filter(Boolean).join(' · ')
}
