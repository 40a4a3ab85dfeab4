/** How soon another host claims an item again whose host was killed. */
import type { HostedWorkshop } from '../src/facade/workshop.ts'
import { openWorkshop } from '../src/workshop.ts'
import { ITEM_TYPE } from './board-store.ts'
import type { Measurement } from './figure.ts'
import { inFolder, median, monotonicMs, nextMessage, sleep, startModule } from './measuring.ts'

const KILLS = 9
/** The host looks for others at intervals; kills fall anywhere between two looks. */
const SPREAD_MS = 400

export const recoveryTime: Measurement = {
  name: 'recovery_ms',
  what: 'kill -9 of a host to the first claim of its item by another one, p50',
  unit: 'ms',
  target: { valueAtMost: 1000 },
  measure: (progress) =>
    inFolder(async (dir) => {
      await using shop = await openWorkshop({ dir, config: false, host: 'none' })
      let running = startModule('board-host.ts', [dir, 'hang'])
      const hosts = [running]
      const times: number[] = []
      try {
        await nextMessage(running)
        for (let n = 0; n < KILLS; n++) {
          // An item whose hosts die again and again is given up, so each is killed for once only.
          const item = `item-${n}`
          const held = claimedAt(shop)
          await shop.work(item, 'An item', { type: ITEM_TYPE })
          await held
          const next = startModule('board-host.ts', [dir, 'hang'])
          hosts.push(next)
          await nextMessage(next)
          await sleep((SPREAD_MS * n) / KILLS)
          const claim = claimedAt(shop)
          const start = monotonicMs()
          running.kill('SIGKILL')
          times.push((await claim) - start)
          running = next
          await shop.cancel(item)
        }
      } finally {
        for (const host of hosts) host.kill('SIGKILL')
      }
      progress(`longest ${Math.max(...times).toFixed(0)} ms`)
      return { value: median(times) }
    }),
}

/** When a claim is seen here. */
async function claimedAt(shop: HostedWorkshop): Promise<number> {
  for await (const { type } of shop.watch()) if (type === 'item.claimed') return monotonicMs()
  throw new Error('The watch ended.')
}
