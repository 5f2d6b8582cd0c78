/**
 * An export that only a passphrase opens. Version 1:
 *
 *     { "object": "flow2api.accounts", "version": 1, "exported_at": unix seconds,
 *       "sealed": { "kdf": "scrypt", "n", "r", "p", "salt", "cipher": "aes-256-gcm", "nonce" }, "data" }
 *
 * `salt` (16 bytes), `nonce` (12) and `data` are base64. The key is scrypt of the passphrase in UTF-8 (NFC), 32 bytes.
 * `data` is the ciphertext and its tag (16 bytes). Additional data is the JSON text of the list
 * `["flow2api.accounts", 1, exported_at, kdf, n, r, p, salt, cipher, nonce]`, so nothing of the head can be changed.
 * The plain text is the export in clear.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { domainFault } from 'flow2api/contracts'
import { err, type Fault, ok, type Result } from 'flow2api/plugin'

export const SHORTEST_PASSPHRASE = 12

const N = 2 ** 17
const LARGEST_N = 2 ** 18
const R = 8
const MAX_MEMORY = 512 * 1024 * 1024
const KEY_BYTES = 32
const SALT_BYTES = 16
const NONCE_BYTES = 12
const TAG_BYTES = 16

const base64 = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' })

/** The bounds keep a file from costing more memory or time than one of ours does. */
const SealedExport = Type.Object({
  object: Type.Literal('flow2api.accounts'),
  version: Type.Literal(1),
  exported_at: Type.Integer(),
  sealed: Type.Object({
    kdf: Type.Literal('scrypt'),
    n: Type.Integer({ minimum: 2 ** 14, maximum: LARGEST_N }),
    r: Type.Literal(R),
    p: Type.Integer({ minimum: 1, maximum: 4 }),
    salt: base64,
    cipher: Type.Literal('aes-256-gcm'),
    nonce: base64,
  }),
  data: base64,
})
export type SealedExport = Static<typeof SealedExport>

/** Whether it is one that needs a passphrase; of which version, `unseal` looks at. */
export const isSealed = (document: unknown): boolean =>
  typeof document === 'object' && document !== null && 'sealed' in document && 'data' in document

export async function seal(plain: string, passphrase: string, exportedAt: number): Promise<SealedExport> {
  const [salt, nonce] = [randomBytes(SALT_BYTES), randomBytes(NONCE_BYTES)]
  const head = {
    object: 'flow2api.accounts',
    version: 1,
    exported_at: exportedAt,
    sealed: {
      kdf: 'scrypt',
      n: N,
      r: R,
      p: 1,
      salt: salt.toString('base64'),
      cipher: 'aes-256-gcm',
      nonce: nonce.toString('base64'),
    },
  } as const
  const cipher = createCipheriv('aes-256-gcm', await keyOf(passphrase, salt, head.sealed), nonce)
  cipher.setAAD(additional(head))
  const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return { ...head, data: body.toString('base64') }
}

/** Errors: `missing_required_parameter` without a passphrase, `invalid_value`. */
export async function unseal(document: unknown, passphrase: string | undefined): Promise<Result<string, Fault>> {
  if (!Value.Check(SealedExport, document) || !isPowerOfTwo(document.sealed.n))
    return err(domainFault('invalid_value', 'This sealed export is damaged, or of a version that is not known here.'))
  if (passphrase === undefined || passphrase === '') {
    const message = 'This export is sealed. Send the `passphrase` that it was made with.'
    return err(domainFault('missing_required_parameter', message, { param: 'passphrase' }))
  }
  const { salt, nonce } = document.sealed
  const body = Buffer.from(document.data, 'base64')
  try {
    const key = await keyOf(passphrase, Buffer.from(salt, 'base64'), document.sealed)
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), { authTagLength: TAG_BYTES })
    decipher.setAAD(additional(document)).setAuthTag(body.subarray(-TAG_BYTES))
    const plain = Buffer.concat([decipher.update(body.subarray(0, -TAG_BYTES)), decipher.final()])
    return ok(plain.toString('utf8'))
  } catch {
    const message = 'The passphrase does not open this export: it is another one, or the file was changed.'
    return err(domainFault('invalid_value', message, { param: 'passphrase' }))
  }
}

const isPowerOfTwo = (number: number): boolean => (number & (number - 1)) === 0

const additional = ({ object, version, exported_at, sealed }: Omit<SealedExport, 'data'>): Buffer => {
  const { kdf, n, r, p, salt, cipher, nonce } = sealed
  return Buffer.from(JSON.stringify([object, version, exported_at, kdf, n, r, p, salt, cipher, nonce]))
}

/** In a thread of its own: it takes a good part of a second. */
function keyOf(passphrase: string, salt: Uint8Array, { n, r, p }: SealedExport['sealed']): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  scrypt(passphrase.normalize('NFC'), salt, KEY_BYTES, { N: n, r, p, maxmem: MAX_MEMORY }, (cause, key) =>
    cause ? reject(cause) : resolve(key),
  )
  return promise
}
