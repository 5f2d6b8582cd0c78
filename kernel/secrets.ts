/**
 * Encryption at rest: AES-256-GCM, a random nonce for each value, the plugin's id as additional data.
 *
 * A sealed value is `v1.` and base64url of nonce (12 bytes), ciphertext, tag (16 bytes).
 * The key is FLOW2API_SECRET_KEY where that is set: 32 bytes as hex or base64, or any other text as a passphrase
 * (scrypt). Otherwise it is `secret.key` in the data directory, made at the first start, for its owner's eyes only.
 */
import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto'
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from 'neverthrow'
import { codeOf, diskFault, ensureDirectory } from './disk.ts'
import { type Fault, kernelFault } from './fault.ts'
import type { Secrets } from './plugin.ts'

export interface SecretBox {
  for(pluginId: string): Secrets
  /** Where the key is: for start-up messages. */
  readonly source: string
  /** Sentences for the operator, such as that others may read the key. */
  readonly warnings: readonly string[]
}

interface Key {
  readonly bytes: Buffer
  readonly source: string
  readonly warnings: readonly string[]
}

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 'v1.'

export function openSecrets(
  dataDir: string,
  env: Readonly<Record<string, string | undefined>>,
): Result<SecretBox, Fault> {
  const given = env['FLOW2API_SECRET_KEY']
  const key = given !== undefined && given !== '' ? ok<Key, Fault>(keyFromText(given)) : keyFromFile(dataDir)
  return key.map(({ bytes, source, warnings }) => ({
    source,
    warnings,
    for: pluginId => ({
      seal: plain => seal(bytes, pluginId, plain),
      open: sealed => open(bytes, pluginId, sealed, source),
    }),
  }))
}

function seal(key: Buffer, pluginId: string, plain: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(pluginId))
  const body = Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return VERSION + body.toString('base64url')
}

function open(key: Buffer, pluginId: string, sealed: string, source: string): Result<string, Fault> {
  const unreadable = (cause?: unknown) =>
    err(
      kernelFault(
        'secret_unreadable',
        `A secret that the plugin "${pluginId}" stored cannot be opened with the key from ${source}. Bring back the key that sealed it, or enter the secret again.`,
        { cause },
      ),
    )
  if (!sealed.startsWith(VERSION)) return unreadable('not a sealed value of a known version')
  const body = Buffer.from(sealed.slice(VERSION.length), 'base64url')
  if (body.length < NONCE_BYTES + TAG_BYTES) return unreadable('too short')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, body.subarray(0, NONCE_BYTES))
      .setAAD(Buffer.from(pluginId))
      .setAuthTag(body.subarray(-TAG_BYTES))
    return ok(
      Buffer.concat([decipher.update(body.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8'),
    )
  } catch (cause) {
    return unreadable(cause)
  }
}

/** 32 bytes as 64 hex digits or as base64, else `null`. */
function decodeKey(text: string): Buffer | null {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : null
}

function keyFromText(text: string): Key {
  const source = 'FLOW2API_SECRET_KEY'
  const bytes = decodeKey(text.trim())
  if (bytes) return { bytes, source, warnings: [] }
  const short = `FLOW2API_SECRET_KEY is a short passphrase and easy to guess. Use the output of "openssl rand -base64 32".`
  // A fixed salt: the same passphrase has to give the same key on another machine, with nothing but the database moved.
  const derived = scryptSync(text, 'flow2api secret key v1', KEY_BYTES, { N: 2 ** 15, r: 8, p: 1, maxmem: 2 ** 26 })
  return { bytes: derived, source, warnings: text.length < 16 ? [short] : [] }
}

function keyFromFile(dataDir: string): Result<Key, Fault> {
  const path = join(dataDir, 'secret.key')
  const ready = ensureDirectory(dataDir)
  if (ready.isErr()) return err(ready.error)
  try {
    const text = readOrCreate(path)
    const bytes = decodeKey(text.trim())
    if (!bytes)
      return err(
        kernelFault(
          'secret_unreadable',
          `${path} does not hold a key of 32 bytes. Bring back the file from a backup. Without it the stored secrets are lost: delete the file and enter them again.`,
        ),
      )
    const othersMayRead = process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0
    const warning = `${path} can be read by other users of this machine. Run: chmod 600 ${path}`
    return ok({ bytes, source: path, warnings: othersMayRead ? [warning] : [] })
  } catch (cause) {
    return err(diskFault(cause, path))
  }
}

function readOrCreate(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause
  }
  const text = `${randomBytes(KEY_BYTES).toString('base64')}\n`
  const draft = `${path}.${process.pid}.new`
  try {
    writeExclusively(draft, text)
    // A link appears with its whole content or not at all, and never replaces a key that someone else just made.
    linkSync(draft, path)
  } catch (cause) {
    if (codeOf(cause) === 'EEXIST') return readFileSync(path, 'utf8')
    // Some file systems have no hard links.
    if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK'].includes(codeOf(cause))) throw cause
    writeExclusively(path, text)
  } finally {
    rmSync(draft, { force: true })
  }
  return text
}

function writeExclusively(path: string, text: string): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
