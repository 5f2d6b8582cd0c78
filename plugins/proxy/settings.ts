/** The section [proxy], and what is made of it. */
import { FaultError, fault, type Logger, type Static, secret, t } from 'flow2api/plugin'
import { type ProxyAddress, parseProxy } from './address.ts'
import type { Settings } from './order.ts'

export const ProxySettings = t.Object(
  {
    proxy_enabled: t.Boolean({ default: false, description: 'Whether the proxies of this section are used.' }),
    proxy_url: secret(t.String({ default: '', description: 'The proxy of all accounts that have none of their own.' })),
    media_proxy_url: secret(
      t.String({ default: '', description: 'Pictures and videos are downloaded through this one instead.' }),
    ),
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
    test_url: t.String({
      default: 'https://www.cloudflare.com/cdn-cgi/trace',
      pattern: '^https?://',
      description:
        'What the test of a proxy asks for. One that answers with the IP address of its caller shows the exit.',
    }),
  },
  { additionalProperties: false },
)

/** Throws where an address that is in use cannot be read. */
export function readSettings(config: Static<typeof ProxySettings>, log: Logger): Settings {
  const { proxy_enabled: enabled, fallback } = config
  const read = (key: string, text: string): ProxyAddress | undefined =>
    parseProxy(text).match(
      address => address,
      problem => {
        // Addresses of a proxy that is switched off must not keep the gateway from starting.
        if (enabled)
          throw new FaultError(
            fault('config_invalid', `proxy.${key}: ${problem}`, { blame: 'gateway', retry: 'never' }),
          )
        log.warn(`proxy.${key}: ${problem}`)
        return undefined
      },
    )
  const one = (key: 'proxy_url' | 'media_proxy_url') => (config[key].trim() === '' ? undefined : read(key, config[key]))
  const settings: Settings = {
    enabled,
    main: one('proxy_url'),
    media: one('media_proxy_url'),
    pool: config.pool.map((text, at) => read(`pool[${at}]`, text)).filter(address => address !== undefined),
    fallback,
  }
  if (enabled && fallback === 'none' && !settings.main && settings.pool.length === 0)
    log.warn('proxy: fallback is "none" and neither proxy_url nor pool is set, so most requests are refused')
  return settings
}
