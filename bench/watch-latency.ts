/** How soon an event that one process commits is printed by `atelier watch --json` in another. */
import { spawn } from 'node:child_process'
import { on, once } from 'node:events'
import { createInterface } from 'node:readline'
import { openWorkshop } from '../src/workshop.ts'
import type { Measurement } from './figure.ts'
import { atelier, environment, inFolder, median, quantile, sleep } from './measuring.ts'

const EVENTS = 100

/** Between two events, ms: out of step with anything that looks at intervals. */
const PAUSE_MIN_MS = 20
const PAUSE_MAX_MS = 50

/** A line that does not come at all is an error. */
const LINE_LIMIT_MS = 10_000

/** What is read of a line: all events here are puts of one key. */
interface PutEvent {
  readonly data: { readonly version: number }
}

export const watchLatency: Measurement = {
  name: 'watch_latency_ms',
  what: 'event committed in one process to line printed by `atelier watch --json` in another, p50',
  unit: 'ms',
  target: { valueAtMost: 30 },
  measure: (progress) =>
    inFolder(async (dir) => {
      await using shop = await openWorkshop({ dir, config: false, host: 'none' })
      await shop.put('n', 0)
      const watch = spawn(process.execPath, atelier('watch', '--json', '--after', '0'), {
        cwd: dir,
        env: environment(),
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const lines = createInterface({ input: watch.stdout })
      /** When the line about a version of the value came. */
      const printed = async (version: number): Promise<number> => {
        for await (const [line] of on(lines, 'line', { signal: AbortSignal.timeout(LINE_LIMIT_MS) })) {
          const now = performance.now()
          if ((JSON.parse(line as string) as PutEvent).data.version === version) return now
        }
        throw new Error('The watch ended.')
      }
      // The line about what happened before says that the watch has begun.
      await printed(1)
      const latencies: number[] = []
      for (let n = 1; n <= EVENTS; n++) {
        await sleep(PAUSE_MIN_MS + Math.random() * (PAUSE_MAX_MS - PAUSE_MIN_MS))
        const line = printed(n + 1)
        // Begun before the commit, so that a latency is rather too long than too short.
        const start = performance.now()
        await shop.put('n', n)
        latencies.push((await line) - start)
      }
      watch.kill('SIGINT')
      await once(watch, 'exit')
      progress(
        `${EVENTS} events: p90 ${quantile(latencies, 0.9).toFixed(1)} ms, longest ${Math.max(...latencies).toFixed(1)} ms`,
      )
      return { value: median(latencies) }
    }),
}
