/** The types carry the rules: each `@ts-expect-error` is a mistake that must not compile (`bun run check` sees to it). */
import { expect, test } from 'bun:test'
import {
  defineCapability,
  defineExtensionPoint,
  definePlugin,
  type Fault,
  okAsync,
  type ResultAsync,
  t,
} from 'flow2api/plugin'

const Clockwork = defineCapability<{ time(): number; readonly brand: string }>('clockwork', 1)
const Bells = defineExtensionPoint<{ ring(): ResultAsync<void, Fault> }>('bells', 1)
const Paint = defineCapability<{ colour(): string }>('paint', 1)

const tower = definePlugin({
  name: 'tower',
  version: '1.0.0',
  config: t.Object({ height_m: t.Number({ default: 10 }) }),
  sections: { roof: t.Object({ tiles: t.Integer({ default: 1 }) }) },
  requires: { clock: Clockwork, bells: Bells },
  optional: { paint: Paint },
  provides: [Paint],
  setup(ctx) {
    const time: () => number = ctx.deps.clock.time
    const height: number = ctx.config.height_m
    const tiles: number = ctx.sections.roof.tiles
    const all: readonly { plugin: string }[] = ctx.deps.bells.all()
    const colour: string | undefined = ctx.optional.paint.current?.colour()
    ctx.provide(Paint, { colour: () => 'red' })

    // @ts-expect-error an undeclared dependency
    void (() => ctx.deps.wind)
    // @ts-expect-error a key that the schema does not have
    void (() => ctx.config.width_m)
    // @ts-expect-error a section that the definition does not name
    void (() => ctx.sections.cellar)
    // @ts-expect-error an optional dependency without a check
    void (() => ctx.optional.paint.current.colour())
    // @ts-expect-error a capability that `provides` does not list
    void (() => ctx.provide(Clockwork, { time: () => 1, brand: 'x' }))
    // @ts-expect-error a service that does not fit its contract
    void (() => ctx.provide(Paint, { colour: () => 7 }))
    // @ts-expect-error handles show methods only
    void (() => ctx.deps.clock.brand)
    // @ts-expect-error the configuration is read-only
    void (() => (ctx.config.height_m = 3))
    return { live: () => void [time, height, tiles, all, colour] }
  },
})

// @ts-expect-error a plugin has a name
void (() => definePlugin({ version: '1.0.0', setup() {} }))

test('a definition is filled in with what was left out', () => {
  const bare = definePlugin({ name: 'bare', version: '1.0.0', setup: () => {} })
  expect(bare).toMatchObject({
    api: 1,
    requires: {},
    optional: {},
    provides: [],
    migrations: [],
    overlap: true,
    sections: {},
  })
  expect(tower.provides).toEqual([Paint])
  expect(okAsync(1)).toBeDefined()
})
