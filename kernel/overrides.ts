/**
 * `data/overrides.toml`: what the console changed, laid over the operator's file, which is never rewritten. Each state
 * of it is kept as a version of its own, so that it can be compared and restored.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from 'neverthrow'
import { parse, stringify } from 'smol-toml'
import { isTable, type Section } from './config/read.ts'
import type { ConfigChange, ConfigVersion } from './control.ts'
import { codeOf, diskFault } from './disk.ts'
import { type Fault, kernelFault } from './fault.ts'

export type Overrides = Readonly<Record<string, Section>>

const KEPT = 100
/** It may hold passwords. */
const MODE = 0o600
const HEADER = '# Written by the console. What stands here wins over setting.toml.\n'
const NAME = /^(\d{6})\.json$/

interface Stored extends ConfigVersion {
  readonly values: Overrides
}

export class OverridesFile {
  readonly file: string
  readonly #directory: string

  constructor(dataDir: string) {
    this.file = join(dataDir, 'overrides.toml')
    this.#directory = join(dataDir, 'overrides')
  }

  /** What stands there now. Error: `config_invalid`, where it cannot be read; nothing is then written over it. */
  read(): Result<Overrides, Fault> {
    try {
      const tables = parse(readFileSync(this.file, 'utf8'))
      const sections: Record<string, Section> = {}
      for (const [name, table] of Object.entries(tables)) if (isTable(table)) sections[name] = table
      return ok(sections)
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return ok({})
      const message = `${this.file} cannot be read. Correct it, or remove it and lose what the console changed.`
      return err(kernelFault('config_invalid', message, { cause }))
    }
  }

  /** Newest first. */
  versions(): readonly ConfigVersion[] {
    return this.#numbers()
      .toReversed()
      .flatMap(number => this.#load(number) ?? [])
      .map(({ values: _, ...version }) => version)
  }

  /** What stood there in that version. */
  version(number: number): Overrides | undefined {
    return this.#load(number)?.values
  }

  /** Writes `values` as the newest version. A crash leaves the old file or the new one, never half of one. */
  save(values: Overrides, by: string, note: string, now: number): Result<ConfigVersion, Fault> {
    try {
      const numbers = this.#numbers()
      const version = { version: (numbers.at(-1) ?? 0) + 1, at: now, by, note }
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 })
      // What was there before anything was kept, so that the first change can be undone, too.
      if (numbers.length === 0) {
        this.#keep({
          version: version.version,
          at: now,
          by: 'operator',
          note: 'as found',
          values: this.read().unwrapOr({}),
        })
        version.version++
      }
      this.#keep({ ...version, values })
      this.#write(this.file, textOf(values))
      for (const old of numbers.slice(0, Math.max(0, numbers.length - KEPT)))
        rmSync(join(this.#directory, nameOf(old)), { force: true })
      return ok(version)
    } catch (cause) {
      return err(diskFault(cause, this.file))
    }
  }

  #numbers(): number[] {
    try {
      return readdirSync(this.#directory)
        .flatMap(name => NAME.exec(name)?.[1] ?? [])
        .map(Number)
        .sort((a, b) => a - b)
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return []
      throw cause
    }
  }

  #load(number: number): Stored | undefined {
    try {
      return JSON.parse(readFileSync(join(this.#directory, nameOf(number)), 'utf8')) as Stored // only `#keep` writes it
    } catch {
      return undefined
    }
  }

  #keep(stored: Stored): void {
    this.#write(join(this.#directory, nameOf(stored.version)), JSON.stringify(stored))
  }

  #write(file: string, text: string): void {
    const draft = `${file}.new`
    writeFileSync(draft, text, { mode: MODE })
    renameSync(draft, file)
  }
}

/** As the file would have them. */
export const textOf = (overrides: Overrides): string => HEADER + stringify(overrides)

const nameOf = (version: number): string => `${String(version).padStart(6, '0')}.json`

/** Pure. Sections without any key are left out. */
export function applied(overrides: Overrides, change: ConfigChange): Overrides {
  const next: Record<string, Section> = {}
  for (const name of new Set([...Object.keys(overrides), ...Object.keys(change)])) {
    const keys = { ...overrides[name], ...change[name] }
    const left = Object.entries(keys).filter(([, value]) => value !== null)
    if (left.length > 0) next[name] = Object.fromEntries(left)
  }
  return next
}
