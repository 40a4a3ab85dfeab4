import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  cycleIn,
  dependenciesFirst,
  dependentsFirst,
  dependentsOf,
  wavesOf,
  type GraphItem,
} from './graph.ts'

/** Any graph of a few items: with cycles, loops, repeated and unknown dependencies. */
const graph: fc.Arbitrary<readonly GraphItem[]> = fc
  .integer({ min: 0, max: 7 })
  .chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc
          .array(fc.constantFrom('0', '1', '2', '3', '4', '5', '6', 'outside'), { maxLength: 3 })
          .map((dependsOn) => ({ id: String(index), dependsOn })),
      ),
    ),
  )

const acyclic = graph.map((items) =>
  items.map(({ id, dependsOn }) => ({
    id,
    dependsOn: dependsOn.filter((below) => below < id || below > '9'),
  })),
)

/** Everything that can be reached from an item, by trying every way. */
function reached(items: readonly GraphItem[], from: string): Set<string> {
  const found = new Set<string>()
  const visit = (id: string): void => {
    for (const below of items.find((item) => item.id === id)?.dependsOn ?? []) {
      if (found.has(below)) continue
      found.add(below)
      visit(below)
    }
  }
  visit(from)
  return found
}

function graphOf(...lines: string[]): GraphItem[] {
  return lines.map((line) => {
    const [id = '', behind = ''] = line.split(' < ')
    return { id, dependsOn: behind === '' ? [] : behind.split(' ') }
  })
}

describe('a cycle', () => {
  it('AS-102: is named by its ids, the first repeated at the end', () => {
    expect(cycleIn(graphOf('x', 'a < x b', 'b < c', 'c < a'))).toEqual(['a', 'b', 'c', 'a'])
    expect(cycleIn(graphOf('a < a'))).toEqual(['a', 'a'])
  })

  it('is none where ways only meet again', () => {
    expect(cycleIn(graphOf('a', 'b < a', 'c < a', 'd < b c a'))).toBeUndefined()
  })

  it('is found exactly if an item can be reached from itself, and is a real one', () => {
    fc.assert(
      fc.property(graph, (nodes) => {
        const cycle = cycleIn(nodes)
        expect(cycle !== undefined).toBe(nodes.some(({ id }) => reached(nodes, id).has(id)))
        for (const [index, id] of (cycle ?? []).slice(1).entries())
          expect(nodes.find((node) => node.id === cycle?.[index])?.dependsOn).toContain(id)
        expect(cycle?.at(-1)).toBe(cycle?.[0])
      }),
      { numRuns: 1000 },
    )
  })
})

describe('waves', () => {
  it('AS-101: hold what can run together', () => {
    const waves = wavesOf(graphOf('arch', 'fe < arch', 'be < arch', 'db < arch', 'integration < fe be db'))
    expect(waves).toEqual([['arch'], ['fe', 'be', 'db'], ['integration']])
  })

  it('D08: put each item into the first wave in which everything that it depends on is done', () => {
    fc.assert(
      fc.property(acyclic, (nodes) => {
        const waveOf = new Map(
          wavesOf(nodes).flatMap((wave, index) => wave.map((id) => [id, index] as const)),
        )
        expect([...waveOf.keys()].toSorted()).toEqual(nodes.map(({ id }) => id))
        for (const { id, dependsOn } of nodes)
          expect(waveOf.get(id)).toBe(Math.max(-1, ...dependsOn.map((below) => waveOf.get(below) ?? -1)) + 1)
      }),
    )
  })

  it('are refused for a cycle', () => {
    expect(() => wavesOf(graphOf('a < b', 'b < a', 'c'))).toThrow(RangeError)
  })
})

describe('orders', () => {
  it('put dependents first', () => {
    fc.assert(
      fc.property(acyclic, (nodes) => {
        const order = dependentsFirst(nodes)
        expect(order.toSorted()).toEqual(nodes.map(({ id }) => id))
        for (const { id, dependsOn } of nodes)
          for (const below of dependsOn.filter((each) => order.includes(each)))
            expect(order.indexOf(id)).toBeLessThan(order.indexOf(below))
      }),
    )
  })

  it('put dependencies first, of everything behind some items and nothing else', () => {
    fc.assert(
      fc.property(acyclic, fc.subarray(['0', '2', '4', '6']), (nodes, from) => {
        const order = dependenciesFirst(from, dependentsOf(nodes))
        const behind = nodes.filter(({ id }) => from.some((each) => reached(nodes, id).has(each)))
        expect(new Set(order)).toEqual(new Set([...from, ...behind.map(({ id }) => id)]))
        expect(order).toHaveLength(new Set(order).size)
        for (const { id, dependsOn } of behind)
          for (const below of dependsOn.filter((each) => order.includes(each)))
            expect(order.indexOf(below)).toBeLessThan(order.indexOf(id))
      }),
    )
  })

  it('end for a cycle', () => {
    expect(dependenciesFirst(['a'], dependentsOf(graphOf('a < b', 'b < a'))).toSorted()).toEqual(['a', 'b'])
  })

  it('go down a chain that is longer than the stack', () => {
    const chain = Array.from({ length: 50_000 }, (_, index) => ({
      id: String(index),
      dependsOn: index === 0 ? [] : [String(index - 1)],
    }))
    expect(cycleIn(chain.toReversed())).toBeUndefined()
    expect(dependenciesFirst(['0'], dependentsOf(chain)).at(-1)).toBe('49999')
    expect(dependentsFirst(chain)[0]).toBe('49999')
  })
})

it('who waits for whom names each once', () => {
  expect(dependentsOf(graphOf('b < a a', 'c < a b'))).toEqual(
    new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
    ]),
  )
})
