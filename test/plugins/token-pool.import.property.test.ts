/** Whatever is sent: what was written comes back, garbage is answered, and a second run changes nothing. */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readNetscape } from '../../plugins/token-pool/import-cookies.ts'
import { MOST_ROWS, readImport } from '../../plugins/token-pool/import-read.ts'
import { readCandidate, type SourceRow } from '../../plugins/token-pool/import-row.ts'
import { readSqlite } from '../../plugins/token-pool/import-sqlite.ts'
import { seal, unseal } from '../../plugins/token-pool/passphrase.ts'
import { importFixture } from '../fixtures/imports.ts'
import { openPool } from './token-pool.import.fixture.ts'

const RULES = { site: 'labs.google', now: 1_000_000, passphrase: undefined }
const read = async (content: string | Uint8Array) =>
  readImport(typeof content === 'string' ? new TextEncoder().encode(content) : content, RULES)
const readWell = async (content: string | Uint8Array) => (await read(content))._unsafeUnwrap()
const fieldsOf = (rows: readonly SourceRow[]) => rows.map(row => ('fields' in row ? row.fields : row.problem))

const from = (letters: string, minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength, maxLength })
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.'
const token = from(ALPHABET, 20, 80)
const padding = fc.constantFrom('', '=', '==')
/** What a table may hold: everything, and more of what means something in it. */
const cell = fc.string({
  unit: fc.oneof(fc.constantFrom(...',;\t|"\n\'='), fc.string({ minLength: 1, maxLength: 1 })),
  maxLength: 20,
})

