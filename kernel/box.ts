/** What comes with the gateway, and where it lives: in a checkout, or inside the one executable that `build.ts` makes. */
import { dirname, join, resolve } from 'node:path'

export interface Box {
  /** The directory of `config/`, `data/` and `tmp/`. */
  readonly root: string
  /** Ids of the built-in plugins, in the order of their names. */
  readonly ids: () => readonly string[]
  /** The module of one of them. */
  readonly load: (id: string) => Promise<unknown>
  /**
   * Modules whose classes and references must be the gateway's own in every plugin, by specifier. Absent: they are files
   * that can be resolved from here.
   */
  readonly modules?: Readonly<Record<string, () => Promise<unknown>>>
}

const ROOT = resolve(import.meta.dir, '..')
const BUILT_IN = join(ROOT, 'plugins')

/** Ids of the plugins in the checkout, in the order of their names. */
const ids = () =>
  [...new Bun.Glob('*/index.ts').scanSync({ cwd: BUILT_IN })]
    .map(file => dirname(file))
    .filter(id => id !== 'contracts')
    .sort()

export const checkout: Box = { root: ROOT, ids, load: id => import(join(BUILT_IN, id, 'index.ts')) }

/**
 * `plugins` and `modules`: what the executable carries. Its directories stand beside it.
 * @public for the entry that `build.ts` writes
 */
export const carried = (plugins: Box['modules'] & object, modules: Box['modules'] & object): Box => ({
  root: dirname(process.execPath),
  ids: () => Object.keys(plugins),
  load: async id => plugins[id]?.(),
  modules,
})
