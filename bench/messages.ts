/** How many durable messages a host answers while 64 agents are kept busy, against bare posts. */
import { join } from 'node:path'
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { openWorkshop } from '../src/workshop.ts'
import type { Measurement } from './figure.ts'
import { openFloor } from './floors.mjs'
import { inFolder, interleaved, median, ROUNDS } from './measuring.ts'

const AGENTS = Array.from({ length: 64 }, (_, n) => `agent_${n}`)
/** The message that an agent works on and one that waits, so that it never has to wait for this program. */
const OPEN_PER_AGENT = 2

const WARM_UP_MS = 2000
const ROUND_MS = 2000

const PROMPT = 'hello'

export const messagesPerSecond: Measurement = {
  name: 'messages_per_s',
  what: 'messages answered with 64 busy agents; floor: posts of one event and one row, one commit each',
  unit: 'messages/s',
  target: { ratioAtLeast: 0.2 },
  measure: (progress) =>
    inFolder(async (dir) => {
      const backend = scriptedBackend({ script: { reply: 'done' } })
      await using shop = await openWorkshop({ dir, config: false, backends: [backend] })
      shop.configure({ backend: backend.id, concurrency: AGENTS.length })
      for (const agent of AGENTS) shop.agent(agent, 'Answers at once.')
      const floor = openFloor(join(dir, 'floor.db'), { agents: AGENTS, cwd: dir })

      const product = async (ms: number): Promise<number> => {
        let answered = 0
        const start = performance.now()
        const keepBusy = async (agent: string): Promise<void> => {
          while (performance.now() - start < ms) {
            await shop.ask(agent, PROMPT)
            answered++
          }
        }
        const asking = AGENTS.flatMap((agent) =>
          Array.from({ length: OPEN_PER_AGENT }, () => keepBusy(agent)),
        )
        await Promise.all(asking)
        return (answered * 1000) / (performance.now() - start)
      }
      const posts = (ms: number): number => {
        let posted = 0
        const start = performance.now()
        while (performance.now() - start < ms) floor.post(AGENTS[posted++ % AGENTS.length] ?? '', PROMPT)
        return (posted * 1000) / (performance.now() - start)
      }
      await product(WARM_UP_MS)
      posts(WARM_UP_MS)
      const { first, second } = await interleaved(
        ROUNDS,
        () => product(ROUND_MS),
        () => posts(ROUND_MS),
      )
      floor.close()
      progress(`by round ${perSecond(first)}; posts ${perSecond(second)}`)
      return { value: median(first), floor: median(second) }
    }),
}

function perSecond(values: readonly number[]): string {
  return `${values.map((value) => value.toFixed(0)).join(' ')} per s`
}
