/** How long this process's event loop was held up at most. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export function watchLoop(): { stop(): number } {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  return {
    stop() {
      delay.disable()
      return delay.max / 1e6
    },
  }
}
