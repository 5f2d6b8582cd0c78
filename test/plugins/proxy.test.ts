/** How proxies are written, in which order they are used, and what becomes of those that fail. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseProxy } from '../../plugins/proxy/address.ts'
import { ProxyHealth } from '../../plugins/proxy/health.ts'
import { rendezvous, type Settings, waysOut } from '../../plugins/proxy/order.ts'

const proxy = (text: string) => parseProxy(text)._unsafeUnwrap()

describe('parseProxy', () => {
  test.each([
    ['10.0.0.1:8080', 'http://10.0.0.1:8080'],
    [' 10.0.0.1:8080 ', 'http://10.0.0.1:8080'],
    ['proxy.example:8080:user:pass', 'http://user:pass@proxy.example:8080'],
    ['proxy.example:8080:user:p@s:s', 'http://user:p%40s%3As@proxy.example:8080'],
    ['user:pass@proxy.example:8080', 'http://user:pass@proxy.example:8080'],
    ['http://proxy.example', 'http://proxy.example:80'],
    ['HTTPS://user@Proxy.Example/', 'https://user@proxy.example:443'],
    ['http://us%40er:p%3Ass@proxy.example:3128', 'http://us%40er:p%3Ass@proxy.example:3128'],
    ['http://user:100%@proxy.example:3128', 'http://user:100%25@proxy.example:3128'],
    ['socks5://127.0.0.1:1080', 'socks5://127.0.0.1:1080'],
    ['socks5h://127.0.0.1', 'socks5://127.0.0.1:1080'],
    ['socks://127.0.0.1:9050', 'socks5://127.0.0.1:9050'],
    ['socks5://proxy.example:1080:user:pass', 'socks5://user:pass@proxy.example:1080'],
    ['[::1]:8080', 'http://[::1]:8080'],
    ['socks5://user:pass@[2001:db8::1]:1080', 'socks5://user:pass@[2001:db8::1]:1080'],
  ])('%s is %s', (text, url) => expect(proxy(text).url).toBe(url))

  test.each([
    '',
    'proxy.example',
    'ftp://proxy.example:21',
    'socks4://proxy.example:1080',
    'http://proxy.example:99999',
    'http://proxy.example:0',
    'http://proxy.example:8080/path',
    'http://',
    'host name:8080',
    '::1:8080',
  ])('%p is refused, and the reason says what is allowed', text => {
    expect(parseProxy(text)._unsafeUnwrapErr()).toContain('host:port:user:password')
  })

  test('the masked form shows everything but the password', () => {
    expect(proxy('proxy.example:8080:user:hunter2').masked).toBe('http://user:***@proxy.example:8080')
    expect(proxy('proxy.example:8080').masked).toBe('http://proxy.example:8080')
  })

  test('no password is shown, and none is lost', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' }).filter(password => !/\s/.test(password))
    fc.assert(
      fc.property(text, text, (user, password) => {
        const written = `http://${encodeURIComponent(user.toWellFormed())}:${encodeURIComponent(password.toWellFormed())}@proxy.example:8080`
        const address = proxy(written)
        expect(decodeURIComponent(new URL(address.url).password)).toBe(password.toWellFormed())
        expect(address.masked).toBe(`http://${encodeURIComponent(user.toWellFormed())}:***@proxy.example:8080`)
      }),
    )
  })

  test('reads anything without throwing, and its own output as the same proxy', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.webUrl({ withQueryParameters: true })), text => {
        parseProxy(text).map(address => expect(proxy(address.url)).toEqual(address))
      }),
    )
  })
})

describe('waysOut', () => {
  const own = proxy('own.example:1')
  const main = proxy('main.example:2')
  const pool = ['a.example:3', 'b.example:4', 'c.example:5'].map(proxy)
  const none: Settings = { enabled: false, main: undefined, pool: [], fallback: 'direct' }
  const healthy = () => 0
  const names = (
    want: Parameters<typeof waysOut>[0],
    settings: Settings,
    cooling: (url: string) => number = healthy,
  ) => {
    const { proxies, last } = waysOut(want, settings, cooling)
    return [...proxies.map(({ address, cooling }) => `${address.host}${cooling ? ' cooling' : ''}`), last]
  }
  const anyone = { own: undefined, stickTo: 'account 1' }

  test('without any proxy, and with proxies that are switched off, traffic is direct', () => {
    expect(names(anyone, none)).toEqual(['direct'])
    expect(names(anyone, { ...none, main, pool, fallback: 'none' })).toEqual(['direct'])
  })

  test("the account's own proxy comes first, also where proxies are switched off", () => {
    expect(names({ ...anyone, own }, none)).toEqual(['own.example', 'direct'])
    expect(names({ ...anyone, own }, { ...none, fallback: 'none' })).toEqual(['own.example', 'closed'])
    expect(names({ ...anyone, own }, { ...none, enabled: true, main }).slice(0, 2)).toEqual([
      'own.example',
      'main.example',
    ])
  })

  test('then proxy_url, then the pool, then what fallback says', () => {
    const ways = names(anyone, { enabled: true, main, pool, fallback: 'direct' })
    expect(ways[0]).toBe('main.example')
    expect(ways.slice(1, -1).sort()).toEqual(['a.example', 'b.example', 'c.example'])
    expect(ways.at(-1)).toBe('direct')
  })

  test('one that cools is left out, or comes last where nothing else is allowed', () => {
    const cooling = (url: string) => (url === main.url ? 2_000 : url === pool[1]?.url ? 1_000 : 0)
    expect(names(anyone, { enabled: true, main, pool, fallback: 'direct' }, cooling)).not.toContain('main.example')
    const closed = names(anyone, { enabled: true, main, pool, fallback: 'none' }, cooling)
    expect(closed.slice(2)).toEqual(['b.example cooling', 'main.example cooling', 'closed'])
  })

  test('"none" never ends in a direct connection while proxies are on or the account has one', () => {
    const address = fc.constantFrom(own, main, ...pool)
    const settings = fc.record({
      enabled: fc.boolean(),
      main: fc.option(address, { nil: undefined }),
      pool: fc.array(address),
      fallback: fc.constant('none' as const),
    })
    fc.assert(
      fc.property(settings, fc.option(address, { nil: undefined }), fc.nat(9), (settings, own, until) => {
        const { last } = waysOut({ own, stickTo: '' }, settings, () => until)
        expect(last).toBe(settings.enabled || own ? 'closed' : 'direct')
      }),
    )
  })
})

describe('rendezvous', () => {
  const pool = Array.from({ length: 8 }, (_, index) => proxy(`p${index}.example:80`))

  test('a key keeps its place, and only those of a proxy that left move', () => {
    const gone = pool[3]
    for (let account = 0; account < 200; account++) {
      const [first, second] = rendezvous(`account ${account}`, pool)
      const [without] = rendezvous(
        `account ${account}`,
        pool.filter(address => address !== gone),
      )
      expect(without).toBe(first === gone ? second : first)
    }
  })

  test('keys are spread over the whole pool', () => {
    const used = new Set(Array.from({ length: 200 }, (_, account) => rendezvous(`account ${account}`, pool)[0]))
    expect(used.size).toBe(pool.length)
  })
})

describe('ProxyHealth', () => {
  test('a hard failure leaves a proxy out for a while that doubles up to ten minutes', () => {
    const health = new ProxyHealth()
    let now = 0
    const waits: number[] = []
    for (let failure = 0; failure < 7; failure++) {
      waits.push(health.failed('p', 'hard', now) / 1000)
      now = health.coolingUntil('p', now)
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600])
    expect(health.coolingUntil('p', now)).toBe(0)
    expect(health.coolingUntil('other', 0)).toBe(0)
  })

  test('requests that fail together count once', () => {
    const health = new ProxyHealth()
    expect(health.failed('p', 'hard', 0)).toBe(30_000)
    expect(health.failed('p', 'hard', 10_000)).toBe(20_000)
  })

  test('three broken connections in a row leave it out; a success in between starts the count again', () => {
    const health = new ProxyHealth()
    expect([health.failed('p', 'soft', 0), health.failed('p', 'soft', 0)]).toEqual([0, 0])
    expect(health.succeeded('p')).toBe(true)
    expect([1, 2, 3].map(() => health.failed('p', 'soft', 0))).toEqual([0, 0, 30_000])
    expect(health.succeeded('p')).toBe(true)
    expect(health.coolingUntil('p', 0)).toBe(0)
    expect(health.succeeded('p')).toBe(false)
  })
})
