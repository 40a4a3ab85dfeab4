/** Ctrl-C, once and twice. */
import { EXIT_INTERRUPTED } from './command.ts'

export interface Interrupt {
  /** Aborted at the first Ctrl-C, or when somebody asks the process to end. */
  readonly signal: AbortSignal
  /** Gives the signals back to Node, which ends the process. */
  release(): void
}

/**
 * Takes over Ctrl-C: the first one aborts `signal`, so that work can be called off in order; the second
 * one leaves at once, and the guard ends what is left.
 * @param onFirst called at the first one, to tell the user
 */
export function takeInterrupts(onFirst: () => void): Interrupt {
  const controller = new AbortController()
  const interrupted = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED)
    controller.abort()
    onFirst()
  }
  process.on('SIGINT', interrupted)
  process.on('SIGTERM', interrupted)
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', interrupted)
      process.off('SIGTERM', interrupted)
    },
  }
}
