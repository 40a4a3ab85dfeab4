import { describe, expect, it } from 'vitest'
import { itemRow, runningItem } from '../../test/replay/example-rows.ts'
import { causesOf, consequences } from './blocking.ts'
import { dependentsOf } from './graph.ts'
import type { ItemRow } from './item.ts'

function board(...rows: readonly ItemRow[]) {
  return { items: new Map(rows.map((row) => [row.id, row])), dependents: dependentsOf(rows) }
}

function waits(id: string, dependsOn: readonly string[], changes: Partial<ItemRow> = {}): ItemRow {
  const unmet = dependsOn.length
  return itemRow({ id, state: 'waiting', waiting: { for: 'dependencies' }, dependsOn, unmet, ...changes })
}

const FAILED = new Map([['a', { state: 'failed', waiting: null, unmet: 0 } as const]])

describe('A32: a failure', () => {
  it('reaches each item behind it once, after what that depends on, whatever the order of the rows', () => {
    const rows = [waits('d', ['b', 'c']), waits('c', ['b']), waits('b', ['a']), itemRow({ id: 'a' })]
    const events = consequences(board(...rows), FAILED)
    expect(events).toEqual(
      ['b', 'c', 'd'].map((item) => ({ type: 'item.blocked', data: { item, causes: ['a'] } })),
    )
  })

  it('calls back neither what runs nor what has settled or waits for a person', () => {
    const rows = [
      runningItem({ id: 'r', dependsOn: ['a'] }),
      itemRow({ id: 's', state: 'cancelled', dependsOn: ['a'], unmet: 1 }),
      itemRow({ id: 'w', state: 'waiting', waiting: { for: 'approval', id: 'i' }, dependsOn: ['a'] }),
      waits('behind', ['s']),
    ]
    expect(consequences(board(...rows, itemRow({ id: 'a' })), FAILED)).toEqual([])
  })

  it('takes a ready item back', () => {
    const rows = [itemRow({ id: 'a' }), itemRow({ id: 'b', dependsOn: ['a'], unmet: 1 })]
    expect(consequences(board(...rows), FAILED)).toEqual([
      { type: 'item.blocked', data: { item: 'b', causes: ['a'] } },
    ])
  })

  it('reaches a wide board with many ways in one walk', () => {
    const layers = Array.from({ length: 40 }, (_, layer) =>
      [0, 1, 2].map((column) =>
        waits(`${layer}.${column}`, layer === 0 ? ['a'] : [0, 1, 2].map((each) => `${layer - 1}.${each}`)),
      ),
    )
    expect(consequences(board(itemRow({ id: 'a' }), ...layers.flat()), FAILED)).toHaveLength(120)
  })

  it('goes on where the rows behind it are not all known', () => {
    const dependents = new Map([['a', ['gone']]])
    expect(consequences({ items: new Map(), dependents }, FAILED, ['gone'])).toEqual([])
  })
})

it('causes are named once, in the order of the dependencies', () => {
  const rows = new Map<string, Pick<ItemRow, 'state' | 'waiting'>>([
    ['a', { state: 'failed', waiting: null }],
    ['b', { state: 'waiting', waiting: { for: 'failed_dependency', causes: ['x', 'a'] } }],
    ['c', { state: 'ready', waiting: null }],
    ['d', { state: 'cancelled', waiting: null }],
  ])
  expect(causesOf(['d', 'b', 'a', 'c', 'unknown'], (id) => rows.get(id))).toEqual(['d', 'x', 'a'])
})
