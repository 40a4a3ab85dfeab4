/** How soon the turn of a worker starts after an item became ready, in the process that made it ready and in another one. */
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import type { HostedWorkshop } from '../src/facade/workshop.ts'
import { openWorkshop } from '../src/workshop.ts'
import type { TurnStart } from './board-host.ts'
import { ITEM_TYPE, RESULT } from './board-store.ts'
import type { Measured, Measurement } from './figure.ts'
import {
  inFolder,
  median,
  monotonicMs,
  nextMessage,
  quantile,
  sleep,
  startModule,
  succeeded,
} from './measuring.ts'

const ITEMS = 100

/** Between two items, ms: out of step with anything that looks at intervals. */
const PAUSE_MIN_MS = 20
const PAUSE_MAX_MS = 50

export const readyToStart: Measurement = {
  name: 'ready_to_start_ms',
  what: 'commit that makes an item ready to start of its turn at the backend, same process, p50',
  unit: 'ms',
  target: { valueAtMost: 5 },
  measure: (progress) =>
    inFolder(async (dir) => {
      let started: (at: number) => void = () => {}
      const reply = (): string => {
        started(monotonicMs())
        return RESULT
      }
      const backend = scriptedBackend({ script: { reply } })
      await using shop = await openWorkshop({ dir, config: false, backends: [backend] })
      shop.configure({ backend: backend.id })
      await shop.boardWorker('worker', ITEM_TYPE).stored
      const nextStart = (): Promise<number> => new Promise((resolve) => (started = resolve))
      return await latency(shop, nextStart, progress)
    }),
}

export const readyToStartOther: Measurement = {
  name: 'ready_to_start_other_ms',
  what: 'the same, with the worker in another process',
  unit: 'ms',
  target: { valueAtMost: 30 },
  measure: (progress) =>
    inFolder(async (dir) => {
      await using shop = await openWorkshop({ dir, config: false, host: 'none' })
      const host = startModule('board-host.ts', [dir, 'answer'])
      await nextMessage(host)
      const nextStart = (): Promise<number> => nextMessage<TurnStart>(host).then(({ startedAt }) => startedAt)
      const measured = await latency(shop, nextStart, progress)
      host.disconnect()
      await succeeded(host, 'The host')
      return measured
    }),
}

/** Posts one item after the other, each when the one before is done and the worker has nothing to do. */
async function latency(
  shop: HostedWorkshop,
  nextStart: () => Promise<number>,
  progress: (text: string) => void,
): Promise<Measured> {
  const latencies: number[] = []
  for (let n = 0; n < ITEMS; n++) {
    await sleep(PAUSE_MIN_MS + Math.random() * (PAUSE_MAX_MS - PAUSE_MIN_MS))
    const ready = committedAt(shop)
    const start = nextStart()
    await shop.work(`item-${n}`, 'An item', { type: ITEM_TYPE })
    latencies.push((await start) - (await ready))
    await shop.boardSettled()
  }
  progress(`p90 ${quantile(latencies, 0.9).toFixed(1)} ms, longest ${Math.max(...latencies).toFixed(1)} ms`)
  return { value: median(latencies) }
}

/** When this process has committed that an item is ready. */
async function committedAt(shop: HostedWorkshop): Promise<number> {
  for await (const { type } of shop.watch()) if (type === 'item.readied') return monotonicMs()
  throw new Error('The watch ended.')
}
