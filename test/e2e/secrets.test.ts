/**
 * No secret shows: not in the database and its log, not in what the gateway prints (with [debug] on), not in any answer
 * or error, not in a webhook. The exceptions, by name: the export in clear that an operator asks for; the session that
 * a login answers with; the files of the configuration and its history, which are for their owner's eyes. What is made
 * at the first start is shown once, which the last test counts.
 */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startGateway } from '../fixtures/gateway.ts'
import { SecretScan } from '../fixtures/secret-scan.ts'
import { accounts, changes, everyRoute, generations, mistakes } from './secrets.exercise.ts'
import { OWN_PROXY, SESSION_COOKIE, SESSIONS, type SecretWorld, startSecretWorld } from './secrets.world.ts'

/** What the console changes, and its history: a configuration like `setting.toml`, readable by its owner alone. */
const CONFIGURATION = ['overrides.toml', 'overrides/']

let world: SecretWorld
/** The export in clear, which alone may show them. */
let exported: string

beforeAll(async () => {
  world = await startSecretWorld()
  exported = await accounts(world)
  await generations(world)
  await mistakes(world)
  await everyRoute(world)
  await changes(world)
  // What was handed to the upstream while all this went on.
  for (const { headers } of world.emulator.record.all) {
    const bearer = headers['authorization']?.replace(/^Bearer /, '')
    if (bearer) world.scan.secret('access token', bearer)
    const session = headers['cookie']?.match(new RegExp(`${SESSION_COOKIE}=([^;]+)`))?.[1]
    if (session) world.scan.secret('session token in use', session)
  }
}, 120_000)

afterAll(() => world?.[Symbol.asyncDispose]())

describe('after everything was asked', () => {
  test('it really happened: sessions, proxies and webhooks were used with their secrets', () => {
    const { answers, emulator, gateway, ownProxy } = world
    const said = (start: string, status: number) =>
      answers.filter(one => one.startsWith(start) && one.endsWith(` ${status}`))
    expect(said('POST /v1/images/generations', 200).length).toBeGreaterThan(0)
    expect(said('POST /v1/images/generations', 400).length).toBeGreaterThan(0)
    expect(said('POST /admin/api/accounts/import', 200).length).toBeGreaterThan(5)
    expect(said('PUT /admin/api/config', 200).length).toBeGreaterThan(3)
    expect(said('GET /admin/api/config/versions/', 200).length).toBe(3)
    expect(world.webhooks()).toBeGreaterThan(3)
    expect(said('PUT /admin/api/config', 422).length).toBeGreaterThan(0)
    expect(said('POST /admin/reload-config', 422).length).toBeGreaterThan(0)
    expect(answers.filter(one => one.endsWith(' 500'))).toEqual([])
    expect(ownProxy.credentials).toContain(`Basic ${btoa(`user:${OWN_PROXY}`)}`)
    expect(emulator.record.of('session').length).toBeGreaterThan(2)
    expect(gateway.output()).toContain('jobs.submit')
  })

  test('the scan finds what is there: an export in clear holds session tokens and proxies', () => {
    const own = new SecretScan()
    own.secret('session token', SESSIONS.three)
    own.secret('proxy', OWN_PROXY)
    own.text('export', exported)
    const found = own.found().map(hit => hit.split(' after', 1)[0])
    expect(found).toEqual(expect.arrayContaining(['session token in export', 'proxy in export']))
  })

  test('no answer, no webhook, no line of the log and no file holds a secret', async () => {
    const { dir, gateway, scan } = world
    scan.text('the log', gateway.output())
    const data = join(dir, 'data')
    expect(scan.files(data, CONFIGURATION)).toContain('flow2api.db-wal')
    gateway.kill('SIGTERM')
    await gateway.exited
    scan.text('the log', gateway.output())
    expect(scan.files(data, CONFIGURATION)).toContain('flow2api.db')
    scan.files(join(dir, 'tmp'))
    expect(scan.found()).toEqual([])
    const configuration = new SecretScan().files(data).filter(path => path.startsWith('overrides'))
    expect(configuration.length).toBeGreaterThan(1)
    for (const path of configuration) expect(statSync(join(data, path)).mode & 0o077).toBe(0)
  }, 60_000)
})

test('what is made at the first start is shown once, and kept in no readable form', async () => {
  const own = await mkdtemp(join(tmpdir(), 'flow2api-secrets-'))
  try {
    await using first = await startGateway({ dir: own, settings: '[debug]\nenabled = true\n' })
    const output = first.output()
    const key = output.match(/API key: +(\S+)/)?.[1] ?? ''
    const made = output.match(/Admin login: +admin \/ (\S+)/)?.[1] ?? ''
    await fetch(`${first.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })
    await fetch(`${first.url}/admin/api/plugins`, { headers: { authorization: `Basic ${btoa(`admin:${made}`)}` } })
    first.kill('SIGTERM')
    await first.exited
    for (const value of [key, made]) expect(first.output().split(value)).toHaveLength(2)
    const files = new SecretScan()
    files.secret('API key', key)
    files.secret('admin password', made)
    files.files(own)
    await using second = await startGateway({ dir: own })
    files.text('the log of the second start', second.output())
    expect(files.found()).toEqual([])
  } finally {
    await rm(own, { recursive: true, force: true })
  }
})
