/**
 * A process with a board worker; see `ready-to-start.ts` and `recovery.ts`. It says when it is ready, and
 * when each turn starts.
 *
 * usage: board-host.ts DIR HANG; HANG is `hang` if turns never end
 */
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { openWorkshop } from '../src/workshop.ts'
import { ITEM_TYPE, RESULT } from './board-store.ts'
import { monotonicMs } from './measuring.ts'

export interface TurnStart {
  /** On the clock of `monotonicMs`. */
  readonly startedAt: number
}

const [, , dir = '.', hang] = process.argv
const backend = scriptedBackend({
  script: {
    reply: () => {
      process.send?.({ startedAt: monotonicMs() } satisfies TurnStart)
      return hang === 'hang' ? [{ hang: true }] : RESULT
    },
  },
})
const shop = await openWorkshop({ dir, config: false, backends: [backend], host: 'background' })
shop.configure({ backend: backend.id })
await shop.boardWorker(`worker-${process.pid}`, ITEM_TYPE).stored
process.once('disconnect', () => void shop.close())
process.send?.('ready')
