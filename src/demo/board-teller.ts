/** Tells what happens on a board: what becomes of the items from the log, what their agents do from their turns. */
import { readFile } from 'node:fs/promises'
import type { AgentEvent } from '../agent-backend.ts'
import type { AtelierEvent, EventBodies } from '../events.ts'
import type { Narrator } from './narrator.ts'
import { VERIFY } from './board-story.ts'
import { formatDuration } from '../time/duration.ts'
import { countsIn, countsText } from './telling.ts'

type FileEvent = Extract<AgentEvent, { t: 'file' }>

export class BoardTeller {
  readonly #narrator: Narrator
  /** When the verification of an item began, ms since the epoch. */
  readonly #verifying = new Map<string, number>()
  /** Files that an agent changed and that are not told yet. */
  readonly #files = new Map<string, FileEvent[]>()

  constructor(narrator: Narrator) {
    this.#narrator = narrator
  }

  /** Tells events until there are no more; gives the number of the last one. */
  async follow(events: AsyncIterable<AtelierEvent>): Promise<number> {
    let last = 0
    for await (const event of events) {
      await this.event(event)
      last = event.seq
    }
    return last
  }

  /** What an agent does. The files of an edit are told together. */
  activity(agent: string, event: AgentEvent): void {
    if (event.t === 'file') {
      this.#files.set(agent, [...(this.#files.get(agent) ?? []), event])
      return
    }
    if (event.t === 'text' || event.t === 'end' || (event.t === 'tool' && event.kind === 'exec'))
      this.#tellFiles(agent)
    this.#narrator.activity(agent, event)
  }

  async event({ type, data, at }: AtelierEvent): Promise<void> {
    switch (type) {
      case 'item.posted':
        if (data.unmet > 0) this.#item(data.item, `waits for ${data.dependsOn.join(', ')}`, 'dim')
        return
      case 'item.claimed': {
        const again = data.number === 1 ? '' : `, try ${data.number}`
        return this.#item(data.item, `claimed by ${data.owner}${again}`)
      }
      case 'item.phase_changed':
        if (data.phase === 'verifying') this.#verifying.set(data.item, at)
        if (data.phase === 'merging')
          this.#item(data.item, `verified: ${VERIFY} is green${this.#took(data.item, at)}`, 'green')
        return
      case 'attempt.ended':
        return this.#attemptEnded(data, at)
      case 'item.deferred':
        if (data.waiting.for === 'retry')
          this.#item(
            data.item,
            `so it is not done; its next try, in ${formatDuration(data.waiting.at - at)}, is told why`,
          )
        return
      case 'item.done': {
        const commit = data.commit?.slice(0, 7)
        const text =
          commit === undefined ? 'done' : `done: merged into main as ${commit}, where it is green, too`
        return this.#item(data.item, text, 'green')
      }
      case 'item.failed':
        return this.#item(data.item, `failed: ${data.error.message}`, 'red')
      default:
        return
    }
  }

  async #attemptEnded({ item, error }: EventBodies['attempt.ended'], at: number): Promise<void> {
    if (error === null) return
    const { code, message, details } = error
    if (code !== 'verification_failed') return this.#item(item, message, 'red')
    const logFile = details?.['logFile']
    const log = typeof logFile === 'string' ? await readFile(logFile, 'utf8').catch(() => '') : ''
    this.#item(item, `${VERIFY} is red${this.#took(item, at)}: ${countsText(countsIn(log))}`, 'red')
  }

  #took(item: string, at: number): string {
    const since = this.#verifying.get(item)
    return since === undefined ? '' : ` after ${formatDuration(at - since)}`
  }

  #tellFiles(agent: string): void {
    const files = this.#files.get(agent) ?? []
    this.#files.delete(agent)
    const paths = (changes: readonly FileEvent['change'][]): string =>
      files
        .filter(({ change }) => changes.includes(change))
        .map(({ path }) => path)
        .join(', ')
    const [edited, wrote] = [paths(['modify', 'delete']), paths(['add'])]
    if (edited !== '') this.#narrator.by(agent, `edited ${edited}`)
    if (wrote !== '') this.#narrator.by(agent, `wrote ${wrote}`)
  }

  #item(item: string, text: string, style?: 'dim' | 'green' | 'red'): void {
    this.#narrator.by(item, text, style, 'told')
  }
}
