import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { openBoardFloor } from '../../bench/board-floor.mjs'
import { openBoard } from '../../bench/board-store.ts'
import { dagOf, DAG_NAMES, lowerBoundMs } from '../../bench/dags.ts'
import { startItem } from '../../src/workers/commands.ts'
import { temporaryFolder } from '../stores/sqlite-file.ts'

/** A diamond: two items that become ready one after the other, and one that waits for both. */
const ITEMS = [
  { id: 'a', durationMs: 100, dependsOn: [] },
  { id: 'b', durationMs: 100, dependsOn: ['a'] },
  { id: 'c', durationMs: 100, dependsOn: ['a'] },
  { id: 'd', durationMs: 100, dependsOn: ['b', 'c'] },
]

/** What the steps leave behind, without what names a time, an attempt or who acted. */
const LEFT_BEHIND = {
  events: `SELECT type, version, json_remove(data, '$.attempt', '$.owner', '$.host') AS data FROM event WHERE seq >= (SELECT min(seq) FROM event WHERE type = 'item.claimed') ORDER BY seq`,
  items: `SELECT id, state, phase, waiting, unmet, dependsOn, attempts, result, revision, "definition" FROM item ORDER BY id`,
  attempts: `SELECT item, number, slot, tree, typeof(position) AS position, state, error FROM attempt ORDER BY item`,
  dependencies: 'SELECT * FROM dependency ORDER BY item, dependsOn',
}

function rowsOf(path: string, sql: string): unknown {
  const database = new DatabaseSync(path)
  const rows = database.prepare(sql).all()
  database.close()
  return rows
}

test('the floor of the board leaves the events and rows of the product', async () => {
  const dir = temporaryFolder()
  const [product, byHand] = [join(dir, 'product.db'), join(dir, 'floor.db')]
  const board = await openBoard(product)
  await board.post(ITEMS)
  for (let claimed = await board.claim(); claimed !== undefined; claimed = await board.claim()) {
    await startItem(board.team, claimed.item.id, claimed.attempt)
    await board.complete(claimed)
  }
  await board.close()
  const floor = openBoardFloor(byHand, ITEMS)
  for (let id = floor.claim(); id !== undefined; id = floor.claim()) {
    floor.start(id)
    floor.complete(id)
  }
  floor.close()
  for (const [what, sql] of Object.entries(LEFT_BEHIND))
    expect([what, rowsOf(byHand, sql)]).toEqual([what, rowsOf(product, sql)])
})

test('a pinned board is the same each time, and every item depends only on earlier ones', () => {
  for (const name of DAG_NAMES) {
    const dag = dagOf(name, 1000)
    expect(dagOf(name, 1000)).toEqual(dag)
    expect(dag.items).toHaveLength(1000)
    const known = new Set<string>()
    for (const { id, dependsOn, durationMs } of dag.items) {
      expect(dependsOn.every((each) => known.has(each))).toBe(true)
      expect(durationMs).toBeGreaterThanOrEqual(20)
      expect(durationMs).toBeLessThanOrEqual(200)
      known.add(id)
    }
  }
})

test('no schedule beats the longest way, nor the work shared by all workers', () => {
  expect(lowerBoundMs({ name: 'wide', items: ITEMS }, 16)).toBe(300)
  const side = Array.from({ length: 32 }, (_, n) => ({ id: `${n}`, durationMs: 100, dependsOn: [] }))
  expect(lowerBoundMs({ name: 'wide', items: side }, 16)).toBe(200)
})
