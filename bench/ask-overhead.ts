/** What Atelier adds to a turn: one ask after the other, answered at once, against its bare transactions. */
import { join } from 'node:path'
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { openWorkshop } from '../src/workshop.ts'
import type { Measurement } from './figure.ts'
import { openFloor } from './floors.mjs'
import { inFolder, interleaved, median, ROUNDS } from './measuring.ts'

const WARM_UP_MS = 1000
const ROUND_MS = 1000

const AGENT = 'impl'
const PROMPT = 'hello'
const ANSWER = 'done'

export const askOverhead: Measurement = {
  name: 'ask_overhead_ms',
  what: 'one ask, answered at once, p50; floor: its three transactions by hand',
  unit: 'ms',
  target: { ratioAtMost: 3 },
  measure: (progress) =>
    inFolder(async (dir) => {
      const backend = scriptedBackend({ script: { reply: ANSWER } })
      await using shop = await openWorkshop({ dir, config: false, backends: [backend] })
      shop.configure({ backend: backend.id })
      shop.agent(AGENT, 'Answers at once.')
      const floor = openFloor(join(dir, 'floor.db'), { agents: [AGENT], cwd: dir })

      const product = (ms: number): Promise<number> => timeOf(ms, () => shop.ask(AGENT, PROMPT))
      const byHand = (ms: number): Promise<number> => timeOf(ms, () => floor.ask(AGENT, PROMPT, ANSWER))
      await product(WARM_UP_MS)
      await byHand(WARM_UP_MS)
      const { first, second } = await interleaved(
        ROUNDS,
        () => product(ROUND_MS),
        () => byHand(ROUND_MS),
      )
      floor.close()
      progress(`by round ${inMs(first)}; by hand ${inMs(second)}`)
      return { value: median(first), floor: median(second) }
    }),
}

/** Does one after the other for so long, and gives the median time of one. */
async function timeOf(ms: number, act: () => PromiseLike<unknown> | void): Promise<number> {
  const times: number[] = []
  const end = performance.now() + ms
  for (let start = performance.now(); start < end;) {
    const pending = act()
    if (pending !== undefined) await pending
    const now = performance.now()
    times.push(now - start)
    start = now
  }
  return median(times)
}

function inMs(values: readonly number[]): string {
  return `${values.map((value) => value.toFixed(3)).join(' ')} ms`
}
