/** Google Labs Flow as an upstream. What it speaks is described in PROTOCOL.md. */
import { Provider, Verification } from 'flow2api/contracts'
import { definePlugin } from 'flow2api/plugin'
import { flowProvider } from './provider.ts'
import { configSchema, readSettings } from './settings.ts'

export default definePlugin({
  name: 'flow-provider',
  version: '1.0.0',
  section: 'flow',
  config: configSchema,
  // Sources of verification values, any number of them; this project has none.
  requires: { verification: Verification },
  provides: [Provider],
  setup(ctx) {
    ctx.provide(
      Provider,
      flowProvider({
        id: ctx.id,
        settings: readSettings(ctx.config),
        clock: ctx.clock,
        random: Math.random,
        verification: ctx.deps.verification,
        warn: (fields, message) => ctx.log.warn(fields, message),
      }),
    )
  },
})
