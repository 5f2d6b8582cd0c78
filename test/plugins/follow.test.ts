/** A ring of lines, and streams that follow it. */
import { describe, expect, test } from 'bun:test'
import { type Following, followed, Ring } from 'flow2api/contracts'
import { manualClock } from 'flow2api/testing'

const follow = (ring: Ring, more: Partial<Following> = {}) => {
  const stop = new AbortController()
  const clock = manualClock()
  const response = followed({
    ring,
    from: ring.next,
    clock,
    signal: stop.signal,
    event: ({ line }) => (line.startsWith('#') ? undefined : { event: 'line', data: { line } }),
    allowed: async () => true,
    ...more,
  })
  const reader = response.body?.getReader()
  const read = async () => new TextDecoder().decode((await reader?.read())?.value)
  return {
    clock,
    read,
    leave: () => reader?.cancel(),
    stop: () => stop.abort(),
    ended: async () => (await reader?.read())?.done,
  }
}

describe('a stream', () => {
  test('tells what comes, each by its id, and nothing that is not wanted', async () => {
    const ring = new Ring()
    ring.push('before')
    const { read } = follow(ring)
    expect(await read()).toBe('retry: 1000\n\n')
    const first = read()
    for (const line of ['#', 'a', '#', 'b']) ring.push(line)
    const id = (number: number) => `${ring.epoch}-${number}`
    expect(await first).toBe(
      ['a', 'b'].map((line, at) => `id: ${id(3 + 2 * at)}\nevent: line\ndata: {"line":"${line}"}\n\n`).join(''),
    )
    const behind = follow(ring, { from: ring.after(id(3)) })
    await behind.read()
    expect(await behind.read()).toStartWith(`id: ${id(5)}\n`)
    // The ids of another process say nothing here.
    expect([ring.after('00000000-3'), ring.after('x'), ring.after(id(99))]).toEqual([1, 1, 6])
  })

  test('tells a slow reader how much it missed', async () => {
    const ring = new Ring({ lines: 3, characters: 1_000_000 })
    const { read } = follow(ring)
    await read()
    for (let nth = 1; nth <= 10; nth++) ring.push(`line ${nth}`)
    const text = await read()
    expect(text).toStartWith('event: gap\ndata: {"lost":7}\n\n')
    expect([...text.matchAll(/"line":"(line \d+)"/g)].map(([, line]) => line)).toEqual(['line 8', 'line 9', 'line 10'])
  })

  test('gives a sign of life while nothing happens, and ends when it is told to', async () => {
    const { clock, read, stop, ended } = follow(new Ring())
    await read()
    const beat = read()
    await clock.advance(15_000)
    expect(await beat).toBe(': alive\n\n')
    stop()
    expect(await ended()).toBe(true)
  })

  const refusals: readonly (readonly [string, () => Promise<boolean>])[] = [
    ['says no', async () => false],
    ['breaks', () => Promise.reject(new Error('gone'))],
  ]
  test.each(refusals)('ends where whoever let its reader in %s', async (_, allowed) => {
    const ring = new Ring()
    const { clock, read, ended } = follow(ring, { allowed })
    await read()
    ring.push('still seen')
    expect(await read()).toContain('still seen')
    const last = ended()
    await clock.advance(15_000)
    ring.push('not seen')
    await clock.advance(1)
    // A sign of life may come first.
    expect((await last) || (await ended())).toBe(true)
  })

  test('gives one as well while all that comes is not wanted', async () => {
    const ring = new Ring()
    const { clock, read } = follow(ring)
    await read()
    const beat = read()
    for (let second = 0; second < 15; second++) {
      ring.push('#')
      await clock.advance(1_000)
    }
    expect(await beat).toBe(': alive\n\n')
  })

  test('that was too late from the beginning listens to nothing', async () => {
    class Counted extends Ring {
      readers = 0
      override onPush(listener: () => void) {
        this.readers++
        const undo = super.onPush(listener)
        return () => {
          this.readers--
          undo()
        }
      }
    }
    const ring = new Counted()
    const { read, ended } = follow(ring, { signal: AbortSignal.abort() })
    await read()
    expect([await ended(), ring.readers]).toEqual([true, 0])
  })

  test('of a reader who left nothing is kept', async () => {
    const ring = new Ring()
    const { clock, read, leave } = follow(ring)
    await read()
    const waiting: number = clock.waiting
    await leave()
    ring.push('x')
    await clock.advance(0)
    expect(clock.waiting).toBeLessThanOrEqual(waiting)
  })
})

test('the ring is bounded by lines and by characters, and keeps at least the last line', () => {
  const ring = new Ring({ lines: 5, characters: 100 })
  for (let nth = 1; nth <= 20; nth++) ring.push(`${nth}`)
  expect([...ring.from(0)].map(({ number }) => number)).toEqual([16, 17, 18, 19, 20])
  ring.push('x'.repeat(90))
  ring.push('y'.repeat(500))
  expect([...ring.before(ring.next)].map(({ line }) => line.length)).toEqual([500])
})
