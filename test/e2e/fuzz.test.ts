/** The short form of `bun run fuzz`. */
import { expect, test } from 'bun:test'
import { fuzz } from '../fuzz/fuzz.ts'

test('requests that nobody sends on purpose break nothing, and nothing is paid for', async () => {
  const report = await fuzz({ requests: 800, seed: 6 })
  expect(report).toMatchObject({ submissions: 0, failures: [], alive: true })
  expect(report.requests).toBe(800)
})
