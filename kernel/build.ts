/**
 * `bun run build [--target bun-linux-arm64] [--outfile FILE]`: one executable that needs nothing beside it. It carries
 * the kernel and all built-in plugins, reads `config/` and keeps `data/` and `tmp/` in its own directory, and still loads
 * plugins of others by path or package.
 */
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkout } from './box.ts'

/** What plugins of others share with the gateway: `kernel/loader.ts` says why. */
const SHARED = [
  'flow2api/plugin',
  'flow2api/contracts',
  'neverthrow',
  'elysia',
  '@sinclair/typebox',
  '@sinclair/typebox/compiler',
  '@sinclair/typebox/errors',
  '@sinclair/typebox/system',
  '@sinclair/typebox/value',
  'drizzle-orm',
  'drizzle-orm/bun-sqlite',
  'drizzle-orm/sqlite-core',
]

const { values } = parseArgs({ options: { target: { type: 'string' }, outfile: { type: 'string' } } })
const outfile = resolve(values.outfile ?? join(checkout.root, 'tmp', 'build', 'flow2api'))
const imports = (entries: readonly (readonly [name: string, path: string])[]) =>
  `{\n${entries.map(([name, path]) => `  ${JSON.stringify(name)}: () => import(${JSON.stringify(path)}),`).join('\n')}\n}`

const entry = join(checkout.root, 'tmp', 'build', 'entry.ts')
await Bun.write(
  entry,
  `import { carried } from '../../kernel/box.ts'
import { run } from '../../kernel/run.ts'

const plugins = ${imports(checkout.ids().map(id => [id, `../../plugins/${id}/index.ts`]))}
const modules = ${imports(SHARED.map(name => [name, name]))}
await run(carried(plugins, modules))
`,
)

/**
 * An HTML import of a plugin becomes the files that a browser gets, small and in parts, and the list of them that Bun
 * hands over as well: left to itself, it puts all of a page into one large script here.
 */
async function pages(html: string): Promise<string> {
  const { outputs } = await Bun.build({
    entrypoints: [html],
    target: 'browser',
    splitting: true,
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
    naming: { entry: '[name]-[hash].[ext]', chunk: '[name]-[hash].[ext]', asset: '[name]-[hash].[ext]' },
    outdir: join(checkout.root, 'tmp', 'build', 'pages'),
  })
  const files = outputs.map(({ path }) => path)
  const imports = files.map((path, n) => `import file${n} from ${JSON.stringify(path)} with { type: 'file' }`)
  const list = files.map((path, n) => `{ name: ${JSON.stringify(basename(path))}, path: file${n} }`)
  return `${imports.join('\n')}\nexport default { files: [${list.join(', ')}] }\n`
}

// One build cannot wait for another one inside of it.
const html = [...new Bun.Glob('plugins/**/*.html').scanSync({ cwd: checkout.root, absolute: true })]
const modules = new Map(await Promise.all(html.map(async path => [path, await pages(path)] as const)))
await mkdir(dirname(outfile), { recursive: true })
const target = values.target ?? `bun-${process.platform}-${process.arch}`
const built = await Bun.build({
  entrypoints: [entry],
  target: 'bun',
  sourcemap: 'inline',
  plugins: [
    {
      name: 'pages',
      setup(builder) {
        builder.onResolve({ filter: /\.html$/ }, ({ path, importer }) => {
          const page = resolve(dirname(importer), path)
          return modules.has(page) ? { path: page.replace(/\.html$/, ''), namespace: 'pages' } : undefined
        })
        builder.onLoad({ filter: /./, namespace: 'pages' }, ({ path }) => ({
          loader: 'js',
          contents: modules.get(`${path}.html`) ?? '',
        }))
      },
    },
  ],
  throw: false,
  // A build for another machine fetches the runtime of that machine.
  compile: { target: target as Bun.Build.CompileTarget, outfile }, // Bun names what it does not know
})
for (const log of built.logs) console.error(String(log))
if (!built.success) process.exit(1)
console.log(`${outfile}  ${(Bun.file(outfile).size / 1e6).toFixed(0)} MB  ${target}`)