describe('what was written comes back', () => {
  test('session tokens, a line each, with any ends of lines and in UTF-16', async () => {
    const tokens = fc.array(
      fc.tuple(token, padding).map(parts => parts.join('')),
      { minLength: 1, maxLength: 20 },
    )
    const endings = fc.constantFrom('\n', '\r\n', '\n\n  ')
    await fc.assert(
      fc.asyncProperty(tokens, endings, fc.boolean(), async (written, ending, wide) => {
        const text = written.join(ending)
        const content = wide ? Buffer.concat([Uint8Array.of(0xff, 0xfe), Buffer.from(text, 'utf16le')]) : text
        const { format, rows } = await readWell(content)
        expect(format).toBe('session_tokens')
        expect(fieldsOf(rows)).toEqual(written.map(st => ({ st })))
      }),
    )
  })

  test('cookie headers, one an account', async () => {
    const header = fc
      .tuple(token, token)
      .map(([other, value]) => `Cookie: theme=${other}; __Secure-next-auth.session-token=${value}`)
    await fc.assert(
      fc.asyncProperty(fc.array(header, { minLength: 1, maxLength: 5 }), async headers => {
        const { format, rows } = await readWell(headers.map(line => `${line};`).join('\n'))
        expect(format).toBe('cookie_header')
        const again = fieldsOf(rows).map(fields => (typeof fields === 'string' ? fields : String(fields['st'])))
        // More than one with the same names are as many accounts.
        expect(again.map(line => line.replace(/;$/, ''))).toEqual(headers)
      }),
    )
  })

  test('cookies.txt: the cookies of the site alone, as long as they last', () => {
    const cookie = fc.record({
      domain: fc.constantFrom('labs.google', '.labs.google', 'sub.labs.google', 'other.example', 'evil-labs.google'),
      name: from('abcdefg_-.', 1, 10),
      value: from(ALPHABET, 1, 30),
      expires: fc.constantFrom(0, 999, 1001, 4_102_444_800),
      hidden: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(cookie, { maxLength: 10 }), cookies => {
        const lines = cookies.map(
          ({ domain, name, value, expires, hidden }) =>
            `${hidden ? '#HttpOnly_' : ''}${domain}\tFALSE\t/\tTRUE\t${expires}\t${name}\t${value}`,
        )
        const rows = readNetscape(['# Netscape HTTP Cookie File', ...lines].join('\n'), RULES)
        const kept = cookies
          .filter(({ domain }) => !['other.example', 'evil-labs.google'].includes(domain))
          .filter(({ expires }) => expires !== 999)
          .map(({ name, value }) => `${name}=${value}`)
        if (kept.length > 0) expect(fieldsOf(rows)).toEqual([{ st: kept.join('; ') }])
        else expect(rows).toEqual([{ row: 1, problem: expect.stringContaining('labs.google') }])
      }),
    )
  })

  test('tables, with any separator, whatever stands in their cells', async () => {
    const row = fc.record({ st: token, remark: cell, project_name: cell })
    const table = fc.array(row, { minLength: 1, maxLength: 10 })
    const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom(...',;\t|'), async (written, separator) => {
        const lines = written.map(({ st, remark, project_name }) =>
          [st, remark, project_name].map(quoted).join(separator),
        )
        const { format, rows } = await readWell(
          [['st', 'Remark', ' project_name'].join(separator), ...lines].join('\n'),
        )
        expect(format).toBe('csv')
        expect(fieldsOf(rows)).toEqual(written)
      }),
    )
  })

  test('a broken row of a table leaves the others whole', async () => {
    const broken = fc.constantFrom('"never closed,x', 'too,many,cells,here', 'a"b"c,"d"e')
    await fc.assert(
      fc.asyncProperty(fc.array(token, { minLength: 1, maxLength: 5 }), broken, fc.nat(4), async (tokens, bad, at) => {
        const lines = tokens.map(st => `${st},x`)
        const place = Math.min(at, lines.length)
        lines.splice(place, 0, bad)
        const { rows } = await readWell(['st,remark', ...lines].join('\n'))
        expect(rows).toHaveLength(lines.length)
        const whole = rows.filter((_, index) => index !== place)
        expect(fieldsOf(whole)).toEqual(tokens.map(st => ({ st, remark: 'x' })))
      }),
    )
  })

  test('JSON lists and JSON lines', async () => {
    const item = fc.record({ st: token, remark: fc.string(), image_concurrency: fc.integer({ min: -1, max: 1000 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 2, maxLength: 10 }), async items => {
        const lines = items.map(one => JSON.stringify(one)).join('\n')
        for (const content of [JSON.stringify(items), JSON.stringify({ tokens: items }, null, 2), lines]) {
          const { format, rows } = await readWell(content)
          expect(format).toBe('json')
          expect(fieldsOf(rows)).toEqual(items)
        }
      }),
    )
  })

  test('rows of an SQLite file', () => {
    const row = fc.record({ st: token, email: fc.string(), image_concurrency: fc.integer() })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 10 }), rows => {
        using database = new Database(':memory:')
        database.run('CREATE TABLE tokens (st TEXT, email TEXT, image_concurrency INTEGER)')
        for (const one of rows)
          database.run('INSERT INTO tokens VALUES (?, ?, ?)', [one.st, one.email, one.image_concurrency])
        expect(fieldsOf(readSqlite(database.serialize(), MOST_ROWS)._unsafeUnwrap())).toEqual(rows)
      }),
    )
  })

  test('the fields of an account', () => {
    const text = from(ALPHABET, 1, 50)
    const account = fc.record(
      {
        st: token,
        email: text.map(name => `${name.toLowerCase()}@flow.example`),
        remark: text,
        projectId: text,
        projectName: text,
        imageEnabled: fc.boolean(),
        videoEnabled: fc.boolean(),
        imageConcurrency: fc.integer({ min: -1, max: 1000 }),
        videoConcurrency: fc.integer({ min: -1, max: 1000 }),
        proxyUrl: text,
        enabled: fc.boolean(),
      },
      { requiredKeys: ['st'] },
    )
    const snake = (name: string) => name.replaceAll(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
    fc.assert(
      fc.property(account, fc.boolean(), (written, asText) => {
        const fields = Object.entries(written).map(([name, value]) => [snake(name), asText ? String(value) : value])
        expect(readCandidate(Object.fromEntries(fields))._unsafeUnwrap()).toEqual(written)
      }),
    )
  })

  test('what was sealed, with its passphrase and no other', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ minLength: 12 }), async (plain, passphrase) => {
        const sealed = await seal(plain.toWellFormed(), passphrase, 1)
        expect((await unseal(sealed, passphrase))._unsafeUnwrap()).toBe(plain.toWellFormed())
        expect((await unseal(sealed, `${passphrase}x`)).isErr()).toBe(true)
      }),
      { numRuns: 3 },
    )
  }, 30_000)
})

