/**
 * `bun run build [--target bun-linux-arm64] [--outfile FILE]`: one executable that needs nothing beside it. It carries
 * the kernel and all built-in plugins, reads `config/` and keeps `data/` and `tmp/` in its own directory, and still loads
 * plugins of others by path or package.
 */
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
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
await mkdir(dirname(outfile), { recursive: true })
const target = values.target ?? `bun-${process.platform}-${process.arch}`
const built = await Bun.build({
  entrypoints: [entry],
  target: 'bun',
  sourcemap: 'inline',
  throw: false,
  // A build for another machine fetches the runtime of that machine.
  compile: { target: target as Bun.Build.CompileTarget, outfile }, // Bun names what it does not know
})
for (const log of built.logs) console.error(String(log))
if (!built.success) process.exit(1)
console.log(`${outfile}  ${(Bun.file(outfile).size / 1e6).toFixed(0)} MB  ${target}`)
