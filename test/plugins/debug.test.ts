/** What the log shows of what passes: readable, short, and without secrets. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Announcement, type BusRecord } from '../../kernel/plugin.ts'
import { Accounts, Provider } from '../../plugins/contracts/index.ts'
import { arrivalLine, busLine, callLine, httpLine } from '../../plugins/debug/lines.ts'
import { show, showText } from '../../plugins/debug/mask.ts'
import { isSecretName, shorten } from '../../plugins/debug/secrets.ts'

const masked = (value: unknown) => show(value, { mask: true })
const open = (value: unknown) => show(value, { mask: false })

describe('names', () => {
  test.each([
    'Authorization',
    'proxy-authorization',
    'Cookie',
    'set-cookie',
    'api_key',
    'apiKey',
    'x-api-key',
    'x-goog-api-key',
    'key',
    'st',
    'access',
    'access_token',
    'refreshToken',
    'secret',
    'client_secret',
    'password',
    'admin_password',
    '__Secure-next-auth.session-token',
    'signature',
  ])('%s is secret', name => expect(isSecretName(name)).toBe(true))
  test.each(['prompt', 'model', 'status', 'state', 'accountId', 'keyboard', 'monkey', 'stage', 'accessible', 'url'])(
    '%s is not',
    name => expect(isSecretName(name)).toBe(false),
  )
})

test('shorten shows both ends of long secrets and nothing of short ones', () => {
  expect(shorten('ya29.a0AfH6SMBx-example')).toBe('ya29…mple')
  expect(shorten('fifteen-letters')).toBe('***')
  expect(shorten('Bearer ya29.a0AfH6SMBx-example')).toBe('Bearer ya29…mple')
  expect(shorten('Basic YWRtaW46YWRtaW4xMjM0NTY3OA==')).toBe('Basic ***')
})

describe('masking', () => {
  test('by name, at any depth, and where the same secret turns up again', () => {
    const account = {
      id: 7,
      secret: 'session-0123456789-abcdef',
      access: 'ya29.0123456789-abcdef',
      attributes: { project: 'p1' },
    }
    expect(masked([{ message: 'ya29.0123456789-abcdef was refused' }, { session: { account } }])).toBe(
      '[{"message":"ya29…cdef was refused"},{"session":{"account":{"id":7,"secret":"sess…cdef","access":"ya29…cdef","attributes":{"project":"p1"}}}}]',
    )
  })

  test('a password shows nothing at all; counts are no secrets', () => {
    expect(masked({ password: 'a-very-long-password', max_tokens: 300, pass: 12345678 })).toBe(
      '{"password":"***","max_tokens":300,"pass":"***"}',
    )
  })

  test.each([
    ['http://user:hunter2@proxy.example:8080', 'http://user:***@proxy.example:8080'],
    ['http://user:hun:ter/2@proxy.example:8080', 'http://user:***@proxy.example:8080'],
    ['http://proxy.example:8080/users/a@b', 'http://proxy.example:8080/users/a@b'],
    ['proxy.example:8080:user:hunter2', 'proxy.example:8080:user:***'],
    ['/v1/models?key=hunter2&alt=sse', '/v1/models?key=***&alt=sse'],
    ['GET https://x.example/a?token=hunter2 failed', 'GET https://x.example/a?token=*** failed'],
    ['authorization: Bearer hunter2, then', 'authorization: Bearer ***, then'],
    ['sent Basic aHVudGVyMg== to it', 'sent Basic *** to it'],
    ['cookie: a=hunter2; b=hunter3', 'cookie: a=hu…ter3'],
    ['{"password":"hunter 2","model":"m"}', '{"password":"***","model":"m"}'],
    ['{\\"st\\":\\"hunter2\\",\\"model\\":\\"m\\"}', '{\\"st\\":\\"***\\",\\"model\\":\\"m\\"}'],
    ['message="token=hunter2"', 'message="token=***"'],
    ['--api-key=hunter2', '--api-key=***'],
    ['a token eyJhbGciOiJkaXIifQ..abc.def.ghi here', 'a token eyJh….ghi here'],
  ])('in a text: %s', (text, shown) => expect(showText(text, { mask: true })).toBe(shown))

  test('ids, file names and prompts stay readable', () => {
    const text =
      'job_0123456789abcdef0123456789abcdef made 0123456789abcdef0123456789abcdef.png of a red bicycle, 9f0e-1b, for 1c8ff0ba-6a4b-4c0c-9c9e-1f6d3a2b4c5d'
    expect(showText(text, { mask: true })).toBe(text)
  })

  test('switched off, everything but media is shown', () => {
    expect(open({ st: 'session-0123456789' })).toBe('{"st":"session-0123456789"}')
    expect(open({ b64_json: 'iVBORw0KGgo'.repeat(200) })).toBe('{"b64_json":"<base64, 2200 characters>"}')
  })

  /** Capitals and digits, which nothing else below consists of. */
  const secret = fc.string({ unit: fc.constantFrom(...'ABCDEFGHJKMNPQRSTUVWXYZ23456789'), minLength: 6, maxLength: 60 })
  const name = fc.constantFrom(
    'st',
    'access',
    'secret',
    'password',
    'api_key',
    'Authorization',
    'Cookie',
    'accessToken',
    'x-goog-api-key',
  )
  const planted: fc.Arbitrary<(secret: string) => unknown> = fc.oneof(
    name.map(name => (secret: string) => ({ [name]: secret })),
    name.map(name => (secret: string) => ({ [name]: { deep: [secret, new Set([secret])] } })),
    name.map(name => (secret: string) => new Map([[name, secret]])),
    fc
      .constantFrom('authorization', 'cookie', 'x-api-key')
      .map(name => (secret: string) => new Headers({ [name]: `session=${secret}` })),
    fc.constant((secret: string) => new Headers({ authorization: `Bearer ${secret}` })),
    fc.constant(
      (secret: string) =>
        new Request(`http://host.example/path?key=${secret}&page=2`, { headers: { 'x-api-key': secret } }),
    ),
    fc.constant((secret: string) => new URL(`socks5://user:${secret}@proxy.example:1080`)),
    fc.constant((secret: string) => ({ proxyUrl: `proxy.example:1080:user:${secret}` })),
    fc.constant((secret: string) => new Error(`refused: "token": "${secret}"`, { cause: { secret } })),
    fc.constant((secret: string) => `{"nested":"{\\"password\\":\\"${secret}\\"}"}`),
    fc.constant((secret: string) => ({ message: `${secret} is not known`, code: 1, fault: { access: secret } })),
    fc.constant((secret: string) => ({ [secret]: 'a table by token', token: secret })),
  )
  const noise = fc.anything({
    withMap: true,
    withSet: true,
    withDate: true,
    withBigInt: true,
    withTypedArray: true,
    withNullPrototype: true,
    values: [fc.string({ unit: fc.constantFrom(...'abcxyz :="{}&?;,\'') }), fc.integer()],
  })

  test('a planted secret never appears, wherever it stands', () => {
    fc.assert(
      fc.property(secret, fc.array(planted, { minLength: 1, maxLength: 3 }), noise, (secret, plants, noise) => {
        const shown = masked([noise, ...plants.map(plant => plant(secret)), { inside: { noise } }])
        expect(shown).not.toContain(secret)
      }),
      { numRuns: 1000 },
    )
  })

  test('anything at all is shown on one line of bounded length, without throwing', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withMap: true,
          withSet: true,
          withBigInt: true,
          withTypedArray: true,
          withSparseArray: true,
          withDate: true,
        }),
        fc.boolean(),
        (value, mask) => {
          const line = show(value, { mask, maxChars: 200 })
          expect(line.length).toBeLessThan(250)
          expect(line).not.toContain('\n')
        },
      ),
    )
  })
})

