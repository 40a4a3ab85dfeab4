/**
 * One of the processes that write to one file, and how late its timers were; see `loop-block.ts`.
 *
 * usage: loop-writer.ts DATABASE; each message asks for a round, and is answered with its report
 */
import { existsSync, openSync, readSync } from 'node:fs'
import { projection } from '../src/projection.ts'
import type { Store } from '../src/store.ts'
import { openMemoryStore } from '../src/stores/memory.ts'
import { openSqliteStore } from '../src/stores/sqlite/store.ts'
import { systemClock as clock } from '../src/time/system-clock.ts'
import { sleep } from './measuring.ts'

export interface LoopRound {
  readonly store: 'sqlite' | 'memory'
  readonly ms: number
}

export interface LoopReport {
  /** The longest time that the event loop was late, ms. */
  readonly delayMs: number
  readonly writes: number
}

/** Between two writes, on average: often enough to meet other writers, seldom enough to leave processors free. */
const PAUSE_MS = 10

const TICK_MS = 1

const SCHEDSTAT = '/proc/thread-self/schedstat'
const schedstat = existsSync(SCHEDSTAT) ? openSync(SCHEDSTAT, 'r') : undefined
const buffer = Buffer.alloc(128)

/** How long this thread was ready to run and had no processor, ms: the second figure, in ns. */
function waitedForProcessor(): number {
  if (schedstat === undefined) return 0
  const length = readSync(schedstat, buffer, 0, buffer.length, 0)
  return Number(buffer.toString('latin1', 0, length).split(' ')[1]) / 1e6
}

/** Watches the event loop until `end`, and gives the longest delay. */
async function watchLoop(end: number): Promise<number> {
  let longest = 0
  while (performance.now() < end) {
    const waited = waitedForProcessor()
    const start = performance.now()
    await sleep(TICK_MS)
    const late = performance.now() - start - TICK_MS - (waitedForProcessor() - waited)
    longest = Math.max(longest, late)
  }
  return longest
}

async function write(store: Store, end: number): Promise<number> {
  const key = `writer-${process.pid}`
  let writes = 0
  while (performance.now() < end) {
    writes++
    await store.transact({
      name: 'context.change',
      keys: [`context:${key}`],
      by: { actor: 'bench', via: 'library' },
      load: (reader) => reader.get('context', key),
      decide: (row) => ({
        events: [
          { type: 'context.put', data: { key, value: String(writes), version: (row?.version ?? 0) + 1 } },
        ],
      }),
    })
    await sleep(PAUSE_MS * (0.5 + Math.random()))
  }
  return writes
}

const [, , path = ''] = process.argv
const stores = {
  sqlite: await openSqliteStore({ path, projection, clock }),
  memory: openMemoryStore({ projection, clock }),
}
process.on('message', (round: LoopRound) => {
  const end = performance.now() + round.ms
  void Promise.all([watchLoop(end), write(stores[round.store], end)]).then(([delayMs, writes]) =>
    process.send?.({ delayMs, writes } satisfies LoopReport),
  )
})
process.once('disconnect', () => void stores.sqlite.close())
process.send?.('ready')
