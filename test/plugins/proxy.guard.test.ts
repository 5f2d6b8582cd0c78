/** Addresses that somebody else chose: what is refused, and that nothing gets around it. */
import { afterEach, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { createTestKernel } from '../../kernel/testing.ts'
import auth from '../../plugins/auth/index.ts'
import { GuardedFetch, type GuardedWant } from '../../plugins/contracts/index.ts'
import { Guard } from '../../plugins/proxy/guard.ts'
import proxy from '../../plugins/proxy/index.ts'
import { isPublic } from '../../plugins/proxy/public-address.ts'
import { startEgress } from '../fixtures/egress.ts'
import { LOOPBACK_TLS } from '../fixtures/loopback-tls.ts'
import { closedPort, startHttpProxy, startRawServer, startTarget } from '../fixtures/proxies.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})
async function use<T extends AsyncDisposable>(made: T | Promise<T>): Promise<T> {
  const it = await made
  closers.push(() => it[Symbol.asyncDispose]())
  return it
}

/** Stands for the public internet in these tests; all else on loopback stays private. */
const PUBLIC = '127.0.0.1'
const PRIVATE = '127.0.0.2'

interface Setup {
  /** Answers to the lookups of a name, in order; the last one stays. */
  readonly names?: Readonly<Record<string, readonly (readonly string[])[]>>
  readonly proxyUrl?: string
}

function guard({ names = {}, proxyUrl }: Setup = {}) {
  const lookups: string[] = []
  const { service: egress, log } = startEgress({
    enabled: proxyUrl !== undefined,
    main: proxyUrl,
    fallback: proxyUrl === undefined ? 'direct' : 'none',
  })
  const it = new Guard({
    fetch: (url, init, addresses) => egress.fetchPinned(url, { ...init, ...trust(init) }, addresses),
    isPublic: address => address === PUBLIC || isPublic(address),
    resolve: async host => {
      const answers = names[host]
      const answer = answers?.[Math.min(lookups.filter(name => name === host).length, answers.length - 1)]
      lookups.push(host)
      if (!answer) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
      return answer
    },
  })
  return { it, lookups, log }
}

/** So that the certificate of these tests counts. The type of the standard does not know Bun's own option. */
const trust = (init: RequestInit): RequestInit =>
  ({
    tls: { ...('tls' in init && typeof init.tls === 'object' ? init.tls : {}), ca: LOOPBACK_TLS.cert },
  }) as RequestInit

const want = (more: Partial<GuardedWant> = {}): GuardedWant => ({
  signal: AbortSignal.timeout(5000),
  maxBytes: 1000,
  ...more,
})
const get = async (it: GuardedFetch, url: string, more: Partial<GuardedWant> = {}) =>
  (await it.fetch(url, want(more))).match(
    ({ status, mime, bytes }) => `${status} ${mime} ${new TextDecoder().decode(bytes)}`,
    ({ code, message }) => `${code}: ${message}`,
  )
const portOf = (url: string) => new URL(url).port
const answer = (body: string, headers: Record<string, string> = {}, status = 200) =>
  new Response(body, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } })

/** A server on the private address: nothing may ever arrive there. */
function inside(port = 0) {
  const seen: string[] = []
  const server = Bun.serve({
    hostname: PRIVATE,
    port,
    fetch: request => {
      seen.push(request.url)
      return answer('inside')
    },
  })
  closers.push(() => server.stop(true))
  return { seen, url: `http://${PRIVATE}:${server.port}` }
}

