/** Shows what happens: the log as a list and as a stream; and, switched on, every request and who asked whom for what. */
import { Auth, Ring, UpstreamCalled } from 'flow2api/contracts'
import { definePlugin, Kernel, t } from 'flow2api/plugin'
import { Correlation } from './correlation.ts'
import { logRoutes } from './routes.ts'
import { Seat } from './seat.ts'
import { watching } from './watching.ts'

const config = t.Object(
  {
    enabled: t.Boolean({ default: false, description: 'Whether anything is watched at all.' }),
    log_requests: t.Boolean({
      default: true,
      description: 'What is asked: request headers and bodies, arguments between plugins, upstream calls.',
    }),
    log_responses: t.Boolean({
      default: true,
      description: 'What is answered: response headers and bodies, answers between plugins and of upstreams.',
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
  version: '2.0.0',
  config,
  requires: { kernel: Kernel },
  optional: { auth: Auth },
  async setup(ctx) {
    const { enabled, log_requests: requests, log_responses: responses, mask_token: mask } = ctx.config
    const { kernel } = ctx.deps
    // What has been seen outlives a reload.
    const seen = await ctx.shared('seen', () => ({
      ring: new Ring(),
      correlation: new Correlation(),
      logSeat: new Seat(),
      tapSeat: new Seat(),
    }))
    const { ring, correlation, logSeat, tapSeat } = seen
    const lines = { ring, requestOf: (jobId: string) => correlation.requestOf(jobId) }
    ctx.http({
      routes: () => logRoutes({ auth: ctx.optional.auth, lines, clock: ctx.clock, signal: ctx.signal }),
      longLived: true,
    })
    const me = {}
    const leave = () => {
      logSeat.leave(me)
      tapSeat.leave(me)
    }
    ctx.signal.addEventListener('abort', leave, { once: true })
    const on = enabled && (requests || responses)
    // Whoever switches this on wants to see it, whatever the level of the rest.
    const log = ctx.log.child({}, { level: 'debug' })
    const watch = on ? watching({ id: ctx.id, log, correlation, settings: { requests, responses, mask } }) : undefined
    if (watch) {
      if (!mask) log.warn('[debug] mask_token is off: secrets are written to the log')
      ctx.on(UpstreamCalled, call => watch.called(call))
    }
    return {
      live() {
        logSeat.take(me, () => kernel.logLines(line => ring.push(line)))
        tapSeat.take(me, () => (watch ? kernel.tap(watch.tap) : () => {}))
      },
    }
  },
})
