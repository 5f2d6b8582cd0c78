/** Google Labs Flow as an upstream. What it speaks is described in PROTOCOL.md. */
import { Egress, Provider, Verification } from 'flow2api/contracts'
import { Diagnosis, definePlugin, ResultAsync } from 'flow2api/plugin'
import { diagnose } from './diagnosis.ts'
import { flowProvider } from './provider.ts'
import { configSchema, readSettings } from './settings.ts'

export default definePlugin({
  name: 'flow-provider',
  version: '1.0.0',
  section: 'flow',
  config: configSchema,
  // Sources of verification values, any number of them; this project has none.
  requires: { verification: Verification },
  optional: { egress: Egress },
  provides: [Provider, Diagnosis],
  setup(ctx) {
    const settings = readSettings(ctx.config)
    const { clock, optional } = ctx
    ctx.provide(
      Provider,
      flowProvider({
        id: ctx.id,
        settings,
        clock,
        random: Math.random,
        verification: ctx.deps.verification,
        warn: (fields, message) => ctx.log.warn(fields, message),
      }),
    )
    ctx.provide(Diagnosis, {
      check: signal => ResultAsync.fromSafePromise(diagnose(settings, optional.egress.current, clock, signal)),
    })
  },
})
