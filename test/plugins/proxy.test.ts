/** How proxies are written, in which order they are used, and what becomes of those that fail. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseProxy } from '../../plugins/proxy/address.ts'
import { type Condition, ProxyHealth } from '../../plugins/proxy/health.ts'
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
    ['st5 10.0.0.1:1080:user:pass', 'socks5://user:pass@10.0.0.1:1080'],
    ['ST5  proxy.example:1080:user:p@s:s/', 'socks5://user:p%40s%3As@proxy.example:1080'],
    ['st5 10.0.0.1:1080', 'socks5://10.0.0.1:1080'],
    ['socks5h 10.0.0.1:1080:user:pass', 'socks5://user:pass@10.0.0.1:1080'],
    ['https proxy.example:8443:user:pass', 'https://user:pass@proxy.example:8443'],
    ['http://proxy.example:8080:user:pass', 'http://user:pass@proxy.example:8080'],
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
    'st5 10.0.0.1',
    'st6 10.0.0.1:1080',
    'constructor://proxy.example:1',
    'proxy.example:8080:user',
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

  test('every notation of an address is the same proxy', () => {
    const host = fc
      .oneof(
        fc.domain(),
        fc.ipV4(),
        fc.ipV6().map(ip => `[${ip}]`),
      )
      .filter(host => URL.canParse(`http://${host}`))
    const port = fc.integer({ min: 1, max: 65_535 })
    const word = fc.string({ minLength: 1, unit: 'grapheme-ascii' }).filter(text => !/[\s:]/.test(text))
    const schemes = fc.constantFrom(['http'], ['https'], ['socks5', 'socks5h', 'st5', 'SOCKS'])
    fc.assert(
      fc.property(schemes, host, port, word, word, (names, host, port, user, password) => {
        const [scheme = ''] = names
        const credentials = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`
        const wanted = proxy(`${scheme}://${credentials}@${host}:${port}`)
        expect(wanted.masked).not.toContain(`:${encodeURIComponent(password)}@`)
        const written = names.flatMap(name => [
          `${name}://${credentials}@${host}:${port}/`,
          `${name} ${host}:${port}:${user}:${password}`,
          ` ${name}\t${host}:${port}:${user}:${password}`,
        ])
        // A final slash of a password cannot be told from that of a URL.
        if (password.endsWith('/')) return
        const plain = scheme === 'http' ? [`${host}:${port}:${user}:${password}`] : []
        for (const text of [...written, ...plain]) expect(proxy(text)).toEqual(wanted)
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
  const none: Settings = { enabled: false, main: undefined, media: undefined, pool: [], fallback: 'direct' }
  const UP: Condition = { state: 'up', until: 0 }
  const cools = (until: number): Condition => ({ state: 'cooling', until })
  const names = (
    want: Parameters<typeof waysOut>[0],
    settings: Settings,
    conditionOf: (url: string) => Condition = () => UP,
  ) => {
    const { proxies, last } = waysOut(want, settings, conditionOf)
    return [
      ...proxies.map(({ address, condition }) => `${address.host}${condition === 'up' ? '' : ` ${condition}`}`),
      last,
    ]
  }
  const anyone = { own: undefined, purpose: 'api', stickTo: 'account 1' } as const

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
    const ways = names(anyone, { ...none, enabled: true, main, pool, fallback: 'direct' })
    expect(ways[0]).toBe('main.example')
    expect(ways.slice(1, -1).sort()).toEqual(['a.example', 'b.example', 'c.example'])
    expect(ways.at(-1)).toBe('direct')
  })

  test('one that cools is left out, or comes last where nothing else is allowed', () => {
    const cooling = (url: string) => (url === main.url ? cools(2_000) : url === pool[1]?.url ? cools(1_000) : UP)
    expect(names(anyone, { ...none, enabled: true, main, pool, fallback: 'direct' }, cooling)).not.toContain(
      'main.example',
    )
    const closed = names(anyone, { ...none, enabled: true, main, pool, fallback: 'none' }, cooling)
    expect(closed.slice(2)).toEqual(['b.example cooling', 'main.example cooling', 'closed'])
  })

  test('one that is half open keeps its place', () => {
    const halfOpen = (url: string): Condition => (url === main.url ? { state: 'half_open', until: 0 } : UP)
    const settings: Settings = { ...none, enabled: true, main, pool: [own] }
    expect(names(anyone, settings, halfOpen)).toEqual(['main.example half_open', 'own.example', 'direct'])
  })

  test('media_proxy_url comes first, for media alone and only while proxies are on', () => {
    const media = proxy('media.example:6')
    const settings: Settings = { ...none, enabled: true, main, media, fallback: 'none' }
    const download = { ...anyone, own, purpose: 'media' } as const
    expect(names(download, settings)).toEqual(['media.example', 'own.example', 'main.example', 'closed'])
    expect(names({ ...anyone, own }, settings)).toEqual(['own.example', 'main.example', 'closed'])
    expect(names(download, { ...settings, enabled: false })).toEqual(['own.example', 'closed'])
    expect(names(download, { ...settings, main: undefined }, url => (url === media.url ? cools(1) : UP))).toEqual([
      'own.example',
      'media.example cooling',
      'closed',
    ])
  })

  test('"none" never ends in a direct connection while proxies are on or the account has one', () => {
    const address = fc.constantFrom(own, main, ...pool)
    const condition = fc.constantFrom('up', 'half_open', 'cooling')
    const purpose = fc.constantFrom('api', 'media')
    const settings = fc.record({
      enabled: fc.boolean(),
      main: fc.option(address, { nil: undefined }),
      media: fc.option(address, { nil: undefined }),
      pool: fc.array(address),
      fallback: fc.constant('none' as const),
    })
    fc.assert(
      fc.property(
        settings,
        fc.option(address, { nil: undefined }),
        condition,
        purpose,
        (settings, own, state, purpose) => {
          const { last } = waysOut({ own, purpose, stickTo: '' }, settings, () => ({ state, until: 1 }))
          expect(last).toBe(settings.enabled || own ? 'closed' : 'direct')
        },
      ),
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
  const HALF_OPEN: Condition = { state: 'half_open', until: 0 }
  const UP: Condition = { state: 'up', until: 0 }

  test('a hard failure leaves a proxy out for a while that doubles up to ten minutes', () => {
    const health = new ProxyHealth()
    let now = 0
    const waits: number[] = []
    for (let failure = 0; failure < 7; failure++) {
      waits.push(health.failed('p', 'hard', now) / 1000)
      now = health.condition('p', now).until
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600])
    expect(health.condition('p', now - 1)).toEqual({ state: 'cooling', until: now })
    expect(health.condition('p', now)).toEqual(HALF_OPEN)
    expect(health.condition('other', 0)).toEqual(UP)
  })

  test('requests that fail together count once', () => {
    const health = new ProxyHealth()
    expect(health.failed('p', 'hard', 0)).toBe(30_000)
    expect(health.failed('p', 'hard', 10_000)).toBe(20_000)
    expect(health.standing('p', 10_000)).toMatchObject({ state: 'cooling', since: 0, until: 30_000, failures: 2 })
  })

  test('three broken connections in a row leave it out; a success in between starts the count again', () => {
    const health = new ProxyHealth()
    expect([health.failed('p', 'soft', 0), health.failed('p', 'soft', 0)]).toEqual([0, 0])
    expect(health.succeeded('p', 0)).toBe(true)
    expect([1, 2, 3].map(() => health.failed('p', 'soft', 0))).toEqual([0, 0, 30_000])
    expect(health.succeeded('p', 0)).toBe(true)
    expect(health.condition('p', 0)).toEqual(UP)
    expect(health.succeeded('p', 0)).toBe(false)
  })

  test('half open, one request at a time finds out, and one failure is enough', () => {
    const health = new ProxyHealth()
    health.failed('p', 'hard', 0)
    expect(health.claim('p', 29_999)).toBe(false)
    expect(health.claim('p', 30_000)).toBe(true)
    expect(health.claim('p', 30_000)).toBe(false)
    expect(health.condition('p', 30_000).state).toBe('cooling')
    expect(health.standing('p', 30_000)?.state).toBe('half_open')
    // Whoever found nothing out, or never came back, makes room for another.
    health.release('p')
    expect(health.claim('p', 30_001)).toBe(true)
    expect(health.claim('p', 60_001)).toBe(true)
    expect(health.failed('p', 'soft', 60_002)).toBe(60_000)
    expect(health.claim('p', 60_003)).toBe(false)
    expect(health.claim('p', 120_002)).toBe(true)
    expect(health.succeeded('p', 120_003)).toBe(true)
    expect(health.standing('p', 120_003)).toMatchObject({ state: 'up', since: 120_003, requests: 1, failures: 2 })
  })

  test('an answer to what began before the failure does not bring it back', () => {
    const health = new ProxyHealth()
    health.failed('p', 'hard', 1_000)
    expect(health.succeeded('p', 2_000, 999)).toBe(false)
    expect(health.standing('p', 2_000)).toMatchObject({ state: 'cooling', requests: 1 })
    expect(health.succeeded('p', 2_000, 1_000)).toBe(true)
    expect(health.condition('p', 2_000)).toEqual(UP)
  })

  test('whatever happens, at most one probe is under way, and a proxy comes back in the end', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constantFrom('hard', 'soft', 'ok', 'claim', 'release') }),
      fc.record({ do: fc.constant('wait'), ms: fc.nat(700_000) }),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), steps => {
        const health = new ProxyHealth()
        let now = 0
        for (const step of steps) {
          if ('ms' in step) now += step.ms
          else if (step.do === 'ok') health.succeeded('p', now)
          else if (step.do === 'release') health.release('p')
          else if (step.do === 'claim') {
            const free = health.condition('p', now).state
            expect(health.claim('p', now)).toBe(free !== 'cooling')
            if (free === 'half_open') expect(health.claim('p', now)).toBe(false)
          } else expect(health.failed('p', step.do === 'hard' ? 'hard' : 'soft', now)).toBeLessThanOrEqual(600_000)
          const { state, until } = health.condition('p', now)
          if (state === 'cooling') expect(until).toBeGreaterThan(now)
          expect(health.condition('p', now + 600_000).state).not.toBe('cooling')
        }
      }),
    )
  })

  test('what was not used for long is forgotten', () => {
    const health = new ProxyHealth()
    health.succeeded('old', 1_000)
    health.succeeded('new', 5_000)
    health.prune(5_000)
    expect(health.standing('old', 5_000)).toBeUndefined()
    expect(health.standing('new', 5_000)).toBeDefined()
  })
})
