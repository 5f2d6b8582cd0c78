/** The way out: direct, or through HTTP, HTTPS and SOCKS5 proxies. */
import { Egress, GuardedFetch } from 'flow2api/contracts'
import { definePlugin, FaultError, fault, secret, t } from 'flow2api/plugin'
import { type ProxyAddress, parseName, parseProxy } from './address.ts'
import { EgressService } from './egress.ts'
import { Guard } from './guard.ts'
import { ProxyHealth } from './health.ts'
import { SocksBridge } from './socks-bridge.ts'

const config = t.Object(
  {
    proxy_enabled: t.Boolean({ default: false, description: 'Whether proxy_url and pool are used.' }),
    proxy_url: secret(t.String({ default: '', description: 'The proxy of all accounts that have none of their own.' })),
    pool: secret(
      t.Array(t.String(), {
        default: [],
        description: 'Proxies to spread accounts over where proxy_url does not serve.',
      }),
    ),
    fallback: t.Union([t.Literal('direct'), t.Literal('none')], {
      default: 'direct',
      description: 'What happens where no proxy serves: go directly, or not at all.',
    }),
  },
  { additionalProperties: false },
)

export default definePlugin({
  name: 'proxy',
  version: '1.0.0',
  config,
  provides: [Egress, GuardedFetch],
  async setup(ctx) {
    const { proxy_enabled: enabled, proxy_url, pool, fallback } = ctx.config
    const read = (key: string, text: string): ProxyAddress | undefined =>
      parseProxy(text).match(
        address => address,
        problem => {
          // Addresses of a proxy that is switched off must not keep the gateway from starting.
          if (enabled)
            throw new FaultError(
              fault('config_invalid', `proxy.${key}: ${problem}`, { blame: 'gateway', retry: 'never' }),
            )
          ctx.log.warn(`proxy.${key}: ${problem}`)
          return undefined
        },
      )
    const settings = {
      enabled,
      main: proxy_url.trim() === '' ? undefined : read('proxy_url', proxy_url),
      pool: pool.map((text, index) => read(`pool[${index}]`, text)).filter(address => address !== undefined),
      fallback,
    }
    const egress = new EgressService({
      settings,
      // Both outlive a reload: what is known of proxies, and connections that run through the bridge.
      health: await ctx.shared('health', () => new ProxyHealth()),
      bridge: await ctx.shared(
        'socks-bridge',
        () => new SocksBridge(),
        bridge => bridge.close(),
      ),
      clock: ctx.clock,
      log: ctx.log,
      signal: ctx.signal,
    })
    ctx.provide(Egress, { route: want => egress.route(want), parse: text => parseName(text) })
    ctx.provide(GuardedFetch, new Guard({ fetch: (url, init, addresses) => egress.fetchPinned(url, init, addresses) }))
  },
})
