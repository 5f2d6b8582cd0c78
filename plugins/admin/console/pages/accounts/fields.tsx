/** Everything about an account that its operator decides. */
import { NumberInput, SimpleGrid, Stack, Switch, Textarea, TextInput } from '@mantine/core'
import type { AccountFields } from '../../api/accounts.ts'
import type { Account } from '../../api/types.ts'
import { texts } from '../../texts.ts'

const { accounts: words } = texts

/** As the form holds it. */
export interface Draft {
  readonly st: string
  readonly remark: string
  readonly project_id: string
  readonly project_name: string
  readonly image_enabled: boolean
  readonly video_enabled: boolean
  readonly image_concurrency: number
  readonly video_concurrency: number
  readonly proxy_url: string
}

export const newDraft = (account?: Account): Draft => ({
  st: '',
  remark: account?.remark ?? '',
  project_id: account?.project_id ?? '',
  project_name: account?.project_name ?? '',
  image_enabled: account?.image_enabled ?? true,
  video_enabled: account?.video_enabled ?? true,
  image_concurrency: account?.image_concurrency ?? -1,
  video_concurrency: account?.video_concurrency ?? -1,
  proxy_url: account?.proxy_url ?? '',
})

/** Only what differs is sent. */
export function changed(draft: Draft, before: Draft): AccountFields {
  const pairs = Object.entries(draft).filter(
    ([key, value]) => value !== Object.entries(before).find(([k]) => k === key)?.[1],
  )
  return Object.fromEntries(pairs.map(([key, value]) => [key, typeof value === 'string' ? value.trim() : value]))
}

interface FieldsProps {
  readonly draft: Draft
  set(draft: Draft): void
  /** Absent: the account is there already. */
  readonly adding?: boolean
}

export function Fields({ draft, set, adding = false }: FieldsProps) {
  const put = (part: Partial<Draft>) => set({ ...draft, ...part })
  const toggle = (key: 'image_enabled' | 'video_enabled', label: string) => (
    <Switch label={label} checked={draft[key]} onChange={event => put({ [key]: event.currentTarget.checked })} />
  )
  const line = (key: 'project_id' | 'project_name', label: string) => (
    <TextInput label={label} value={draft[key]} onChange={event => put({ [key]: event.currentTarget.value })} />
  )
  const limit = (key: 'image_concurrency' | 'video_concurrency', label: string) => (
    <NumberInput
      label={label}
      description={words.limitHint}
      min={-1}
      max={1000}
      allowDecimal={false}
      clampBehavior="strict"
      value={draft[key]}
      onChange={value => typeof value === 'number' && put({ [key]: value })}
    />
  )
  return (
    <Stack>
      <Textarea
        label={adding ? words.paste : words.newSession}
        description={adding ? words.pasteHint : words.newSessionHint}
        autosize
        minRows={adding ? 3 : 1}
        maxRows={8}
        required={adding}
        data-autofocus={adding || undefined}
        spellCheck={false}
        autoComplete="off"
        value={draft.st}
        onChange={event => put({ st: event.currentTarget.value })}
      />
      <TextInput
        label={words.remark}
        description={words.remarkHint}
        value={draft.remark}
        onChange={event => put({ remark: event.currentTarget.value })}
      />
      <SimpleGrid cols={{ base: 1, xs: 2 }}>
        {toggle('image_enabled', words.imageEnabled)}
        {toggle('video_enabled', words.videoEnabled)}
        {limit('image_concurrency', words.imageLimit)}
        {limit('video_concurrency', words.videoLimit)}
        {line('project_id', words.projectId)}
        {line('project_name', words.projectName)}
      </SimpleGrid>
      <TextInput
        label={words.proxy}
        description={words.proxyHint}
        placeholder="socks5://user:password@host:port"
        spellCheck={false}
        value={draft.proxy_url}
        onChange={event => put({ proxy_url: event.currentTarget.value })}
      />
    </Stack>
  )
}
