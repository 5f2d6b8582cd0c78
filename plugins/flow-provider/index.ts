/** Google Labs Flow as an upstream. What it speaks is described in PROTOCOL.md. */
import { Provider } from 'flow2api/contracts'
import { definePlugin } from 'flow2api/plugin'
import { flowProvider } from './provider.ts'
import { configSchema, readSettings } from './settings.ts'

export default definePlugin({
  name: 'flow-provider',
  version: '1.0.0',
  section: 'flow',
  config: configSchema,
  provides: [Provider],
  setup(ctx) {
    ctx.provide(Provider, flowProvider({ settings: readSettings(ctx.config), clock: ctx.clock, random: Math.random }))
  },
})