describe('garbage', () => {
  const survives = async (content: string | Uint8Array) => {
    const result = await read(content)
    if (result.isErr()) return expect(result.error.blame).toBe('request')
    for (const row of result.value.rows) if ('fields' in row) readCandidate(row.fields)
  }
  const heading = fc.constantFrom(
    '',
    '{',
    '[',
    '# Netscape HTTP Cookie File\n',
    'email,st\n',
    'st\n',
    'Cookie: ',
    'SQLite format 3\0',
  )

  test('is answered and never thrown at anybody', async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), survives))
    await fc.assert(fc.asyncProperty(heading, cell, async (front, rest) => survives(front + rest)))
    await fc.assert(fc.asyncProperty(fc.jsonValue(), async value => survives(JSON.stringify(value))))
    await fc.assert(fc.asyncProperty(fc.jsonValue(), async value => survives(JSON.stringify({ accounts: [value] }))))
    await fc.assert(fc.asyncProperty(fc.object(), async value => survives(JSON.stringify({ sealed: value, data: '' }))))
  })

  test('in an SQLite file neither', async () => {
    const file = importFixture('python-flow.sql')
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(file.length), async (places, length) => {
        const copy = Uint8Array.from(file)
        for (const [place, byte] of places) copy[place] = byte
        await survives(copy)
        await survives(copy.subarray(0, length))
      }),
    )
  })
})

test('a second run changes nothing, whatever stands in the rows and whichever accounts are here', async () => {
  await using pool = await openPool()
  const people = [0, 1, 2]
  const sessions = people.flatMap(person => [0, 1].map(session => `session-${person}-${session}`))
  for (const st of sessions) pool.flow.emails.set(st, `p${st.split('-')[1]}@flow.example`)
  const row = fc.record(
    {
      st: fc.constantFrom(...sessions, 'session-of-nobody', 'no session'),
      // Not always whose the session is.
      email: fc.constantFrom(...people).map(person => `p${person}@flow.example`),
      remark: fc.constantFrom('a', 'b'),
      video_enabled: fc.boolean(),
      proxy_url: fc.constantFrom('proxy.test:1:u:p', 'http://u:p@proxy.test:1', 'nonsense'),
      project_id: fc.constantFrom('x', 'y'),
      enabled: fc.boolean(),
    },
    { requiredKeys: ['st'] },
  )
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 6 }), fc.boolean(), async (rows, lost) => {
      if (lost) for (const { id } of await idsOf(pool)) await pool.call(`/admin/api/tokens/${id}`, { method: 'DELETE' })
      const content = JSON.stringify(rows)
      await pool.bringIn(content)
      const accounts = await pool.accounts()
      expect((await pool.bringIn(content)).counts).toMatchObject({ add: 0, update: 0 })
      expect(await pool.accounts()).toEqual(accounts)
      // Nobody is here twice.
      const emails = accounts.map(({ email }) => email)
      expect(new Set(emails).size).toBe(emails.length)
    }),
    { numRuns: 100 },
  )
}, 60_000)

const idsOf = async (pool: { accounts(): Promise<readonly Record<string, unknown>[]> }) =>
  (await pool.accounts()).map(({ id }) => ({ id: Number(id) }))
