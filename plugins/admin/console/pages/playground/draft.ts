/** What is asked for, as the form holds it. */
import type { PlayBody } from '../../../playground.ts'
import type { PlayModel } from '../../api/jobs.ts'

export type Role = NonNullable<PlayBody['inputs']>[number]['role']

export interface Supplied {
  readonly key: string
  readonly role: Role
  readonly file: File
}

export interface Draft {
  readonly kind: 'image' | 'video'
  readonly model: string
  readonly prompt: string
  readonly aspectRatio: string | null
  readonly resolution: string | null
  readonly seconds: string | null
  readonly seed: number | null
  readonly count: number
  readonly allowDowngrade: boolean
  readonly inputs: readonly Supplied[]
  /** The job whose video is extended. */
  readonly source: string
}

export const newDraft = (kind: Draft['kind'], model: string): Draft => ({
  kind,
  model,
  prompt: '',
  aspectRatio: null,
  resolution: null,
  seconds: null,
  seed: null,
  count: 1,
  allowDowngrade: false,
  inputs: [],
  source: '',
})

/** What this model takes of what was chosen; another one may have been chosen before. */
export function parametersOf(draft: Draft, model: PlayModel | undefined): PlayBody {
  const has = (all: readonly string[] | undefined, value: string | null): value is string =>
    value !== null && (all ?? []).includes(value)
  const { kind, prompt, aspectRatio, resolution, seconds, seed, count, allowDowngrade, source } = draft
  return {
    kind,
    model: draft.model,
    prompt,
    ...(has(model?.aspect_ratios, aspectRatio) && { aspect_ratio: aspectRatio }),
    ...(has(model?.resolutions, resolution) && { resolution }),
    ...(has(model?.seconds.map(String), seconds) && { seconds: Number(seconds) }),
    ...(seed !== null && { seed }),
    ...(kind === 'image' && count > 1 && { count }),
    ...(allowDowngrade && { allow_downgrade: true }),
    ...(takes(model, 'source_video') && source !== '' && { inputs: [{ role: 'source_video', job: source }] }),
  }
}

export const takes = (model: PlayModel | undefined, role: Role): boolean =>
  model?.inputs.some(input => input.role === role && input.max > 0) ?? false

export const suppliedFor = ({ inputs }: Draft, model: PlayModel | undefined): readonly Supplied[] =>
  inputs.filter(({ role }) => takes(model, role))

/** With the bytes of the files. */
export async function bodyOf(draft: Draft, model: PlayModel | undefined): Promise<PlayBody> {
  const body = parametersOf(draft, model)
  const files = await Promise.all(
    suppliedFor(draft, model).map(async ({ role, file }) => ({ role, mime: file.type, data: await base64(file) })),
  )
  const inputs = [...files, ...(body.inputs ?? [])]
  return inputs.length === 0 ? body : { ...body, inputs }
}

const base64 = (file: File): Promise<string> =>
  new Promise((resolve, reject) => {
    const reader = new FileReader()
    // A data URL: the bytes stand behind the comma.
    reader.onload = () => resolve(String(reader.result).split(',')[1] ?? '')
    reader.onerror = () => reject(reader.error)
    reader.readAsDataURL(file)
  })
