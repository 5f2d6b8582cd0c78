/**
 * From `use` to a definition: built in, an npm package, or a file anywhere on disk.
 *
 * Bun caches modules for the life of the process and never forgets a failed one. So a file plugin is bundled to a file
 * named after its content, and that is imported: syntax errors come with file and line before any code runs, and equal
 * content is the same module. Built-in plugins and packages change with a restart.
 */
import { mkdir } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import { err, ok, type Result } from 'neverthrow'
import { type Box, checkout } from './box.ts'
import type { PluginDeclaration } from './config/schema.ts'
import { type Fault, kernelFault, messageOf } from './fault.ts'
import type { AnyPlugin } from './plugin.ts'

export interface Loaded {
  readonly definition: AnyPlugin
  /** `built-in`, the package's name, or the file with its content hash. */
  readonly source: string
}

/** Modules whose classes and references must be the kernel's own in every plugin. */
const OURS = /^(flow2api\/(plugin|contracts|testing)|neverthrow|elysia|@sinclair\/typebox(\/.*)?|drizzle-orm(\/.*)?)$/

export class Loader {
  constructor(
    private readonly tmpDir: string,
    private readonly box: Box = checkout,
  ) {}

  /** Errors: `plugin_not_found`, `plugin_invalid`; messages name file and line where there is one. */
  async load({ id, use, baseDir }: Pick<PluginDeclaration, 'id' | 'use' | 'baseDir'>): Promise<Result<Loaded, Fault>> {
    if (use === null) {
      if (!this.box.ids().includes(id))
        return err(
          kernelFault(
            'plugin_not_found',
            `There is no built-in plugin "${id}". Name a package or a file: ${id} = { use = "…" }. Built in are: ${this.box.ids().join(', ')}.`,
          ),
        )
      return this.#definition(id, () => this.box.load(id), 'built-in')
    }
    if (use.startsWith('.') || isAbsolute(use)) return this.#file(id, resolve(baseDir, use))
    serveOurModules(this.box)
    for (const from of [baseDir, this.box.root]) {
      try {
        const path = Bun.resolveSync(use, from)
        return this.#definition(id, () => import(path), use)
      } catch {}
    }
    return err(
      kernelFault('plugin_not_found', `Plugin "${id}": the package "${use}" is not installed. Run: bun add ${use}`),
    )
  }

  async #file(id: string, path: string): Promise<Result<Loaded, Fault>> {
    const file = Bun.file(path)
    if (!(await file.exists()))
      return err(
        kernelFault(
          'plugin_not_found',
          `Plugin "${id}": there is no file ${path}. A relative path starts at the file that declares it.`,
        ),
      )
    const built = await bundle(path, this.box)
    if (built.isErr()) return err(kernelFault('plugin_invalid', `Plugin "${id}" does not compile: ${built.error}`))
    const hash = Bun.hash(built.value).toString(16).padStart(16, '0')
    const target = join(this.tmpDir, 'plugins', `${id}-${hash}.mjs`)
    await mkdir(dirname(target), { recursive: true })
    if (!(await Bun.file(target).exists())) await Bun.write(target, built.value)
    if (this.box.modules) serveOurModules(this.box)
    return this.#definition(id, () => import(target), `${path} (${hash.slice(0, 8)})`)
  }

  async #definition(id: string, load: () => Promise<unknown>, source: string): Promise<Result<Loaded, Fault>> {
    try {
      const module = await load()
      const definition =
        typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined
      const lack = lacking(definition)
      if (lack)
        return err(
          kernelFault(
            'plugin_invalid',
            `Plugin "${id}" (${source}): ${lack}. Its file must export default definePlugin({ … }).`,
          ),
        )
      return ok({ definition: definition as AnyPlugin, source }) // what a definition needs was just checked
    } catch (cause) {
      return err(
        kernelFault(
          'plugin_invalid',
          `Plugin "${id}" (${source}) could not be loaded: ${messageOf(cause)}${whereOf(cause)}`,
          { cause },
        ),
      )
    }
  }
}

/** What keeps a value from being a definition, or undefined. */
function lacking(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return `its default export is ${value === undefined ? 'missing' : `a ${typeof value}`}`
  if (!('api' in value)) return 'its default export was not made by definePlugin'
  if (value.api !== 1) return `it was written for contract ${String(value.api)}, and this gateway speaks contract 1`
  if (!('setup' in value) || typeof value.setup !== 'function') return 'its definition has no setup function'
  return undefined
}

async function bundle(path: string, { modules }: Box): Promise<Result<string, string>> {
  const built = await Bun.build({
    entrypoints: [path],
    target: 'bun',
    format: 'esm',
    sourcemap: 'inline',
    throw: false,
    plugins: [
      {
        name: 'flow2api',
        setup(build) {
          build.onResolve({ filter: OURS }, ({ path: specifier }) => {
            if (!modules) return { path: Bun.resolveSync(specifier, import.meta.dir), external: true }
            // What the executable does not carry is the author's own.
            return specifier in modules ? { path: specifier, external: true } : undefined
          })
        },
      },
    ],
  })
  const [output] = built.outputs
  if (built.success && output) return ok(await output.text())
  const lines = built.logs.map(log => {
    const { position } = log
    return position ? `${position.file}:${position.line}:${position.column}: ${log.message}` : log.message
  })
  return err(lines.join('; ') || `${basename(path)} could not be bundled`)
}

/** The first place in the stack that is not ours, as ` (file:line)`. Source maps have led it back to the source. */
export function whereOf(cause: unknown): string {
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  const frame = stack
    .split('\n')
    .find(line => /\(?(\/|[A-Za-z]:\\)[^()]+:\d+:\d+\)?$/.test(line.trim()) && !line.includes(`${import.meta.dir}/`))
  const place = frame?.match(/((?:\/|[A-Za-z]:\\)[^()]+:\d+):\d+\)?$/)?.[1]
  return place ? ` (${place})` : ''
}

/** A package in some `node_modules` cannot resolve `flow2api/…` by itself; it gets the modules that are loaded here. */
function serveOurModules({ modules = OURS_BY_PATH }: Box): void {
  Bun.plugin({
    name: 'flow2api',
    setup(build) {
      for (const [name, load] of Object.entries(modules))
        build.module(name, async () => ({ exports: Object(await load()), loader: 'object' }))
    },
  })
}

const OURS_BY_PATH = Object.fromEntries(
  ['flow2api/plugin', 'flow2api/contracts'].map(name => [name, () => import(Bun.resolveSync(name, import.meta.dir))]),
)
