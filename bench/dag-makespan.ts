/** How much longer a board takes than it must: its makespan against the longest way through it and its work shared by all workers. */
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { openWorkshop } from '../src/workshop.ts'
import { dagOf, DAG_NAMES, lowerBoundMs, type Dag } from './dags.ts'
import type { Measurement } from './figure.ts'
import { inFolder } from './measuring.ts'

const WORKERS = 16
const TYPE = 'code'

export const dagMakespan1k: Measurement = {
  name: 'dag_makespan_1k',
  what: `makespan of 1,000 items of 20 to 200 ms with ${WORKERS} workers, the worst of ${DAG_NAMES.length} boards; floor: longest way or shared work`,
  unit: 's',
  target: { ratioAtMost: 1.05 },
  measure: (progress) => worstMakespan(1000, progress),
}

export const dagMakespan10k: Measurement = {
  name: 'dag_makespan_10k',
  what: 'the same with 10,000 items',
  unit: 's',
  target: { ratioAtMost: 1.03 },
  isLong: true,
  measure: (progress) => worstMakespan(10_000, progress),
}

interface Makespan {
  readonly value: number
  readonly floor: number
}

async function worstMakespan(size: number, progress: (text: string) => void): Promise<Makespan> {
  const found: Makespan[] = []
  for (const name of DAG_NAMES) {
    const dag = dagOf(name, size)
    const value = (await makespanMs(dag)) / 1000
    const floor = lowerBoundMs(dag, WORKERS) / 1000
    found.push({ value, floor })
    progress(`${name} took ${value.toFixed(2)} s of ${floor.toFixed(2)} s: ${(value / floor).toFixed(3)}`)
  }
  return found.reduce((worst, one) => (one.value / one.floor > worst.value / worst.floor ? one : worst))
}

/** From the start of the workers, with everything posted, to the end of the last item. */
function makespanMs({ items }: Dag): Promise<number> {
  return inFolder(async (dir) => {
    const durations = new Map(items.map(({ id, durationMs }) => [id, durationMs]))
    const backend = scriptedBackend({
      // The title is the first line of the prompt.
      script: {
        reply: ({ prompt }) => [{ delay: `${durations.get(titleIn(prompt)) ?? 0}ms` }, { say: 'done' }],
      },
      keepRequests: 1,
    })
    await using shop = await openWorkshop({ dir, config: false, backends: [backend] })
    shop.configure({ backend: backend.id })
    await shop.work(
      items.map(({ id, durationMs, dependsOn }) => {
        return { id, title: id, type: TYPE, estimate: `${durationMs}ms`, dependsOn }
      }),
    )
    const start = Date.now()
    await shop.boardWorker('worker', TYPE, { concurrency: WORKERS }).stored
    const { summary } = await shop.boardSettled()
    if (summary.done !== items.length) throw new Error(`Not all was done: ${JSON.stringify(summary)}`)
    const { items: lines } = await shop.board()
    return Math.max(...lines.map(({ completedAt }) => completedAt ?? 0)) - start
  })
}

function titleIn(prompt: string): string {
  return /item-\d+/u.exec(prompt)?.[0] ?? ''
}
