import { expect, test } from 'bun:test'
import { reloadChaos } from '../chaos/reloads.ts'

test('random reloads under load fail no request, pay nothing twice, and leave nothing behind', async () => {
  const report = await reloadChaos({ reloads: 60, workers: 6, seed: 5 })
  expect(report).toMatchObject({ reloads: 60, failures: [], surprises: [], submittedTwice: [], stillHeld: [] })
  expect(Object.values(report.requests).reduce((sum, more) => sum + more, 0)).toBeGreaterThanOrEqual(60)
})
