/** The clock of a turn: how long the process may be silent depends on what it does. */
import type { TurnFailure } from '../../agents/failures.ts'
import type { CancelTimer, Clock } from '../../time/clock.ts'
import { formatDuration } from '../../time/duration.ts'
import type { ClaudeSettings } from './config.ts'
import type { ClaudeReader } from './reader.ts'

/** What happens when the time is over. */
export type Overdue =
  | { readonly does: 'fail'; readonly failure: TurnFailure }
  /** The answer is there, and the process stays. */
  | { readonly does: 'end' }

export class SilenceClock {
  readonly #clock: Clock
  readonly #settings: ClaudeSettings
  readonly #overdue: (what: Overdue) => void
  #cancel: CancelTimer = () => {}

  constructor(clock: Clock, settings: ClaudeSettings, overdue: (what: Overdue) => void) {
    this.#clock = clock
    this.#settings = settings
    this.#overdue = overdue
  }

  /** Something was heard: the time begins anew, with the limit for what goes on now. */
  restart(reader: ClaudeReader): void {
    this.stop()
    const { ms, what } = limitFor(reader, this.#settings)
    this.#cancel = this.#clock.after(ms, () => this.#overdue(what))
  }

  stop(): void {
    this.#cancel()
  }
}

function limitFor(
  reader: ClaudeReader,
  { startMs, idleMs, toolMs, graceMs }: ClaudeSettings,
): { readonly ms: number; readonly what: Overdue } {
  if (!reader.hasBegun) return silent(startMs, 'printed nothing after its start')
  if (!reader.isWorking && reader.subagents === 0) return { ms: graceMs, what: { does: 'end' } }
  if (reader.isToolRunning) return silent(toolMs, 'was silent while a tool ran')
  return silent(idleMs + (reader.retry?.delayMs ?? 0), 'was silent, and no tool ran')
}

function silent(ms: number, how: string): { readonly ms: number; readonly what: Overdue } {
  const message = `Claude Code ${how}, for ${formatDuration(ms)}. It was stopped and can be asked again.`
  return { ms, what: { does: 'fail', failure: { kind: 'idle', message } } }
}