describe('what has no readable content', () => {
  test('is named instead', () => {
    const circle: Record<string, unknown> = {}
    circle['self'] = circle
    const hostile = {
      get broken() {
        throw new Error('no')
      },
    }
    const values = [
      new Uint8Array(3),
      new Blob(['abc'], { type: 'image/png' }),
      new Blob(['x']).stream(),
      AbortSignal.abort(),
      () => {},
      circle,
      hostile,
      new Date(0),
      12n,
    ]
    expect(masked(values)).toBe(
      '["<3 bytes>","<3 bytes, image/png>","<stream>","<signal, aborted>","<function>",{"self":"<circular>"},{"broken":"<unreadable>"},"1970-01-01T00:00:00.000Z",12]',
    )
    expect(
      masked(
        new Proxy(
          {},
          {
            getPrototypeOf: () => {
              throw new Error('no')
            },
          },
        ),
      ),
    ).toBe('"<unreadable>"')
  })

  test('is cut where it is long', () => {
    expect(masked(Array.from({ length: 25 }, (_, index) => index))).toEndWith('18,19,"<5 more>"]')
    expect(masked(`data:image/png;base64,${'QUJD'.repeat(100)}`)).toBe('"<image/png, 422 characters>"')
    const long = masked(Array.from({ length: 20 }, () => 'many words '.repeat(100)))
    expect(long).toEndWith('… (20081 characters)')
    expect(long.length).toBeLessThan(4200)
    let deep: unknown = 'bottom'
    for (let level = 0; level < 20; level++) deep = { deep }
    expect(masked(deep)).toContain('<deeper>')
  })

  test('a text of megabytes costs little', () => {
    const began = performance.now()
    for (const unit of ['a', 'a=', 'key="', 'a:1:', '://a:', 'word ']) masked(unit.repeat(2 ** 20))
    expect(performance.now() - began).toBeLessThan(2_000)
  })
})

