import { describe, expect, test } from 'bun:test'
import { SharedPool } from '../../kernel/shared.ts'

describe('shared things', () => {
  test('are opened once and closed by the last holder', async () => {
    const pool = new SharedPool()
    const log: string[] = []
    const hold = () =>
      pool.acquire(
        'k',
        () => {
          log.push('open')
          return { n: log.length }
        },
        () => void log.push('close'),
      )
    const [a, b] = await Promise.all([hold(), hold()])
    expect(a).toBe(b)
    await pool.release('k')
    expect(log).toEqual(['open'])
    await pool.release('k')
    expect(log).toEqual(['open', 'close'])
    expect(pool.keys()).toEqual([])
  })

  test('a failed opening is forgotten', async () => {
    const pool = new SharedPool()
    await expect(pool.acquire('k', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await pool.acquire('k', () => ({ yes: true }))).toEqual({ yes: true })
  })

  test('an opening waits for the closing before it', async () => {
    const pool = new SharedPool()
    const closing = Promise.withResolvers<void>()
    const log: string[] = []
    await pool.acquire(
      'k',
      () => ({}),
      () => closing.promise.then(() => void log.push('closed')),
    )
    const released = pool.release('k')
    const again = pool.acquire('k', () => {
      log.push('opened again')
      return {}
    })
    closing.resolve()
    await Promise.all([released, again])
    expect(log).toEqual(['closed', 'opened again'])
  })

  test('a close that fails does not block the next opening', async () => {
    const pool = new SharedPool()
    await pool.acquire(
      'k',
      () => ({}),
      () => Promise.reject(new Error('stuck')),
    )
    await expect(pool.release('k')).rejects.toThrow('stuck')
    expect(await pool.acquire('k', () => ({ fresh: true }))).toEqual({ fresh: true })
  })
})
