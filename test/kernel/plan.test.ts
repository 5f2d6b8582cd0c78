import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type AnyPlugin, type Capability, defineCapability, definePlugin } from 'flow2api/plugin'
import { planChanges, sortByDependency } from '../../kernel/plan.ts'
import { greeter, web, word } from '../fixtures/plugins.ts'

const planned = (id: string, definition: AnyPlugin, hash = '1') => ({ id, definition, hash })
const plugin = (
  provides: Capability<unknown>[],
  requires: Capability<unknown>[],
  optional: Capability<unknown>[] = [],
): AnyPlugin => ({
  ...definePlugin({ name: 'x', version: '1', setup() {} }),
  provides,
  requires: Object.fromEntries(requires.map(ref => [ref.id, ref])),
  optional: Object.fromEntries(optional.map(ref => [ref.id, ref])),
})

describe('the plan', () => {
  const g = greeter()
  const w = web()

  test('keeps, replaces, adds and removes', () => {
    const plan = planChanges(
      [planned('greeter', g), planned('web', w), planned('old', word('old'))],
      [planned('web', w, '2'), planned('greeter', g), planned('new', word('new'))],
    )._unsafeUnwrap()
    expect(Object.fromEntries(plan.changes)).toEqual({ web: 'replace', greeter: 'keep', new: 'add', old: 'remove' })
    expect(plan.order).toEqual(['greeter', 'web', 'new'])
  })

  test('a new definition with the same settings is a replacement', () => {
    const plan = planChanges([planned('greeter', g)], [planned('greeter', greeter())])._unsafeUnwrap()
    expect(plan.changes.get('greeter')).toBe('replace')
  })

  test('names who needs what, and a version that does not fit', () => {
    const faults = planChanges([], [planned('web', w)])._unsafeUnwrapErr()
    expect(faults.map(({ code }) => code)).toEqual(['dependency_missing'])
    expect(faults[0]?.message).toContain('"web" needs greeter@1')
    const two = defineCapability<object>('greeter', 2)
    const other = planChanges([], [planned('web', w), planned('g2', plugin([two], []))])._unsafeUnwrapErr()
    expect(other[0]?.message).toContain('There is greeter@2 of "g2"')
  })

  test('refuses two providers of one contract, and a circle with its path', () => {
    const twice = planChanges([], [planned('a', g), planned('b', greeter())])._unsafeUnwrapErr()
    expect(twice[0]?.message).toContain('"a" and "b"')
    const [x, y] = [defineCapability<object>('x', 1), defineCapability<object>('y', 1)]
    const circle = planChanges([], [planned('a', plugin([x], [y])), planned('b', plugin([y], [x]))])._unsafeUnwrapErr()
    expect(circle.map(({ code }) => code)).toEqual(['dependency_cycle'])
    expect(circle[0]?.message).toContain('a → b → a')
  })

  test('an optional dependency orders, and gives way in a circle', () => {
    const [x, y] = [defineCapability<object>('x', 1), defineCapability<object>('y', 1)]
    expect(
      sortByDependency([
        { id: 'late', definition: plugin([], [], [x]) },
        { id: 'early', definition: plugin([x], []) },
      ])._unsafeUnwrap(),
    ).toEqual(['early', 'late'])
    const round = sortByDependency([
      { id: 'a', definition: plugin([x], [], [y]) },
      { id: 'b', definition: plugin([y], [x]) },
    ])._unsafeUnwrap()
    expect(round.toSorted()).toEqual(['a', 'b'])
    expect(round.indexOf('a')).toBeLessThan(round.indexOf('b'))
  })

  test('property: in any graph without circles, providers precede those who need them', () => {
    const graph = fc
      .integer({ min: 1, max: 12 })
      .chain(size =>
        fc.tuple(
          fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 30 }),
          fc.shuffledSubarray([...Array(size).keys()], { minLength: size, maxLength: size }),
        ),
      )
    fc.assert(
      fc.property(graph, ([edges, shuffled]) => {
        const refs = shuffled.map((_, i) => defineCapability<object>(`c${i}`, 1))
        const needs = edges.filter(([from, to]) => from > to)
        const nodes = shuffled.map(i => ({
          id: `p${i}`,
          definition: plugin(
            [refs[i] ?? refs[0]].flatMap(ref => ref ?? []),
            needs.filter(([from]) => from === i).flatMap(([, to]) => refs[to] ?? []),
          ),
        }))
        const order = sortByDependency(nodes)._unsafeUnwrap()
        expect(order.toSorted()).toEqual(nodes.map(({ id }) => id).toSorted())
        for (const [from, to] of needs) expect(order.indexOf(`p${to}`)).toBeLessThan(order.indexOf(`p${from}`))
      }),
    )
  })
})
