/**
 * A host that runs agents and then says how much memory it holds; see `rss-growth.ts`.
 *
 * usage: node --expose-gc rss-host.ts DIR AGENTS
 */
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { openWorkshop } from '../src/workshop.ts'
import { sleep } from './measuring.ts'

const TURNS = 3
const CONCURRENCY = 64

/** Freed memory goes back to the system some time after it was collected. */
const SETTLE_MS = 1000
const COLLECTIONS = 3

const [, , dir = '.', agents = '0'] = process.argv
const backend = scriptedBackend({ script: { reply: 'done' }, keepRequests: 1 })
const shop = await openWorkshop({ dir, config: false, backends: [backend] })
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
  globalThis.gc?.()
  await sleep(SETTLE_MS)
}
process.send?.({ rssMb: process.memoryUsage.rss() / 2 ** 20 })
await shop.close()
process.disconnect?.()
