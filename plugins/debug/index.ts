/** Shows what happens: every request, and who asked whom for what. */
import { definePlugin, Kernel, t } from 'flow2api/plugin'
import { busLine, httpLine } from './lines.ts'

const config = t.Object(
  {
    enabled: t.Boolean({ default: false, description: 'Whether anything is watched at all.' }),
    log_requests: t.Boolean({
      default: true,
      description: 'What is asked: request headers, arguments between plugins.',
    }),
    log_responses: t.Boolean({
      default: true,
      description: 'What is answered: response headers, answers between plugins.',
    }),
    mask_token: t.Boolean({
      default: true,
      description: 'Shows only the ends of secrets. Off: logs hold them in full.',
    }),
  },
  { additionalProperties: false },
)

export default definePlugin({
  name: 'debug',
  version: '1.0.0',
  config,
  requires: { kernel: Kernel },
  setup(ctx) {
    const { enabled, log_requests: requests, log_responses: responses, mask_token: mask } = ctx.config
    if (!enabled || (!requests && !responses)) return
    const settings = { requests, responses, mask }
    // Whoever switches this on wants to see it, whatever the level of the rest.
    const log = ctx.log.child({}, { level: 'debug' })
    if (!mask) log.warn('[debug] mask_token is off: secrets are written to the log')
    const untap = ctx.deps.kernel.tap({
      http(record) {
        const { message, fields } = httpLine(record, settings)
        log.info(fields, message)
      },
      bus(record) {
        if (record.from === ctx.id) return
        const { message, fields } = busLine(record, settings)
        log.debug(fields, message)
      },
    })
    ctx.defer(untap)
  },
})
