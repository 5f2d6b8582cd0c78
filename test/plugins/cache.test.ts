/** What a file is, what its headers say, and what has to go: the parts of the cache that touch no disk. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { kindOf, kindOfName, nameOf, newId, partOf } from '../../plugins/cache/kind.ts'
import { readMp4 } from '../../plugins/cache/mp4.ts'
import { type Found, toRemove } from '../../plugins/cache/sweep.ts'
import { diskFault } from '../../plugins/cache/write.ts'
import { box, jpg, mp4, png } from '../fixtures/media.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

describe('kindOf', () => {
  test.each([
    [png(2, 2), 'image/png'],
    [jpg(2, 2), 'image/jpeg'],
    [bytes('GIF89a…'), 'image/gif'],
    [bytes('RIFF\x10\x00\x00\x00WEBPVP8 '), 'image/webp'],
    [mp4(), 'video/mp4'],
    [bytes('\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm'), 'video/webm'],
  ])('%#: %p', (head, mime) => expect(kindOf(head)?.mime).toBe(mime))

  test.each([
    '',
    '<!doctype html>',
    '{"error":{}}',
    'RIFF\x10\x00\x00\x00WAVEfmt ',
    '\x00\x00\x00\x1cftypavif',
    '\x00\x00\x00\x1cftypheic',
    '\x00\x00\x00\x1cftypqt  ',
    '\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska',
    '<svg xmlns="http://www.w3.org/2000/svg">',
    '%PDF-1.7',
  ])('%p is not kept', text => expect(kindOf(bytes(text))).toBeUndefined())
})

describe('names', () => {
  test('128 random bits and the extension of the kind', () => {
    const id = newId()
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(id).not.toBe(newId())
    expect(kindOfName(nameOf(id, { mime: 'video/mp4', extension: 'mp4' }))?.mime).toBe('video/mp4')
  })

  test('nothing else is a name', () => {
    const id = newId()
    for (const name of [
      id,
      partOf(id),
      `${id}.svg`,
      `../${id}.png`,
      `${id}.png/`,
      `${id}.png\n`,
      `${id.toUpperCase()}G.png`,
      '..',
      '',
    ])
      expect(kindOfName(name)).toBeUndefined()
  })
})

describe('readMp4', () => {
  const facts = (file: Uint8Array) =>
    readMp4(async (offset, length) => file.subarray(offset, offset + length), file.length)

  test('duration and size, with 32 and 64 bit times, headers at the end', async () => {
    for (const version of [0, 1] as const)
      expect(await facts(mp4({ seconds: 8, width: 1280, height: 720, version, dataBytes: 5000 }))).toEqual({
        durationSeconds: 8,
        width: 1280,
        height: 720,
      })
  })

  test('a turned picture is as people see it', async () => {
    expect(await facts(mp4({ width: 1280, height: 720, turned: true }))).toMatchObject({ width: 720, height: 1280 })
  })

  test('what the headers do not say is null', async () => {
    expect(await facts(mp4({ seconds: 0 }))).toMatchObject({ durationSeconds: null, width: 320 })
    expect(await facts(new Uint8Array(box('moov', box('trak', []))))).toEqual({
      durationSeconds: null,
      width: null,
      height: null,
    })
  })

  test('any bytes, and any file with bytes changed or missing, are read without throwing and without end', async () => {
    const whole = mp4()
    const damaged = fc
      .record({ length: fc.nat(whole.length), at: fc.nat(whole.length - 1), value: fc.nat(255) })
      .map(({ length, at, value }) => {
        const file = whole.slice(0, length)
        if (at < file.length) file[at] = value
        return file
      })
    const nested = fc
      .array(fc.constantFrom('moov', 'trak', 'tkhd', 'mvhd', 'free'))
      .map(types => new Uint8Array(types.flatMap(type => box(type, []))))
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.uint8Array(), damaged, nested), async file => {
        const { durationSeconds, width, height } = await facts(file)
        for (const value of [durationSeconds, width, height]) expect(value === null || value > 0).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('a file of endless empty boxes is given up', async () => {
    let reads = 0
    const free = new Uint8Array(box('free', [])) // 8 bytes each
    await readMp4(async () => {
      reads++
      return free
    }, 2 ** 40)
    expect(reads).toBeLessThan(5_000)
  })
})

describe('toRemove', () => {
  const file = (name: string, changedAt: number, size = 10): Found => ({ name, changedAt, bytes: size })
  const ids = Array.from({ length: 6 }, (_, index) => `${index}`.repeat(32))
  const name = (index: number) => `${ids[index]}.png`
  const limits = { now: 10_000_000, lifetimeMs: 1_000_000, mostBytes: 0, writing: new Set<string>() }

  test('what has expired goes, to the millisecond; with 0 nothing does', () => {
    const found = [file(name(0), 8_999_999), file(name(1), 9_000_000), file(name(2), 9_000_001)]
    expect(toRemove(found, limits)).toEqual([name(0), name(1)])
    expect(toRemove(found, { ...limits, lifetimeMs: 0 })).toEqual([])
  })

  test('above the limit the oldest go, as many as it takes, but never the newest', () => {
    const found = [file(name(2), 9_500_003), file(name(0), 9_500_001), file(name(1), 9_500_002)]
    expect(toRemove(found, { ...limits, mostBytes: 20 })).toEqual([name(0)])
    expect(toRemove(found, { ...limits, mostBytes: 15 })).toEqual([name(0), name(1)])
    expect(toRemove(found, { ...limits, mostBytes: 1 })).toEqual([name(0), name(1)])
  })

  test('half-written files go when nobody writes them any more', () => {
    const [mine, fresh, orphan] = ids.map(partOf)
    const found = [file(mine ?? '', 0), file(fresh ?? '', 9_999_000), file(orphan ?? '', 0)]
    expect(toRemove(found, { ...limits, writing: new Set([mine ?? '']) })).toEqual([orphan ?? ''])
  })

  test('foreign files stay, files being written stay, and the rest fits the limit', () => {
    const names = fc.constantFrom('README', '.gitkeep', 'x.png', ...ids.flatMap(id => [`${id}.png`, partOf(id)]))
    const found = fc.uniqueArray(fc.record({ name: names, bytes: fc.nat(50), changedAt: fc.nat(10_000_000) }), {
      selector: ({ name }) => name,
    })
    fc.assert(
      fc.property(found, fc.nat(100), fc.uniqueArray(names), (found, mostBytes, writing) => {
        const removed = new Set(toRemove(found, { ...limits, mostBytes, writing: new Set(writing) }))
        for (const gone of removed) {
          expect(gone).toMatch(/^[0-5]{32}\.(png|part)$/)
          if (gone.endsWith('.part')) expect(writing).not.toContain(gone)
        }
        const left = found.filter(({ name }) => kindOfName(name) && !removed.has(name))
        const total = left.reduce((sum, { bytes }) => sum + bytes, 0)
        expect(mostBytes === 0 || total <= mostBytes || left.length === 1).toBe(true)
      }),
    )
  })
})

test('a full disk has its own code; other trouble with the disk is named', () => {
  expect(diskFault(Object.assign(new Error(), { code: 'ENOSPC' }))).toMatchObject({
    code: 'disk_full',
    blame: 'gateway',
  })
  expect(diskFault(Object.assign(new Error(), { code: 'EACCES' }))).toMatchObject({
    code: 'internal_error',
    message: expect.stringContaining('EACCES'),
  })
})
