/** Progress that an agent reports in what it says: a line `@progress 40 writing tests`. */
import type { AgentEvent } from '../agent-backend.ts'
import { progressIn } from '../board/prompt.ts'
import type { Progress } from '../board/item.ts'

/** A line that is longer reports nothing. */
const LONGEST_LINE = 1000

/** Reads the text of one attempt as it arrives, in whatever pieces. */
export class ProgressReader {
  readonly #onProgress: (progress: Progress) => void
  /** The line that is not complete yet, by the id of its text. */
  readonly #lines = new Map<string, string>()

  constructor(onProgress: (progress: Progress) => void) {
    this.#onProgress = onProgress
  }

  read(event: AgentEvent): void {
    if (event.t !== 'text') return
    const text = `${this.#lines.get(event.id) ?? ''}${event.delta}`
    const end = event.done === true ? text.length : text.lastIndexOf('\n') + 1
    const rest = text.slice(end)
    if (event.done === true) this.#lines.delete(event.id)
    else this.#lines.set(event.id, rest.length > LONGEST_LINE ? '' : rest)
    const progress = progressIn(text.slice(0, end))
    if (progress !== undefined) this.#onProgress(progress)
  }
}
