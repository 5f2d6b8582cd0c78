/**
 * `bun run plugin:new NAME [--dir PATH]`: a provider plugin with its test, which serves a picture at once. Without
 * `--dir` it becomes one of the plugins in the box; with it, a package of its own in PATH/NAME.
 */
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkout } from '../../kernel/box.ts'
import { sectionOf } from '../../kernel/configuration.ts'
import { messageOf } from '../../kernel/fault.ts'
import { Loader } from '../../kernel/loader.ts'

const ROOT = resolve(import.meta.dir, '../..')
const TEMPLATE = join(import.meta.dir, 'template')
const USAGE = `bun run plugin:new NAME [--dir PATH]

  NAME         small letters, digits and -, a letter first; also the name of its section and of its model
  --dir PATH   makes the package PATH/NAME; without it, plugins/NAME and test/plugins/NAME.test.ts here`

/** Ends the process with what to do. */
function refuse(message: string): never {
  console.error(`${message}\n\n${USAGE}`)
  return process.exit(2)
}

function options(): { readonly name: string; readonly dir: string | undefined } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { dir: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    })
    if (values.help) {
      console.log(USAGE)
      process.exit(0)
    }
    const [name, ...more] = positionals
    if (name === undefined || more.length > 0) return refuse('Say one name.')
    return { name, dir: values.dir }
  } catch (cause) {
    return refuse(messageOf(cause))
  }
}

/** What has a meaning in the settings already. */
async function taken(): Promise<ReadonlyMap<string, string>> {
  const names = new Map<string, string>([['contracts', 'the folder of the contracts']])
  for (const name of ['kernel', 'server', 'database', 'plugins']) names.set(name, 'the kernel')
  const loader = new Loader(join(ROOT, 'tmp'))
  for (const id of checkout.ids()) {
    names.set(id, `the plugin "${id}"`)
    const loaded = await loader.load({ id, use: null, baseDir: ROOT })
    if (loaded.isErr()) continue
    const { definition } = loaded.value
    for (const section of [sectionOf(id, definition), ...Object.keys(definition.sections)])
      if (section !== undefined) names.set(section, `the plugin "${id}"`)
  }
  return names
}

/** File → text, for a package anywhere. */
const packageFiles = (name: string): Readonly<Record<string, unknown>> => ({
  'package.json': {
    name: `flow2api-provider-${name}`,
    version: '0.1.0',
    type: 'module',
    exports: './index.ts',
    // Optional: the gateway lends itself to its plugins, and need not be installed beside them.
    peerDependencies: { flow2api: '*' },
    peerDependenciesMeta: { flow2api: { optional: true } },
  },
  'tsconfig.json': {
    compilerOptions: {
      target: 'ESNext',
      module: 'Preserve',
      moduleResolution: 'bundler',
      types: [join(ROOT, 'node_modules/bun-types')],
      strict: true,
      noUncheckedIndexedAccess: true,
      exactOptionalPropertyTypes: true,
      verbatimModuleSyntax: true,
      allowImportingTsExtensions: true,
      resolveJsonModule: true,
      skipLibCheck: true,
      noEmit: true,
      paths: {
        'flow2api/plugin': [join(ROOT, 'kernel/plugin.ts')],
        'flow2api/contracts': [join(ROOT, 'plugins/contracts/index.ts')],
        'flow2api/testing': [join(ROOT, 'test/kit/index.ts')],
      },
    },
    files: ['index.ts', 'index.test.ts', join(ROOT, 'kernel/types.d.ts')],
  },
})

const { name, dir } = options()
if (!/^[a-z][a-z0-9-]{0,38}[a-z0-9]$/.test(name))
  refuse(`"${name}" cannot be the name of a plugin: small letters, digits and - are allowed, a letter first.`)
const owner = (await taken()).get(name)
if (owner !== undefined) refuse(`"${name}" belongs to ${owner} already. Take another name.`)

const inside = dir === undefined || resolve(dir) === join(ROOT, 'plugins')
const home = join(inside ? join(ROOT, 'plugins') : resolve(dir), name)
const test = inside ? join(ROOT, 'test/plugins', `${name}.test.ts`) : join(home, 'index.test.ts')
for (const path of [home, test])
  if (existsSync(path)) refuse(`${path} is there already. Take another name, or remove it.`)

const template = async (file: string) => (await Bun.file(join(TEMPLATE, file)).text()).replaceAll('sample', name)
const plugin = relative(dirname(test), join(home, 'index.ts'))
const files: Readonly<Record<string, string>> = {
  [join(home, 'index.ts')]: await template('index.ts'),
  [join(home, 'README.md')]: await template('README.md'),
  [test]: (await template('index.test.ts')).replace('./index.ts', plugin.startsWith('.') ? plugin : `./${plugin}`),
  ...(!inside &&
    Object.fromEntries(
      Object.entries(packageFiles(name)).map(([file, value]) => [
        join(home, file),
        `${JSON.stringify(value, null, 2)}\n`,
      ]),
    )),
}
for (const [path, text] of Object.entries(files)) {
  await mkdir(dirname(path), { recursive: true })
  await Bun.write(path, text)
}
console.log(`Made ${Object.keys(files).join('\n     ')}

Test it:     bun test ${test}
Declare it:  [plugins]
             ${name} = ${inside ? 'true' : `{ use = ${JSON.stringify(join(home, 'index.ts'))} }`}
Ask it:      POST /v1/images/generations {"model": "${name}-1", "prompt": "A lighthouse"}
`)
