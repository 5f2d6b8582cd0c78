import { expect, test } from 'bun:test'
import { chaos } from '../chaos/chaos.ts'

test('jobs of every kind survive a gateway that is killed again and again; nothing is paid twice', async () => {
  const report = await chaos({ jobs: 24, kills: 4, seed: 7 })
  expect(report).toMatchObject({ jobs: 24, kills: 4, submittedTwice: [], lostFiles: [] })
  // Each ended: whole, or with the honest word that the crash fell between a paid call and its answer.
  expect(Object.keys(report.codes).filter(code => code !== 'outcome_unknown')).toEqual([])
  expect((report.ended['completed'] ?? 0) + (report.ended['outcome_unknown'] ?? 0)).toBe(24)
  expect(report.files).toBeGreaterThan(0)
})
