/** Schemas of the kernel's own sections, and the marks that any section's schema can carry. */
import { dirname, resolve } from 'node:path'
import { type TSchema, t } from 'elysia'
import { err, ok, type Result } from 'neverthrow'
import type { ConfigProblem } from '../control.ts'
import type { Document } from './document.ts'
import { PREFIX, readBoolean } from './environment.ts'
import { formatPath } from './lines.ts'
import { isTable } from './read.ts'
import { nearest, showValue } from './words.ts'

/** Marks a value as secret: masked in logs, answers and errors. */
export const secret = <S extends TSchema>(schema: S): S => ({ ...schema, secret: true })

/** A section of the file, and who owns it. */
export interface SectionSpec {
  readonly name: string
  readonly schema: TSchema
  /** A plugin's id, or `kernel`. */
  readonly owner: string
}

export const ServerSection = t.Object(
  {
    host: t.String({
      description: 'The address to listen on. `0.0.0.0` or `::` listens on all.',
      default: '127.0.0.1',
      minLength: 1,
    }),
    port: t.Integer({ description: '0 lets the system choose.', default: 8000, minimum: 0, maximum: 65535 }),
    public_url: t.String({
      description:
        'Base of the URLs that clients get, where a reverse proxy stands in front. Empty: the address listened on.',
      default: '',
      pattern: '^(https?://[^\\s/?#]+[^\\s?#]*)?$',
      error: 'an http:// or https:// address without ? and #, or ""',
    }),
    cors_origins: t.Array(t.String({ minLength: 1 }), {
      description: 'Origins whose pages may call the API from a browser. `*`: all. Never with credentials.',
      default: ['*'],
    }),
    drain_timeout_s: t.Number({
      description: 'How long a replaced plugin, and the gateway when it stops, waits for running work.',
      default: 60,
      minimum: 0,
    }),
    setup_timeout_s: t.Number({
      description: 'How long the set-up of one plugin may take.',
      default: 30,
      exclusiveMinimum: 0,
    }),
    rollback_window_s: t.Number({
      description:
        'After each reload answers are watched for so long; if many more fail than before, it is rolled back. 0: never.',
      default: 60,
      minimum: 0,
    }),
    watch: t.Boolean({ description: 'Reloads when the file is saved.', default: false }),
    max_body_mb: t.Number({ description: 'The largest request body.', default: 128, exclusiveMinimum: 0 }),
  },
  { additionalProperties: false },
)

export const DatabaseSection = t.Object(
  {
    url: t.String({
      description:
        'Empty: `flow2api.db` in the data directory. Else the path of an SQLite file, `sqlite:` before it or not.',
      default: '',
    }),
  },
  { additionalProperties: false },
)

/** One entry of `[plugins]`. */
export interface PluginDeclaration {
  readonly id: string
  readonly enabled: boolean
  /** A package name or a path; `null`: built in. */
  readonly use: string | null
  /** Booting fails if this plugin does. */
  readonly required: boolean
  /** Directory of the file that declares it; a relative `use` starts there. */
  readonly baseDir: string
}

const ID = /^[a-z][a-z0-9-]*$/
const ENTRY: Readonly<Record<string, 'boolean' | 'string'>> = { use: 'string', required: 'boolean', enabled: 'boolean' }

/** What `[plugins]` says, in the order of the file. Built-in plugins that it does not mention are not in the list. */
export function parsePlugins(document: Document): Result<readonly PluginDeclaration[], readonly ConfigProblem[]> {
  const problems: ConfigProblem[] = document.problems.filter(({ path }) => path.startsWith('plugins.'))
  const report = (path: string, message: string, suggestion: string | null = null) => {
    problems.push({ path, ...document.locate(path), message, suggestion })
  }
  const entries: Record<string, unknown> = { ...document.values['plugins'] }
  for (const [name, text] of Object.entries(document.env)) {
    if (!name.startsWith(`${PREFIX}PLUGINS_`) || text === undefined || text === '') continue
    const id = name.slice(`${PREFIX}PLUGINS_`.length).toLowerCase().replaceAll('_', '-')
    const given = readBoolean(text)
    if (given === null) report(`plugins.${id}`, `Found ${showValue(text)} where true or false is allowed.`)
    else entries[id] = isTable(entries[id]) ? { ...entries[id], enabled: given } : given
  }
  const declarations: PluginDeclaration[] = []
  for (const [id, entry] of Object.entries(entries)) {
    const path = formatPath(['plugins', id])
    if (!ID.test(id)) {
      report(path, `\`${id}\` cannot be the id of a plugin: small letters, digits and - are allowed, a letter first.`)
      continue
    }
    if (typeof entry !== 'boolean' && !isTable(entry)) {
      report(path, `Found ${showValue(entry)} where true, false or a table such as { use = "…" } is allowed.`)
      continue
    }
    const table = isTable(entry) ? entry : { enabled: entry }
    checkEntry(path, table, report)
    const use = typeof table['use'] === 'string' ? table['use'] : null
    const declaredIn = document.origin(use === null ? path : `${path}.use`) === 'overrides' ? 'overrides' : 'file'
    const file = declaredIn === 'overrides' ? document.overrides : document.file
    declarations.push({
      id,
      enabled: table['enabled'] !== false,
      use,
      required: table['required'] === true,
      baseDir: file === null ? process.cwd() : dirname(resolve(file)),
    })
  }
  return problems.length > 0 ? err(problems) : ok(declarations)
}

function checkEntry(
  path: string,
  table: Record<string, unknown>,
  report: (path: string, message: string, suggestion?: string | null) => void,
): void {
  for (const [key, value] of Object.entries(table)) {
    const type = Object.hasOwn(ENTRY, key) ? ENTRY[key] : undefined
    if (type === undefined)
      report(`${path}.${key}`, `A plugin's entry has no \`${key}\`.`, nearest(key, Object.keys(ENTRY)))
    else if (typeof value !== type || value === '') {
      const allowed = type === 'string' ? 'the name of a package or the path of a file' : 'true or false'
      report(`${path}.${key}`, `Found ${showValue(value)} where ${allowed} is allowed.`)
    }
  }
}
