import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { Due } from '../../plugins/token-pool/due.ts'
import { Ranking } from '../../plugins/token-pool/ranking.ts'
import { Roster } from '../../plugins/token-pool/roster.ts'
import { inOrder, Seat } from '../../plugins/token-pool/seat.ts'
import { Use } from '../../plugins/token-pool/use.ts'
import { unusedAccount } from '../fixtures/pool.ts'

const COUNT = 40
const facts = fc.record({
  rank: fc.nat(3),
  stamp: fc.nat(8),
  credits: fc.constantFrom(Number.POSITIVE_INFINITY, 0, 5, 10, 20),
  reserved: fc.constantFrom(0, 0, 5, 10),
  until: fc.constantFrom(Number.POSITIVE_INFINITY, 1, 2, 3),
})
const step = fc.record({ id: fc.integer({ min: 1, max: COUNT }), facts, refresh: fc.boolean() })

describe('a ranking', () => {
  test('answers what a sorted list would', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: COUNT, maxLength: COUNT }),
        (steps, priorities) => {
          const ranking = new Ranking()
          const roster = new Roster()
          const seats = priorities.map(
            (priority, index) => new Seat(unusedAccount(index + 1), 'image', roster, new Use(), priority),
          )
          const inside = new Set<Seat>()
          for (const { id, facts, refresh } of steps) {
            const seat = seats[id - 1]
            if (!seat) continue
            const { reserved, ...rest } = facts
            if (inside.has(seat) && refresh) {
              Object.assign(seat, { credits: rest.credits, spare: rest.credits - reserved })
              ranking.refresh(seat)
            } else if (inside.delete(seat)) ranking.remove(seat)
            else {
              Object.assign(seat, rest, { spare: rest.credits - reserved })
              ranking.add(seat)
              inside.add(seat)
            }
            const list = [...inside].sort(inOrder)
            expect(ranking.size).toBe(list.length)
            expect(ranking.head(5).slice(0, 5)).toEqual(list.slice(0, 5))
            expect(ranking.mostCredits).toBe(Math.max(...list.map(one => one.credits)))
            expect(ranking.leastSpare).toBe(Math.min(...list.map(one => one.spare)))
            expect(ranking.soonest).toBe(Math.min(...list.map(one => one.until)))
            const tried = list.slice(0, 2).map(one => one.id)
            for (const purse of ['spare', 'credits'] as const)
              for (const cost of [Number.NEGATIVE_INFINITY, 1, 6, 15])
                for (const excluded of [[], tried])
                  expect(ranking.find(purse, cost, excluded)?.id).toBe(
                    list.find(one => one[purse] >= cost && !excluded.includes(one.id))?.id,
                  )
          }
        },
      ),
      { numRuns: 100 },
    )
  }, 30_000)
})

test('who is due comes out by time', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50)), times => {
      const due = new Due()
      for (const [id, at] of times.entries()) due.add(at, id)
      const out: number[] = []
      for (let next = due.take(); next; next = due.take()) {
        expect(times[next.id]).toBe(next.at)
        out.push(next.at)
      }
      expect(out).toEqual([...times].sort((a, b) => a - b))
      expect(due.next).toBe(Number.POSITIVE_INFINITY)
    }),
  )
})