describe('lines', () => {
  const settings = { requests: true, responses: true, mask: true }

  test('one HTTP exchange', () => {
    const request = new Request('http://127.0.0.1:8000/v1/models?key=hunter2', {
      headers: { authorization: 'Bearer hunter2', 'x-other': 'not interesting' },
    })
    const response = Response.json({ data: [] }, { status: 401, headers: { 'retry-after': '3' } })
    const line = httpLine(
      { request, response, requestId: 'req_1', plugin: 'openai-surface', route: '/v1/models', durationMs: 12.4 },
      settings,
      '{"data":[]}',
    )
    expect(line).toEqual({
      message: 'GET /v1/models?key=*** 401 12 ms',
      fields: {
        requestId: 'req_1',
        owner: 'openai-surface',
        response: '{"content-type":"application/json;charset=utf-8","retry-after":"3"}',
        body: '{"data":[]}',
      },
    })
    expect(arrivalLine({ request, requestId: 'req_1', plugin: 'openai-surface' }, settings, undefined)).toEqual({
      message: 'GET /v1/models?key=*** arrives',
      fields: { requestId: 'req_1', owner: 'openai-surface', request: '{"authorization":"Bearer ***"}' },
    })
    expect([request.bodyUsed, response.bodyUsed]).toEqual([false, false])
  })

  test('an API key in an address stays hidden where nothing else does', () => {
    const request = new Request('http://127.0.0.1:8000/v1beta/models?pageSize=2&key=hunter2&alt=sse')
    const open = { requests: true, responses: true, mask: false }
    const http = httpLine(
      {
        request,
        response: new Response(),
        requestId: 'req_1',
        plugin: 'gemini-surface',
        route: '/v1beta/models',
        durationMs: 1,
      },
      open,
      undefined,
    )
    const asked = busLine({ ...ask, ref: 'auth', method: 'verify', args: [request, 'api'] }, open)
    expect(http.message).toContain('/v1beta/models?pageSize=2&key=***&alt=sse')
    expect(JSON.stringify([http, asked])).not.toContain('hunter2')
  })

  const ask: BusRecord = {
    kind: 'ask',
    from: 'generation',
    to: 'proxy',
    ref: 'egress',
    method: 'route',
    args: [{ accountId: 1 }],
    durationMs: 0.24,
    outcome: 'ok',
    detail: { describe: 'direct' },
    scope: { requestId: 'req_1', jobId: 'job_0123456789ab' },
  }

  test('one contact between plugins', () => {
    expect(busLine(ask, settings)).toEqual({
      message: 'ask generation → proxy egress.route ok 0.2 ms',
      fields: { ...ask.scope, args: '[{"accountId":1}]', answer: '{"describe":"direct"}' },
    })
    expect(busLine(ask, { ...settings, requests: false }).fields).not.toHaveProperty('args')
    expect(busLine(ask, { ...settings, responses: false }).fields).not.toHaveProperty('answer')
  })

  test('of a list of models only how many they are', () => {
    const models = { ...ask, ref: Provider.id, method: 'models', args: [], detail: [{ id: 'a' }, { id: 'b' }] }
    expect(busLine(models, settings).fields['answer']).toBe('<2 models>')
  })

  test('which account was chosen, and why', () => {
    const lease = { accountId: 3, label: 'Ann', proxyUrl: 'http://u:hunter2@p.test:1', why: 'fewest in flight of 2' }
    const line = busLine({ ...ask, ref: Accounts.id, method: 'acquire', args: [], detail: lease }, settings)
    expect(line.message).toBe('chosen after 0.2 ms: account #3 (Ann): fewest in flight of 2')
    expect(JSON.stringify(line)).not.toContain('hunter2')
  })

  test('what went wrong comes with the stack of what caused it', () => {
    const cause = new Error('broken with token=hunter2')
    const fault = { code: 'internal_error', message: 'No.', blame: 'gateway', retry: 'later', cause }
    const line = busLine({ ...ask, outcome: 'fault', detail: fault }, settings)
    expect(line.fields['stack']).toContain('debug.test.ts')
    expect(line.fields['stack']).not.toContain('hunter2')
    expect(busLine({ ...ask, outcome: 'threw', detail: cause }, settings).fields['stack']).toContain('debug.test.ts')
  })

  test('one call to an upstream', () => {
    const call = {
      method: 'POST',
      url: 'https://api.test/v1?key=hunter2',
      route: 'http://proxy.test:8080',
      accountId: 4,
      durationMs: 340.4,
      request: { headers: { authorization: 'Bearer hunter2' }, body: '{"prompt":"x","access_token":"hunter2"}' },
      response: new Response(null, { status: 503, headers: { 'retry-after': '9' } }),
      fault: null,
    }
    const line = callLine(call, settings, '{"error":"busy"}')
    expect(line).toEqual({
      message: 'upstream POST https://api.test/v1?key=*** 503 340 ms, http://proxy.test:8080',
      fields: {
        account: '4',
        request: '{"authorization":"Bearer ***"}',
        sent: '{"prompt":"x","access_token":"***"}',
        response: '{"retry-after":"9"}',
        body: '{"error":"busy"}',
      },
    })
  })

  test('what is announced to the operator is not repeated, also with masking off', () => {
    const record: BusRecord = {
      ...ask,
      kind: 'tell',
      ref: Announcement.id,
      method: null,
      args: [{ lines: ['admin password: hunter2'] }],
      detail: null,
    }
    expect(JSON.stringify(busLine(record, { ...settings, mask: false }))).not.toContain('hunter2')
  })
})
