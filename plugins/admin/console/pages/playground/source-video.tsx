/** The video that another one goes on from: one that was made here, found by its prompt or its id. */
import { Select } from '@mantine/core'
import { useState } from 'react'
import { useFinishedVideos } from '../../api/jobs.ts'
import { shortTime } from '../../format.ts'
import { useTyped } from '../../parts/search-field.tsx'
import { texts } from '../../texts.ts'

const { playground: words } = texts

interface SourceVideoProps {
  /** Whose model goes on: no other knows its videos. */
  readonly provider: string
  /** The id of the job that made it; empty before one is chosen. */
  readonly value: string
  set(job: string): void
}

export function SourceVideo({ provider, value, set }: SourceVideoProps) {
  const [chosen, setChosen] = useState('')
  const [, q, setTyped] = useTyped()
  // The name of what is chosen stands in the field, and is not a search.
  const { data = [], error } = useFinishedVideos(q === chosen ? '' : q)
  const found = data
    .filter(job => job.provider === provider)
    .map(({ id, prompt, created_at }) => ({
      value: id,
      label: [prompt, ...(created_at === null ? [] : [shortTime(created_at)])].join(' · '),
    }))
  const kept = value === '' || found.some(option => option.value === value) ? [] : [{ value, label: chosen || value }]
  return (
    <Select
      label={words.roles.source_video}
      description={words.sourceHint}
      placeholder={words.chooseVideo}
      nothingFoundMessage={words.noVideo}
      error={error?.message}
      searchable
      clearable
      // The gateway has searched.
      filter={({ options }) => options}
      data={[...kept, ...found]}
      value={value === '' ? null : value}
      onSearchChange={setTyped}
      onChange={(job, option) => {
        setChosen(option?.label ?? '')
        set(job ?? '')
      }}
    />
  )
}
