import { afterAll, describe, expect, test } from 'bun:test'
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { openSecrets } from '../../kernel/secrets.ts'

const root = mkdtempSync(join(tmpdir(), 'flow2api-secrets-'))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const fresh = () => join(root, String(++count))

const KEY = Buffer.alloc(32, 7)
const withKey = (text: string) => openSecrets(fresh(), { FLOW2API_SECRET_KEY: text })._unsafeUnwrap()

describe('sealing', () => {
  const box = withKey(KEY.toString('hex')).for('token-pool')

  test('any text comes back, and no two sealed forms are alike', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), plain => {
        const sealed = box.seal(plain)
        expect(sealed).toMatch(/^v1\.[A-Za-z0-9_-]+$/)
        expect(box.open(sealed)._unsafeUnwrap()).toBe(plain)
        expect(box.seal(plain)).not.toBe(sealed)
      }),
    )
  })

  test('a single changed character is noticed', () => {
    const sealed = box.seal('session token')
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      const changed = box.open(sealed.slice(0, at) + other + sealed.slice(at + 1))
      // The last character carries bits that no byte uses.
      if (at === sealed.length - 1 && changed.isOk()) continue
      expect(changed._unsafeUnwrapErr().code).toBe('secret_unreadable')
    }
  })

  test.each(['', 'v1.', 'v1.AAAA', 'v2.AAAA', 'plain text'])('%j is no sealed value', text => {
    expect(box.open(text)._unsafeUnwrapErr().code).toBe('secret_unreadable')
  })

  test('what one plugin sealed, only that plugin opens', () => {
    const secrets = withKey(KEY.toString('hex'))
    expect(secrets.for('auth').open(box.seal('x')).isErr()).toBe(true)
    expect(secrets.for('token-pool').open(box.seal('x'))._unsafeUnwrap()).toBe('x')
  })

  test('the fault of another key names the plugin and where the key is, and not the secret', () => {
    const fault = withKey('another passphrase, long enough').for('auth').open(box.seal('s3cret'))._unsafeUnwrapErr()
    expect(fault.message).toContain('"auth"')
    expect(fault.message).toContain('FLOW2API_SECRET_KEY')
    expect(fault.message).not.toContain('s3cret')
  })
})

describe('FLOW2API_SECRET_KEY', () => {
  test('hex, base64 and base64url of the same 32 bytes are the same key', () => {
    const sealed = withKey(KEY.toString('hex')).for('p').seal('x')
    for (const text of [KEY.toString('base64'), KEY.toString('base64url'), `${KEY.toString('hex').toUpperCase()}\n`])
      expect(withKey(text).for('p').open(sealed)._unsafeUnwrap()).toBe('x')
  })

  test('a passphrase gives the same key wherever the database goes; a short one is warned of', () => {
    const sealed = withKey('correct horse battery staple').for('p').seal('x')
    const again = withKey('correct horse battery staple')
    expect(again.for('p').open(sealed)._unsafeUnwrap()).toBe('x')
    expect(again.warnings).toEqual([])
    expect(withKey('short').warnings).toMatchObject([expect.stringContaining('short passphrase')])
  })

  test('it leaves no file behind', () => {
    const dir = fresh()
    openSecrets(dir, { FLOW2API_SECRET_KEY: 'correct horse battery staple' })._unsafeUnwrap()
    expect(() => readdirSync(dir)).toThrow('ENOENT')
  })
})

describe('secret.key', () => {
  test('is made once, for its owner alone, and found again', () => {
    const dir = fresh()
    const first = openSecrets(dir, {})._unsafeUnwrap()
    const sealed = first.for('p').seal('x')
    expect(first.warnings).toEqual([])
    expect(readdirSync(dir)).toEqual(['secret.key'])
    expect(statSync(join(dir, 'secret.key')).mode & 0o777).toBe(0o600)
    expect(statSync(dir).mode & 0o077).toBe(0)
    const key = readFileSync(join(dir, 'secret.key'), 'utf8')
    expect(openSecrets(dir, { FLOW2API_SECRET_KEY: '' })._unsafeUnwrap().for('p').open(sealed)._unsafeUnwrap()).toBe(
      'x',
    )
    expect(readFileSync(join(dir, 'secret.key'), 'utf8')).toBe(key)
  })

  test('two data directories have two keys', () => {
    const sealed = openSecrets(fresh(), {})._unsafeUnwrap().for('p').seal('x')
    expect(openSecrets(fresh(), {})._unsafeUnwrap().for('p').open(sealed).isErr()).toBe(true)
  })

  test('others who may read it are warned of', () => {
    const dir = fresh()
    openSecrets(dir, {})._unsafeUnwrap()
    chmodSync(join(dir, 'secret.key'), 0o644)
    expect(openSecrets(dir, {})._unsafeUnwrap().warnings).toMatchObject([expect.stringContaining('chmod 600')])
  })

  test.each(['', 'not a key', 'A'.repeat(20)])('%j in it is refused, and the file is left alone', text => {
    const dir = fresh()
    openSecrets(dir, {})._unsafeUnwrap()
    writeFileSync(join(dir, 'secret.key'), text)
    const fault = openSecrets(dir, {})._unsafeUnwrapErr()
    expect(fault.code).toBe('secret_unreadable')
    expect(fault.message).toContain(join(dir, 'secret.key'))
    expect(readFileSync(join(dir, 'secret.key'), 'utf8')).toBe(text)
  })

  test('a data directory that cannot be made is a fault, not an exception', () => {
    const file = fresh()
    writeFileSync(file, '')
    expect(openSecrets(join(file, 'data'), {})._unsafeUnwrapErr()).toMatchObject({
      code: 'data_dir_unwritable',
      message: expect.stringContaining('FLOW2API_DATA_DIR'),
    })
  })

  test('gateways that start at the same moment agree on one key', async () => {
    const dir = fresh()
    const script = `
      import { openSecrets } from ${JSON.stringify(join(import.meta.dir, '../../kernel/secrets.ts'))}
      console.log(openSecrets(${JSON.stringify(dir)}, {})._unsafeUnwrap().for('p').seal('x'))`
    const runs = Array.from({ length: 3 }, () =>
      new Response(
        Bun.spawn([process.execPath, '-e', script], { stdout: 'pipe', cwd: join(import.meta.dir, '../..') }).stdout,
      ).text(),
    )
    const box = openSecrets(dir, {})._unsafeUnwrap().for('p')
    for (const sealed of await Promise.all(runs)) expect(box.open(sealed.trim())._unsafeUnwrap()).toBe('x')
    expect(readdirSync(dir)).toEqual(['secret.key'])
  })
})
