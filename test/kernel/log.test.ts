import { describe, expect, test } from 'bun:test'
import { createLogger } from '../../kernel/log.ts'

function capture(options: { pretty?: boolean; level?: string } = {}) {
  const lines: string[] = []
  const log = createLogger({ pretty: false, ...options, destination: { write: line => lines.push(line) } })
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') }
}

describe('JSON', () => {
  test('one object a line, with time and level as people read them', () => {
    const { log, lines, last } = capture()
    log.child({ plugin: 'cache' }).info({ file: 'a.png' }, 'kept')
    expect(lines).toHaveLength(1)
    expect(last()).toMatchObject({ level: 'info', plugin: 'cache', file: 'a.png', msg: 'kept' })
    expect(Date.parse(last().time)).toBeGreaterThan(0)
  })

  test('the level decides, also when it is changed later', () => {
    const { log, lines } = capture({ level: 'warn' })
    log.info('no')
    log.level = 'debug'
    log.debug('yes')
    expect(lines).toHaveLength(1)
  })

  test('an unknown level is told and means info', () => {
    const { log, last } = capture({ level: 'chatty' })
    expect(log.level).toBe('info')
    expect(last()).toMatchObject({ level: 'warn', msg: expect.stringContaining('"chatty"') })
    expect(capture({ level: 'silent' }).lines).toEqual([])
  })
})

describe('redaction', () => {
  const secret = 'tell-nobody'

  test.each([
    'authorization',
    'Authorization',
    'cookie',
    'set-cookie',
    'api_key',
    'apiKey',
    'x-api-key',
    'password',
    'admin_password',
    'secret',
    'st',
    'access_token',
    'accessToken',
    'token',
    'proxy-authorization',
  ])('%s is masked at any depth, in lists, and in what children carry', key => {
    const { log, lines, last } = capture()
    log.info({ [key]: secret, a: { b: [{ [key]: secret }] }, deep: { x: { y: { z: { [key]: [secret] } } } } }, 'x')
    log.child({ request: { [key]: secret } }).info('y')
    expect(lines.join()).not.toContain(secret)
    expect(last().request[key]).toBe('********')
  })

  test('errors keep message and stack, and lose what they carry in secret', () => {
    const { log, lines, last } = capture()
    const cause = Object.assign(new Error('upstream said no'), { config: { headers: { authorization: secret } } })
    log.error(cause)
    expect(last()).toMatchObject({ err: { type: 'Error', message: 'upstream said no' }, msg: 'upstream said no' })
    expect(last().err.stack).toContain('log.test.ts')
    log.error({ err: cause, fault: { code: 'x', cause } }, 'failed')
    expect(last().fault.cause.message).toBe('upstream said no')
    expect(lines.join()).not.toContain(secret)
  })

  test('what is no secret stays as it is', () => {
    const { log, last } = capture()
    const harmless = {
      tokens: 3,
      st: '',
      token: null,
      path: '/x',
      when: new Date(0),
      url: new URL('http://a/b'),
      list: [1, [2]],
    }
    log.info(harmless, 'x')
    expect(last()).toMatchObject({ ...harmless, when: '1970-01-01T00:00:00.000Z', url: 'http://a/b' })
  })

  test('the logged object itself is not touched, and circles end', () => {
    const { log, lines } = capture()
    const value: Record<string, unknown> = { password: secret }
    value['self'] = value
    log.info(value, 'x')
    expect(value['password']).toBe(secret)
    expect(lines).toHaveLength(1)
    expect(lines.join()).not.toContain(secret)
  })
})

test('pretty lines are for people and masked just as well', () => {
  const { log, lines } = capture({ pretty: true })
  log.child({ plugin: 'cache' }).warn({ token: 'tell-nobody' }, 'disk is nearly full')
  const text = lines.join('')
  expect(text).toContain('WARN')
  expect(text).toContain('disk is nearly full')
  expect(text).toContain('cache')
  expect(text).not.toContain('tell-nobody')
  expect(text).not.toStartWith('{')
})
