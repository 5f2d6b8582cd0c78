/** What the whole gateway shows to Prometheus, and the shipped dashboard and rules that are built on it. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Inside, startInside } from '../fixtures/inside.ts'

const EXAMPLES = join(import.meta.dir, '../../config/examples')
const RULES = join(EXAMPLES, 'prometheus-rules.yml')
const noPromtool = Bun.which('promtool') ? null : 'SKIPPED: promtool is not installed (apt-get install prometheus)'

let world: Inside
let shown: string
beforeAll(async () => {
  world = await startInside()
  for (const prompt of ['A harbour', ''])
    await world.whileTimePasses(
      world.call('/v1/images/generations', {
        method: 'POST',
        body: JSON.stringify({ model: 'gemini-3.0-pro-image', prompt, response_format: 'url' }),
      }),
    )
  await world.call('/admin/reload-config', { method: 'POST' })
  await world.clock.advance(60_000)
  shown = await (await world.call('/metrics')).text()
})
afterAll(() => world[Symbol.asyncDispose]())

/** Runs it with a file of its own; answers what it complains of. */
async function promtool(command: readonly string[], file: string, text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'flow2api-promtool-'))
  try {
    const path = join(dir, file)
    await Bun.write(path, text)
    const stdin = command.includes('metrics') ? Bun.file(path) : null
    const ran = Bun.spawnSync(['promtool', ...command, ...(stdin ? [] : [path])], { stdin, stderr: 'pipe' })
    return ran.exitCode === 0 ? '' : `${ran.stdout}${ran.stderr}`
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}
const dashboard = async (): Promise<readonly Panel[]> =>
  (await Bun.file(join(EXAMPLES, 'grafana-dashboard.json')).json()).panels

/** Names of metrics in an expression. */
const namesIn = (expr: string): readonly string[] => expr.match(/\b(flow2api|process)_[a-z0-9_]+/g) ?? []

function missingIn(exprs: readonly string[]): readonly string[] {
  const families = new Map([...shown.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type]) => [name, type]))
  const exists = (name: string) => {
    const base = name.replace(/_(bucket|sum|count)$/, '')
    return families.has(name) || families.get(base) === 'histogram'
  }
  return [...new Set(exprs.flatMap(namesIn))].filter(name => !exists(name))
}

describe(`Prometheus${noPromtool ? ` (${noPromtool})` : ''}`, () => {
  test.skipIf(noPromtool !== null)('reads what the gateway shows, without a complaint', async () => {
    expect(shown).toContain('flow2api_generations_total{')
    expect(shown).toContain('flow2api_cache_files 1')
    expect(await promtool(['check', 'metrics'], 'metrics', shown)).toBe('')
    expect(await promtool(['check', 'metrics'], 'metrics', 'no metric {')).not.toBe('')
  })

  test.skipIf(noPromtool !== null)('takes the rules', async () => {
    expect(await promtool(['check', 'rules'], 'rules.yml', await Bun.file(RULES).text())).toBe('')
  })

  test.skipIf(noPromtool !== null)('understands every expression of the dashboard', async () => {
    const exprs = (await dashboard()).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
    const rules = exprs.map((expr, index) => ({
      record: `panel:${index}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }))
    expect(rules.length).toBeGreaterThan(30)
    const file = JSON.stringify({ groups: [{ name: 'panels', rules }] })
    expect(await promtool(['check', 'rules'], 'panels.yml', file)).toBe('')
  })
})

describe('every metric exists', () => {
  test('that a panel of the dashboard names', async () => {
    for (const { title, targets = [] } of await dashboard()) {
      const exprs = targets.map(({ expr }) => expr)
      expect(missingIn(exprs), title).toEqual([])
      expect(targets.length === 0 || exprs.flatMap(namesIn).length > 0, title).toBe(true)
    }
  })

  test('that a rule names', async () => {
    const text = await Bun.file(RULES).text()
    expect(namesIn(text).length).toBeGreaterThan(15)
    expect(missingIn([text])).toEqual([])
  })

  test('and one that does not would be noticed', () => {
    expect(missingIn(['rate(flow2api_generations[5m]) + flow2api_queue_units_count'])).toEqual([
      'flow2api_generations',
      'flow2api_queue_units_count',
    ])
  })
})
