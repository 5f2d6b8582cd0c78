/**
 * The console's pages and scripts, bundled by Bun from its HTML. From source they are bundled in memory when they are
 * first asked for; an executable made by `bun build --compile` carries them, and then Bun hands over their list.
 */
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import page from './console/index.html'

export const ASSETS = '/admin/assets/'
const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
const compress = { br: promisify(brotliCompress), gzip: promisify(gzip) }

export type Encoding = 'br' | 'gzip' | 'identity'

/** One file, and its compressed forms from when they are first asked for. */
export class Asset {
  readonly #forms = new Map<Encoding, Promise<Uint8Array<ArrayBuffer>>>()
  constructor(
    readonly type: string,
    private readonly bytes: Uint8Array<ArrayBuffer>,
  ) {}

  form(encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
    const known = this.#forms.get(encoding)
    if (known) return known
    const made = this.#make(encoding)
    this.#forms.set(encoding, made)
    return made
  }

  async #make(encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
    if (encoding === 'identity') return this.bytes
    const made = encoding === 'br' ? compress.br(this.bytes, BROTLI) : compress.gzip(this.bytes)
    return Uint8Array.from(await made)
  }
}

export interface Bundle {
  readonly html: string
  /** By file name; names change with the content. */
  readonly files: ReadonlyMap<string, Asset>
}

/** Kept over reloads: what is built in changes with a restart only. */
export class ConsoleAssets {
  #bundle: Promise<Bundle> | undefined

  load(): Promise<Bundle> {
    this.#bundle ??= bundle().catch((cause: unknown) => {
      this.#bundle = undefined
      throw cause
    })
    return this.#bundle
  }
}

interface Output {
  readonly path: string
  bytes(): Promise<Uint8Array<ArrayBuffer>>
}

async function bundle(): Promise<Bundle> {
  const outputs = 'files' in page && page.files ? page.files.map(embedded) : await built()
  const all = new Map<string, Uint8Array<ArrayBuffer>>()
  for (const output of outputs) all.set(basename(output.path), await output.bytes())
  const names = [...all.keys()]
  const document = names.find(name => name.endsWith('.html')) ?? ''
  const text = (name: string) => new TextDecoder().decode(all.get(name))
  // Files name each other as if they lay together, here or at the root; where the page lies does not matter to them.
  const near = (name: string) => named(text(name), names, './')
  const files = new Map<string, Asset>()
  // What the page leads to, and nothing else: an executable lists parts of the gateway as well.
  const wanted = [document]
  for (const name of wanted) {
    for (const next of names) if (!wanted.includes(next) && text(name).includes(next)) wanted.push(next)
    const extension = name.slice(name.lastIndexOf('.') + 1)
    const bytes = all.get(name)
    const type = TYPES[extension]
    if (type && bytes)
      files.set(name, new Asset(type, extension === 'js' ? new TextEncoder().encode(near(name)) : bytes))
  }
  return { html: named(text(document), names, ASSETS), files }
}

/** With the names in quotes behind another directory. */
const named = (text: string, names: readonly string[], directory: string): string =>
  text.replaceAll(/(["'`])(?:\.?\/)([\w.-]+)\1/g, (whole, quote: string, name: string) =>
    names.includes(name) ? `${quote}${directory}${name}${quote}` : whole,
  )

/** `name`: as it is called by the other files, where the executable calls it otherwise. */
const embedded = ({ path, name = path }: { readonly path: string; readonly name?: string }): Output => ({
  path: name,
  bytes: () => Bun.file(path).bytes(),
})

async function built(): Promise<readonly Output[]> {
  const result = await Bun.build({
    entrypoints: [join(import.meta.dir, 'console', 'index.html')],
    target: 'browser',
    format: 'esm',
    splitting: true,
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    naming: { entry: '[name]-[hash].[ext]', chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
  })
  return result.outputs.map(output => ({
    path: output.path,
    bytes: async () => new Uint8Array(await output.arrayBuffer()),
  }))
}
