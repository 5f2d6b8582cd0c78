/** One account in an import, whatever the format that it came in. Pure; never throws. */
import { err, ok, type Result } from 'flow2api/plugin'

/** As a reader found it: names as they were written. A row that could not be read says why. */
export type SourceRow =
  | { readonly row: number; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly row: number; readonly problem: string }

/** Fields of `/admin/api/tokens`. What is absent, null or empty is not to be changed. */
export interface Candidate {
  /** Secret: as it was pasted. */
  readonly st: string
  readonly provider?: string
  /** In small letters. */
  readonly email?: string
  readonly remark?: string
  readonly projectId?: string
  readonly projectName?: string
  readonly imageEnabled?: boolean
  readonly videoEnabled?: boolean
  readonly imageConcurrency?: number
  readonly videoConcurrency?: number
  /** Secret: may hold a password. */
  readonly proxyUrl?: string
  /** false: new accounts are added switched off. */
  readonly enabled?: boolean
}

/** Names that are in use for a field, the most certain first. */
const NAMES = {
  st: ['st', 'session_token', 'sessiontoken', 'cookie', 'cookies', 'token'],
  provider: ['provider'],
  email: ['email', 'e-mail', 'mail'],
  remark: ['remark', 'note'],
  projectId: ['project_id', 'current_project_id'],
  projectName: ['project_name', 'current_project_name'],
  imageEnabled: ['image_enabled'],
  videoEnabled: ['video_enabled'],
  imageConcurrency: ['image_concurrency'],
  videoConcurrency: ['video_concurrency'],
  proxyUrl: ['proxy_url', 'proxy'],
  enabled: ['enabled', 'is_active'],
} as const satisfies Record<keyof Candidate, readonly string[]>

export const SECRET_NAMES: ReadonlySet<string> = new Set(NAMES.st)

/** The Python flow2api writes these; to it a limit of 0 means unlimited. */
const PYTHON: readonly string[] = ['is_active', 'access_token', 'current_project_id', 'user_paygate_tier', 'at_expires']

const LONGEST_SECRET = 16_384
const LONGEST_TEXT = 500
const LONGEST_PROXY = 2048
const MOST_AT_ONCE = 1000
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,255}$/

const named = (names: readonly string[]) => names.map(name => `\`${name}\``).join(', ')

export const isPython = (fields: Readonly<Record<string, unknown>>): boolean =>
  PYTHON.some(name => Object.hasOwn(fields, name))

/** Error: a sentence for people, which repeats no value. */
export function readCandidate(fields: Readonly<Record<string, unknown>>): Result<Candidate, string> {
  const names = new Map(Object.entries(fields).map(([name, value]) => [name.trim().toLowerCase(), value]))
  const found = (field: keyof Candidate): unknown =>
    NAMES[field].map(name => names.get(name)).find(value => value !== undefined && value !== null && value !== '')
  try {
    const st = text(found('st'), 'st', LONGEST_SECRET)
    if (st === undefined) return err(`It has no session token. Give it as one of ${named(NAMES.st)}.`)
    const email = text(found('email'), 'email', LONGEST_TEXT)?.toLowerCase()
    if (email !== undefined && !EMAIL.test(email))
      return err('`email` is not an e-mail address. Correct it or leave it out.')
    const limit = (field: 'imageConcurrency' | 'videoConcurrency') => {
      const value = count(found(field), NAMES[field][0])
      return value === 0 && isPython(fields) ? -1 : value
    }
    return ok(
      present({
        st,
        email,
        provider: text(found('provider'), 'provider', LONGEST_TEXT),
        remark: text(found('remark'), 'remark', LONGEST_TEXT),
        projectId: text(found('projectId'), 'project_id', LONGEST_TEXT),
        projectName: text(found('projectName'), 'project_name', LONGEST_TEXT),
        imageEnabled: flag(found('imageEnabled'), 'image_enabled'),
        videoEnabled: flag(found('videoEnabled'), 'video_enabled'),
        imageConcurrency: limit('imageConcurrency'),
        videoConcurrency: limit('videoConcurrency'),
        proxyUrl: text(found('proxyUrl'), 'proxy_url', LONGEST_PROXY),
        enabled: flag(found('enabled'), 'enabled'),
      }),
    )
  } catch (problem) {
    if (problem instanceof Unfit) return err(problem.message)
    throw problem
  }
}

/** Ends the reading of one row, inside of this file. */
class Unfit extends Error {}

type Loose<T> = { readonly [K in keyof T]: T[K] | undefined }
const present = (values: Loose<Candidate> & Pick<Candidate, 'st'>): Candidate =>
  // Without what is undefined the values are of the types that the names have.
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as unknown as Candidate

function text(value: unknown, name: string, longest: number): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw new Unfit(`\`${name}\` must be text.`)
  const trimmed = value.trim()
  if (trimmed.length > longest) throw new Unfit(`\`${name}\` is longer than ${longest} characters.`)
  return trimmed === '' ? undefined : trimmed
}

const YES: readonly unknown[] = [true, 1, '1', 'true', 'yes', 'on']
const NO: readonly unknown[] = [false, 0, '0', 'false', 'no', 'off']

function flag(value: unknown, name: string): boolean | undefined {
  if (value === undefined) return undefined
  const plain = typeof value === 'string' ? value.trim().toLowerCase() : value
  if (YES.includes(plain)) return true
  if (NO.includes(plain)) return false
  throw new Unfit(`\`${name}\` must be true or false.`)
}

function count(value: unknown, name: string): number | undefined {
  if (value === undefined) return undefined
  const number = typeof value === 'string' && /^\s*-?\d{1,6}\s*$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= -1 && number <= MOST_AT_ONCE) return number
  throw new Unfit(`\`${name}\` must be a whole number from -1 (unlimited) to ${MOST_AT_ONCE}.`)
}
