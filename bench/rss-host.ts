/**
 * A host that runs agents and then says how much memory it holds; see `rss-growth.ts`.
 *
 * A busy V8 gives its nursery up to 128 MB, whoever is busy, and keeps the pages when the garbage is
 * gone. A collection of last resort gives them back, so that what is left is what the host holds on to.
 *
 * usage: node --expose-gc rss-host.ts DIR AGENTS
 */
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { openWorkshop } from '../src/workshop.ts'
import { sleep } from './measuring.ts'

const TURNS = 3
const CONCURRENCY = 64

/** Freed memory goes back to the system some time after it was collected. */
const SETTLE_MS = 500
const COLLECTIONS = 3

const [, , dir = '.', agents = '0'] = process.argv
const backend = scriptedBackend({ script: { reply: 'done' }, keepRequests: 1 })
// What the disk does changes how long this takes, not what it leaves in memory.
const shop = await openWorkshop({ dir, config: false, backends: [backend], durability: 'fast' })
shop.configure({ backend: backend.id, concurrency: CONCURRENCY })

let next = 0
await Promise.all(
  Array.from({ length: CONCURRENCY }, async () => {
    while (next < Number(agents)) {
      const agent = `agent_${next++}`
      shop.agent(agent, 'Answers at once.')
      for (let turn = 0; turn < TURNS; turn++) await shop.ask(agent, 'hello')
    }
  }),
)

for (let n = 0; n < COLLECTIONS; n++) {
  await globalThis.gc?.({ type: 'major', flavor: 'last-resort', execution: 'async' })
  await sleep(SETTLE_MS)
}
process.send?.({ rssMb: process.memoryUsage.rss() / 2 ** 20 })
await shop.close()
process.disconnect?.()
