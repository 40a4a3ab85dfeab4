/** How many steps of items are made durable one after the other, against the same events and rows by hand. */
import { join } from 'node:path'
import { startItem } from '../src/workers/commands.ts'
import { openBoardFloor } from './board-floor.mjs'
import { openBoard } from './board-store.ts'
import type { DagItem } from './dags.ts'
import type { Measurement } from './figure.ts'
import { inFolder, interleaved, median, ROUNDS } from './measuring.ts'

const ROUND_ITEMS = 300
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
      const items = Array.from({ length: WARM_UP_ITEMS + ROUNDS * ROUND_ITEMS }, (_, n) => itemAt(n))
      const board = await openBoard(join(dir, 'board.db'))
      await board.post(items)
      const floor = openBoardFloor(join(dir, 'floor.db'), items)

      const product = async (count: number): Promise<number> => {
        const start = performance.now()
        for (let n = 0; n < count; n++) {
          const claimed = await board.claim()
          if (claimed === undefined) throw new Error('There is nothing to claim.')
          await startItem(board.team, claimed.item.id, claimed.attempt)
          await board.complete(claimed)
        }
        return perSecond(count, start)
      }
      const byHand = (count: number): number => {
        const start = performance.now()
        for (let n = 0; n < count; n++) {
          const id = floor.claim() as string
          floor.start(id)
          floor.complete(id)
        }
        return perSecond(count, start)
      }
      await product(WARM_UP_ITEMS)
      byHand(WARM_UP_ITEMS)
      const { first, second } = await interleaved(
        ROUNDS,
        () => product(ROUND_ITEMS),
        () => byHand(ROUND_ITEMS),
      )
      await board.close()
      floor.close()
      progress(`by round ${rates(first)}; by hand ${rates(second)}`)
      return { value: median(first), floor: median(second) }
    }),
}

function itemAt(n: number): DagItem {
  return { id: `item-${n}`, durationMs: 100, dependsOn: [] }
}

function perSecond(items: number, start: number): number {
  return (items * STEPS * 1000) / (performance.now() - start)
}

function rates(values: readonly number[]): string {
  return `${values.map((value) => value.toFixed(0)).join(' ')} per s`
}