describe('public addresses', () => {
  test('are fetched, with the name in Host', async () => {
    const target = await use(startTarget(request => answer(`for ${request.headers.get('host')}`)))
    const { it } = guard({ names: { 'pictures.example': [[PUBLIC]] } })
    const host = `pictures.example:${portOf(target.url)}`
    expect(await get(it, `http://${host}/cat`)).toBe(`200 text/plain for ${host}`)
  })

  test('over TLS the certificate must be that of the name', async () => {
    const target = await use(startTarget(() => answer('secret')))
    const { it } = guard({ names: { 'target.test': [[PUBLIC]], 'other.test': [[PUBLIC]] } })
    const port = portOf(target.tlsUrl)
    expect(await get(it, `https://target.test:${port}/`)).toBe('200 text/plain secret')
    expect(await get(it, `https://target.test.:${port}/`)).toBe(
      'upstream_unreachable: The name target.test. could not be resolved (ENOTFOUND). Check its spelling.',
    )
    expect(await get(it, `https://other.test:${port}/`)).toContain('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(target.requests).toHaveLength(1)
  })

  test('an address that takes no connection is passed over', async () => {
    const target = await use(startTarget(() => answer('second')))
    const { it } = guard({ names: { 'two.example': [['2001:db8::1', '127.0.0.3', PUBLIC]] } })
    const open = new Guard({
      fetch: (url, init, addresses) => {
        expect(addresses).toEqual(['127.0.0.3', PUBLIC, '2001:db8::1'])
        return direct().fetchPinned(url, init, addresses)
      },
      isPublic: () => true,
      resolve: async () => ['2001:db8::1', '127.0.0.3', PUBLIC],
    })
    expect(await get(open, `http://two.example:${portOf(target.url)}/`)).toBe('200 text/plain second')
    expect(await get(it, `http://two.example:${portOf(target.url)}/`)).toStartWith('url_refused')
  })

  test('a POST sends its body and headers, and error statuses are answers', async () => {
    const target = await use(
      startTarget(async request => answer(`${request.headers.get('x-mark')} ${await request.text()}`, {}, 410)),
    )
    const more = { method: 'POST', body: 'news', headers: { 'x-mark': 'mark', host: 'forged' } } as const
    expect(await get(guard().it, target.url, more)).toBe('410 text/plain mark news')
  })
})

const direct = () => startEgress({ enabled: false }).service

describe('private addresses', () => {
  test('one private address among the public ones is enough to refuse a name', async () => {
    const { seen, url } = inside()
    const { it } = guard({ names: { 'mixed.example': [[PUBLIC, PRIVATE]], 'empty.example': [[]] } })
    expect(await get(it, `http://mixed.example:${portOf(url)}/`)).toStartWith('url_refused: mixed.example')
    expect(await get(it, `http://empty.example:${portOf(url)}/`)).toStartWith('url_refused: empty.example')
    expect(seen).toEqual([])
  })

  test('a name that changes after it was checked leads nowhere else', async () => {
    const target = await use(startTarget(() => answer('outside')))
    const port = Number(portOf(target.url))
    const { seen } = inside(port)
    const { it, lookups } = guard({ names: { 'rebind.example': [[PUBLIC], [PRIVATE]] } })
    expect(await get(it, `http://rebind.example:${port}/`)).toBe('200 text/plain outside')
    expect(lookups).toEqual(['rebind.example'])
    expect(await get(it, `http://rebind.example:${port}/`)).toStartWith('url_refused')
    expect(seen).toEqual([])
  })

  test('a redirect is checked anew, name by name', async () => {
    const { seen, url } = inside()
    for (const to of [url, `http://inside.example:${portOf(url)}/`, `//${PRIVATE}:${portOf(url)}/`]) {
      const target = await use(startTarget(() => new Response(null, { status: 302, headers: { location: to } })))
      const { it } = guard({ names: { 'inside.example': [[PRIVATE]] } })
      expect(await get(it, target.url)).toStartWith('url_refused')
    }
    expect(seen).toEqual([])
  })

  test('are fetched where the settings allow it', async () => {
    const { url } = inside()
    expect(await get(guard().it, url)).toStartWith('url_refused')
    expect(await get(guard().it, url, { allowPrivate: true })).toBe('200 text/plain inside')
  })

  test.each([
    'ftp://files.example/',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    'javascript:alert(1)',
    'nonsense',
    '',
    'http://',
    'http://user@pictures.example/',
    'http://:hunter2@pictures.example/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://deep.localhost:8000/',
    'http://127.2/',
    'http://0x7f.2/',
    'http://017700000002/',
    'http://2130706434/',
    'http://127.0.0.2./',
    'http://%31%32%37.0.0.2/',
    'http://１２７.0.0.2/',
    'http://[::1]/',
    'http://[::]/',
    'http://[::ffff:10.0.0.1]/',
    'http://[::10.0.0.1]/',
    'http://[64:ff9b::a00:1]/',
    'http://[2002:a00:1::]/',
    'http://[fe80::1]/',
    'http://[fd12::1]/',
    'http://[fec0::1]/',
    'http://[ff02::1]/',
    'http://0.0.0.0/',
    'http://169.254.169.254/latest/meta-data/',
    'http://100.64.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
  ])('%s is refused without any network', async url => {
    const { it, lookups } = guard()
    const faults = [(await it.check(url))._unsafeUnwrapErr(), (await it.fetch(url, want()))._unsafeUnwrapErr()]
    for (const fault of faults) {
      expect(fault).toMatchObject({ code: 'url_refused', blame: 'request', retry: 'never' })
      expect(fault.message).not.toContain('hunter2')
    }
    expect(lookups).toEqual([])
  })

  test('a check lets names and public addresses pass, private ones where they are allowed', async () => {
    const { it, lookups } = guard()
    for (const url of ['https://pictures.example/a?b#c', 'http://8.8.8.8:25/', 'https://[2606:4700::1111]/'])
      expect((await it.check(url)).isOk()).toBe(true)
    expect((await it.check('http://10.0.0.1/', true)).isOk()).toBe(true)
    expect((await it.check('file:///etc/passwd', true)).isErr()).toBe(true)
    expect(lookups).toEqual([])
  })

  const octet = fc.integer({ min: 0, max: 255 })
  /** Blocks that are never public, as the first octets. */
  const privateV4 = fc
    .oneof(
      fc.constantFrom([0], [10], [127], [169, 254], [192, 168], [198, 18], [198, 19]),
      fc.integer({ min: 16, max: 31 }).map(second => [172, second]),
      fc.integer({ min: 64, max: 127 }).map(second => [100, second]),
      fc.integer({ min: 224, max: 255 }).map(first => [first]),
    )
    .chain(head => fc.tuple(octet, octet, octet, octet).map(tail => [...head, ...tail].slice(0, 4)))
  const NOTATIONS: readonly ((octets: readonly number[]) => string)[] = [
    octets => octets.join('.'),
    octets => octets.map(one => `0x${one.toString(16)}`).join('.'),
    octets => octets.map(one => `0${one.toString(8)}`).join('.'),
    octets => String(whole(octets)),
    octets => `0x${whole(octets).toString(16)}`,
    octets => `0${whole(octets).toString(8)}`,
    octets => `${octets[0]}.${whole(octets.slice(1))}`,
    octets => `${octets[0]}.${octets[1]}.${whole(octets.slice(2))}`,
    octets => `[::ffff:${octets.join('.')}]`,
    octets => `[::ffff:${hex(octets)}]`,
    octets => `[0:0:0:0:0:ffff:${hex(octets)}]`,
    octets => `[::${hex(octets)}]`,
    octets => `[64:ff9b::${hex(octets)}]`,
    octets => `[::ffff:0:${hex(octets)}]`,
    octets => `[2002:${hex(octets)}::1]`,
    octets => `${octets.join('.')}.`,
    octets => [...octets.join('.')].map(char => `%${char.charCodeAt(0).toString(16)}`).join(''),
  ]
  const whole = (octets: readonly number[]) => octets.reduce((sum, one) => sum * 256 + one, 0)
  const hex = (octets: readonly number[]) =>
    [octets.slice(0, 2), octets.slice(2)].map(pair => whole(pair).toString(16)).join(':')

  test('whatever notation they are written in', async () => {
    const it = new Guard({ fetch: () => expect.unreachable(), resolve: () => expect.unreachable() })
    await fc.assert(
      fc.asyncProperty(privateV4, fc.constantFrom(...NOTATIONS), async (octets, notation) => {
        const url = `http://${notation(octets)}/`
        expect(URL.canParse(url)).toBe(true)
        expect((await it.fetch(url, want()))._unsafeUnwrapErr().code).toBe('url_refused')
      }),
      { numRuns: 500 },
    )
  })

  test('and whatever a resolver answers', async () => {
    const address = fc.oneof(
      privateV4.map(octets => octets.join('.')),
      privateV4.map(octets => `::ffff:${octets.join('.')}`),
      privateV4.map(octets => `64:ff9b::${hex(octets)}`),
      fc
        .tuple(fc.constantFrom('fe80', 'fc00', 'fd99', 'fec0', 'ff05', '0', '1', '3fff', '4000', '5f00', '2002'), octet)
        .map(([head, tail]) => `${head}::${tail.toString(16)}`),
      fc.constantFrom('::', 'fe80::1%eth0', '', 'nonsense'),
    )
    await fc.assert(
      fc.asyncProperty(address, async found => {
        const it = new Guard({ fetch: () => expect.unreachable(), resolve: async () => ['8.8.8.8', found] })
        expect((await it.fetch('http://name.example/', want()))._unsafeUnwrapErr().code).toBe('url_refused')
      }),
      { numRuns: 300 },
    )
  })
})

describe('redirects', () => {
  test('are followed at most five times', async () => {
    const chain = (length: number) =>
      startTarget(request => {
        const step = Number(new URL(request.url).pathname.slice(1))
        return step === length ? answer('arrived') : Response.redirect(`/${step + 1}`, 307)
      })
    const [five, six] = [await use(chain(5)), await use(chain(6))]
    expect(await get(guard().it, `${five.url}/0`)).toBe('200 text/plain arrived')
    expect(await get(guard().it, `${six.url}/0`)).toContain('redirects more than 5 times')
    expect(six.requests).toHaveLength(6)
  })

  test('not in a circle, not from https to http, not with credentials, not to nowhere', async () => {
    const plain = await use(startTarget())
    const to = (location: string | null, status = 302) =>
      use(startTarget(() => new Response(null, { status, headers: location === null ? {} : { location } })))
    const { it } = guard({ names: { localhost: [[PUBLIC]], 'target.test': [[PUBLIC]] } })
    expect(await get(it, (await to('/')).url)).toContain('more than 5 times')
    const secure = `https://target.test:${portOf((await to(plain.url)).tlsUrl)}/`
    expect(await get(it, secure)).toContain('from https to http')
    expect(await get(it, (await to('http://u:p@8.8.8.8/')).url)).toContain('user name or password')
    expect(await get(it, (await to('ftp://8.8.8.8/')).url)).toContain('Only http:// and https://')
    expect(await get(it, (await to('http://[half')).url)).toStartWith('url_refused')
    expect(await get(it, (await to(null)).url)).toContain('nowhere to go')
    expect(await get(it, (await to(null, 304)).url)).toContain('nowhere to go')
    expect(plain.requests).toEqual([])
  })

  test('what is sent is not sent on', async () => {
    const end = await use(startTarget())
    for (const status of [301, 302, 303, 307, 308]) {
      const target = await use(startTarget(() => new Response(null, { status, headers: { location: end.url } })))
      expect(await get(guard().it, target.url, { method: 'POST', body: 'x' })).toStartWith('url_refused')
    }
    expect(end.requests).toEqual([])
  })

  test('headers for one origin stay with it', async () => {
    const show = (request: Request) =>
      answer(`${request.headers.get('authorization')} ${request.headers.get('accept')}`)
    const end = await use(startTarget(show))
    const hop = await use(
      startTarget(request =>
        request.url.endsWith('/same')
          ? show(request)
          : Response.redirect(request.url.endsWith('/a') ? '/same' : end.url),
      ),
    )
    const headers = { Authorization: 'Bearer x', Accept: 'image/*' }
    expect(await get(guard().it, `${hop.url}/a`, { headers })).toBe('200 text/plain Bearer x image/*')
    expect(await get(guard().it, `${hop.url}/b`, { headers })).toBe('200 text/plain null image/*')
  })
})

describe('what comes back', () => {
  test('too large by its own word is refused unread', async () => {
    const target = await use(startTarget(() => answer('x'.repeat(1001))))
    expect(await get(guard().it, target.url)).toContain('larger than 1000 bytes')
    expect(await get(guard().it, target.url, { maxBytes: 1001 })).toStartWith('200')
  })

  test('too large without a word is cut, and the connection let go', async () => {
    let sent = 0
    const gone = Promise.withResolvers<void>()
    const endless = () =>
      new ReadableStream({
        async pull(controller) {
          sent += 100
          controller.enqueue(new Uint8Array(100))
          await Bun.sleep(1)
        },
        cancel: () => gone.resolve(),
      })
    const target = await use(startTarget(() => new Response(endless())))
    expect(await get(guard().it, target.url)).toContain('larger than 1000 bytes')
    await gone.promise
    expect(sent).toBeLessThan(100_000)
  })

  test('compressed to be small is counted unpacked', async () => {
    const bomb = gzipSync(new Uint8Array(50_000_000))
    const target = await use(startTarget(() => new Response(bomb, { headers: { 'content-encoding': 'gzip' } })))
    expect(await get(guard().it, target.url, { maxBytes: 100_000 })).toContain('larger than 100000 bytes')
  })

  test('the wrong type is refused; an error is an answer whatever its type', async () => {
    const target = await use(
      startTarget(request => {
        const [, status, ...type] = new URL(request.url).pathname.split('/')
        return new Response('body', { status: Number(status), headers: { 'content-type': type.join('/') } })
      }),
    )
    const types = ['image/', 'video/mp4']
    expect(await get(guard().it, `${target.url}/200/IMAGE/png`, { types })).toBe('200 image/png body')
    expect(await get(guard().it, `${target.url}/200/video/mp4`, { types })).toBe('200 video/mp4 body')
    expect(await get(guard().it, `${target.url}/200/video/mp4v`, { types })).toContain('the type video/mp4v')
    expect(await get(guard().it, `${target.url}/200/text/html`, { types })).toContain('image/ or video/mp4 is expected')
    expect(await get(guard().it, `${target.url}/404/text/html`, { types })).toBe('404 text/html body')
    const bare = await use(startRawServer(socket => void socket.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx')))
    expect(await get(guard().it, `http://${bare.place}/`, { types })).toContain('without a type')
    expect(await get(guard().it, `http://${bare.place}/`)).toBe('200  x')
  })
})

describe('time and failure', () => {
  test('the signal ends looking up, waiting and reading', async () => {
    const silent = await use(startRawServer())
    const half = await use(startRawServer(socket => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx')))
    const hanging = new Guard({ fetch: () => expect.unreachable(), resolve: () => new Promise(() => {}) })
    const cases = [
      [hanging, 'http://slow.example/'],
      [guard().it, `http://${silent.place}/`],
      [guard().it, `http://${half.place}/`],
    ] as const
    for (const [it, url] of cases) {
      expect(await get(it, url, { signal: AbortSignal.timeout(30) })).toStartWith('upstream_timeout')
      const caller = new AbortController()
      const answered = get(it, url, { signal: caller.signal })
      setTimeout(() => caller.abort(), 20)
      expect(await answered).toStartWith('cancelled')
      expect(await get(it, url, { signal: caller.signal })).toStartWith('cancelled')
    }
  })

  test('names that do not exist, ports that are closed and answers that break off are egress faults', async () => {
    const { it } = guard()
    expect(await get(it, 'http://nowhere.example/')).toBe(
      'upstream_unreachable: The name nowhere.example could not be resolved (ENOTFOUND). Check its spelling.',
    )
    expect(await get(it, `http://${await closedPort()}/`)).toStartWith('upstream_unreachable')
    const broken = await use(
      startRawServer(socket => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx')
        socket.once('data', () => setTimeout(() => socket.destroy(), 10))
      }),
    )
    expect(await get(it, `http://${broken.place}/`)).toContain('broke off')
  })
})

describe('through a proxy', () => {
  test('names are checked here and sent as names', async () => {
    const target = await use(startTarget(() => answer('target')))
    const relay = await use(startHttpProxy())
    const { it } = guard({
      proxyUrl: relay.place,
      names: { localhost: [[PUBLIC]], 'inside.example': [[PRIVATE]], 'target.test': [[PUBLIC]] },
    })
    expect(await get(it, target.url)).toBe('200 text/plain target')
    expect(await get(it, 'http://inside.example/')).toStartWith('url_refused')
    expect(await get(it, 'https://target.test:1/')).toStartWith('proxy_refused')
    expect(relay.asked).toEqual([new URL(target.url).host, 'target.test:1'])
    expect(target.direct).toBe(0)
  })
})

test('with fallback "none" and a dead proxy nothing is fetched directly', async () => {
  const target = await use(startTarget())
  const { it } = guard({ names: { 'pictures.example': [[PUBLIC]] }, proxyUrl: await closedPort() })
  for (const host of [PUBLIC, 'pictures.example']) {
    expect(await get(it, `http://${host}:${portOf(target.url)}/`)).toStartWith('proxy_unreachable')
    expect(await get(it, `https://${host}:${portOf(target.tlsUrl)}/`, { allowPrivate: true })).toStartWith(
      'proxy_unreachable',
    )
  }
  expect(target.requests).toEqual([])
})

test('targets that callers choose cannot put a proxy out of use', async () => {
  const relay = await use(startHttpProxy())
  const broken = await use(startRawServer(socket => socket.once('data', () => socket.destroy())))
  const nobody = await closedPort()
  const { it, log } = guard({ proxyUrl: relay.place })
  for (const place of [nobody, broken.place])
    for (let time = 0; time < 5; time++)
      expect(await get(it, `https://${place}/`)).toMatch(/^(proxy_refused|proxy_unreachable|upstream_unreachable)/)
  expect(relay.asked).toHaveLength(10)
  expect(log.filter(line => 'cooldownMs' in line)).toEqual([])
})

test('the plugin offers it beside the way out, through its settings', async () => {
  const target = await use(startTarget(() => answer('target')))
  const relay = await use(startHttpProxy())
  await using kernel = await createTestKernel({ plugins: { auth, proxy } })
  const it = kernel.ask(GuardedFetch)
  const fetched = async () => (await it.fetch(target.url, want({ allowPrivate: true })))._unsafeUnwrap().status
  expect(await get(it as GuardedFetch, target.url)).toStartWith('url_refused')
  expect((await it.check(target.url)).isErr()).toBe(true)
  expect(await fetched()).toBe(200)
  expect(target.direct).toBe(1)
  await kernel.reload({ config: { proxy: { proxy_enabled: true, proxy_url: relay.place, fallback: 'none' } } })
  expect(await fetched()).toBe(200)
  expect(target.direct).toBe(1)
})
