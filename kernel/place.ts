/** Where a gateway's settings and directories are, and how its configuration is read from there. */
import { isAbsolute, join, resolve } from 'node:path'
import { err, type Result } from 'neverthrow'
import type { Box } from './box.ts'
import { readDocument } from './config/document.ts'
import { normalize } from './config/normalize.ts'
import { parsePlugins, ServerSection } from './config/schema.ts'
import { type Configuration, configure } from './configuration.ts'
import type { ConfigProblem } from './control.ts'
import { Loader } from './loader.ts'
import { type Overrides, textOf } from './overrides.ts'

export class Place {
  readonly paths: { readonly data: string; readonly tmp: string }
  /** The operator's file, whether it exists or not. */
  readonly file: string
  readonly #named: boolean
  readonly #loader: Loader

  /** `named`: the file that the command line names. */
  constructor(
    private readonly box: Box,
    private readonly env: Readonly<Record<string, string | undefined>>,
    named: string | undefined,
  ) {
    const directory = (variable: string, standard: string) => resolve(env[variable] || join(box.root, standard))
    this.paths = { data: directory('FLOW2API_DATA_DIR', 'data'), tmp: directory('FLOW2API_TMP_DIR', 'tmp') }
    const own = named ?? env['FLOW2API_CONFIG']
    this.#named = own !== undefined && own !== ''
    this.file = own ? (isAbsolute(own) ? own : resolve(own)) : join(box.root, 'config', 'setting.toml')
    this.#loader = new Loader(this.paths.tmp, box)
  }

  /** As it would be with other overrides, where those are given. */
  async read(candidate?: Overrides): Promise<Result<Configuration, readonly ConfigProblem[]>> {
    const document = await this.#document(candidate)
    if (document.isErr()) return err(document.error)
    // Mistakes in [plugins] come again from `configure`, together with all others.
    const declared = parsePlugins(document.value).unwrapOr([])
    const known = new Set(declared.map(({ id }) => id))
    const silent = this.box
      .ids()
      .filter(id => !known.has(id))
      .map(id => ({ id, enabled: true, use: null, required: false, baseDir: this.box.root }))
    return configure(document.value, [...declared, ...silent], declaration => this.#loader.load(declaration))
  }

  /** `[server]` alone: no plugin is loaded for it, and no other section looked at. */
  async server(): Promise<Result<Configuration['server'], readonly ConfigProblem[]>> {
    const document = await this.#document()
    return document.andThen(read => {
      const knownIds = Object.keys(read.values).filter(name => name !== 'server')
      return normalize(read, [{ name: 'server', schema: ServerSection, owner: 'kernel' }], { knownIds }).map(
        values => values['server'] as Configuration['server'], // just checked against the schema that names the type
      )
    })
  }

  async #document(candidate?: Overrides): Promise<ReturnType<typeof readDocument>> {
    const overrides = join(this.paths.data, 'overrides.toml')
    return readDocument({
      // A file that was named has to be there; without the usual one every setting has its default.
      file: this.#named || (await Bun.file(this.file).exists()) ? this.file : null,
      overrides: candidate !== undefined || (await Bun.file(overrides).exists()) ? overrides : null,
      ...(candidate !== undefined && { candidate: textOf(candidate) }),
      env: this.env,
    })
  }
}
