/** What happens in a turn becomes transcript rows, in pieces that are complete. */
import type { AgentEvent } from '../agent-backend.ts'
import { packText, type Blob } from '../ids.ts'
import { INLINE_TEXT_BYTES, type Json } from '../json.ts'
import type { OperationalChange } from '../store.ts'
import type { SessionRef, TranscriptKind } from '../tables.ts'
import type { Clock } from '../time/clock.ts'

/** Rows and the long texts they refer to. */
export interface TranscriptRows {
  readonly rows: readonly OperationalChange[]
  readonly blobs: readonly Blob[]
}

/** Collects the events of one turn; token deltas are joined and not stored one by one. */
export class TurnRecord {
  readonly #turn: string
  readonly #clock: Clock
  #n = 0
  #rows: OperationalChange[] = []
  #blobs: Blob[] = []
  readonly #texts = new Map<string, { kind: 'text' | 'reasoning'; text: string }>()
  /** The last complete text, held back: if it is the answer, the message has it already. */
  #lastText: string | undefined
  session: SessionRef | null = null

  constructor(turn: string, clock: Clock) {
    this.#turn = turn
    this.#clock = clock
  }

  get pending(): number {
    return this.#rows.length
  }

  add(event: Exclude<AgentEvent, { t: 'end' }>): void {
    switch (event.t) {
      case 'session':
        this.session = event.ref
        return
      case 'text':
      case 'reasoning':
        return this.#addText(event)
      case 'tool':
        if (event.phase === 'start')
          return this.#push('tool', {
            id: event.id,
            name: event.name,
            input: this.#packedInput(event.input ?? null),
          })
        return this.#push('tool_result', {
          id: event.id,
          name: event.name,
          ok: event.ok ?? true,
          ...(event.output === undefined ? {} : { output: this.#packed(event.output) }),
        })
      case 'file':
        return this.#push('file', { path: event.path, change: event.change })
      case 'usage':
        return this.#push('usage', {
          ...event.delta,
          ...(event.costUsd === undefined ? {} : { costUsd: event.costUsd }),
        })
      case 'retry':
      case 'limit': {
        const { t, ...facts } = event
        return this.#push(t, facts)
      }
      case 'permission': {
        const { id, tool, decision, reason } = event
        return this.#push('permission', { id, tool, decision, text: this.#packed(reason) })
      }
      case 'warn':
        return this.#push('warn', { text: this.#packed(event.message) })
      case 'raw':
        return this.#push('raw', { line: this.#packed(JSON.stringify(event.line)) })
    }
  }

  /** A fact that the team itself adds. */
  note(kind: Extract<TranscriptKind, 'system' | 'warn' | 'error'>, text: string): void {
    this.#push(kind, { text: this.#packed(text) })
  }

  /** Takes the rows collected so far. */
  take(): TranscriptRows {
    const taken = { rows: this.#rows, blobs: this.#blobs }
    this.#rows = []
    this.#blobs = []
    return taken
  }

  /** Ends the record: text that was not completed is kept, and what only repeats the answer is not. */
  finish(answer: string): TranscriptRows {
    for (const { kind, text } of this.#texts.values()) this.#complete(kind, text)
    this.#texts.clear()
    if (this.#lastText !== answer) this.#releaseText()
    return this.take()
  }

  #addText({ id, t, delta, done }: Extract<AgentEvent, { t: 'text' | 'reasoning' }>): void {
    const piece = this.#texts.get(id)
    if (done === true) {
      this.#texts.delete(id)
      return this.#complete(t, (piece?.text ?? '') + delta)
    }
    if (piece === undefined) this.#texts.set(id, { kind: t, text: delta })
    else piece.text += delta
  }

  #complete(kind: 'text' | 'reasoning', text: string): void {
    if (text === '') return
    if (kind === 'reasoning') return this.#push('reasoning', { text: this.#packed(text) })
    this.#releaseText()
    this.#lastText = text
  }

  #releaseText(): void {
    const text = this.#lastText
    this.#lastText = undefined
    if (text !== undefined) this.#append('text', { text: this.#packed(text) })
  }

  #push(kind: TranscriptKind, body: Json): void {
    this.#releaseText()
    this.#append(kind, body)
  }

  #append(kind: TranscriptKind, body: Json): void {
    const row = { turn: this.#turn, n: this.#n++, at: this.#clock.now(), kind, body }
    this.#rows.push({ table: 'transcript', put: row })
  }

  #packedInput(input: Json): Json {
    const text = JSON.stringify(input)
    return text.length <= INLINE_TEXT_BYTES ? input : this.#packed(text)
  }

  #packed(text: string): Json {
    const { stored, blobs } = packText(text)
    this.#blobs.push(...blobs)
    return stored as Json
  }
}
