/** How many steps of items are made durable one after the other, against the same events and rows by hand. */
import { join } from 'node:path'
import { startItem } from '../src/workers/commands.ts'
import { openBoardFloor } from './board-floor.mjs'
import { openBoard } from './board-store.ts'
import type { DagItem } from './dags.ts'
import type { Measurement } from './figure.ts'
import { inFolder, interleaved, median, quantile } from './measuring.ts'

/** The product and the floor take turns with every item: others use the disk, too. */
const ITEMS = 1000
const WARM_UP_ITEMS = 300
/** Each item is claimed, begins and is done. */
const STEPS = 3

export const transitionsPerSecond: Measurement = {
  name: 'transitions_per_s',
  what: 'items claimed, begun and done, one step after the other; floor: the same events and rows by hand',
  unit: 'transitions/s',
  target: { ratioAtLeast: 0.5 },
  measure: (progress) =>
    inFolder(async (dir) => {
      const items = Array.from({ length: WARM_UP_ITEMS + ITEMS }, (_, n) => itemAt(n))
      const board = await openBoard(join(dir, 'board.db'))
      await board.post(items)
      const floor = openBoardFloor(join(dir, 'floor.db'), items)

      const product = async (): Promise<number> => {
        const start = performance.now()
        const claimed = await board.claim()
        if (claimed === undefined) throw new Error('There is nothing to claim.')
        await startItem(board.team, claimed.item.id, claimed.attempt)
        await board.complete(claimed)
        return performance.now() - start
      }
      const byHand = (): number => {
        const start = performance.now()
        const id = floor.claim() as string
        floor.start(id)
        floor.complete(id)
        return performance.now() - start
      }
      await interleaved(WARM_UP_ITEMS, product, byHand)
      const { first, second } = await interleaved(ITEMS, product, byHand)
      await board.close()
      floor.close()
      progress(
        `p90 ${quantile(first, 0.9).toFixed(2)} ms an item; by hand ${quantile(second, 0.9).toFixed(2)} ms`,
      )
      return { value: (STEPS * 1000) / median(first), floor: (STEPS * 1000) / median(second) }
    }),
}

function itemAt(n: number): DagItem {
  return { id: `item-${n}`, durationMs: 100, dependsOn: [] }
}
