/**
 * Texts and tools of an answer. They come twice: in pieces (`stream_event`), then block by block as
 * `assistant` lines, several with the same id and without their final usage.
 */
import type { AgentEvent } from '../../agent-backend.ts'
import type { Json } from '../../json.ts'
import { OutputError } from '../../processes/output.ts'
import { redactJson, type Redactor } from '../../processes/redact.ts'
import { RedactedStream } from '../../processes/redact-stream.ts'
import { fieldsOf, numberOf, objectsOf, textOf, type Fields } from './line.ts'
import { calledTool, outputText, toolKind, writtenFile } from './tools.ts'

/** A block that comes in pieces. */
interface OpenBlock {
  readonly id: string
  readonly message: string
  readonly type: 'text' | 'thinking'
  readonly stream: RedactedStream
  characters: number
}

/** The lines of this model are written by Claude Code itself, about errors. */
const SYNTHETIC = '<synthetic>'

/** Makes events of the content of messages. */
export class ContentReader {
  readonly #cwd: string
  readonly #redact: Redactor
  readonly #maxBlockCharacters: number
  readonly #calls = new Set<string>()
  readonly #running = new Map<string, string>()
  #open: OpenBlock[] = []
  #blocks = 0
  #streaming = ''

  /** @param maxBlockCharacters the longest block; whole, it is a line, and lines have a limit */
  constructor(cwd: string, redact: Redactor, maxBlockCharacters: number) {
    this.#cwd = cwd
    this.#redact = redact
    this.#maxBlockCharacters = maxBlockCharacters
  }

  /** Calls of the model so far, those of subagents among them. */
  get modelCalls(): number {
    return this.#calls.size
  }

  /** True while a tool has been called and has not answered. */
  get isToolRunning(): boolean {
    return this.#running.size > 0
  }

  /** An `assistant` line: one block of an answer that is complete. */
  *assistant(line: Fields): Generator<AgentEvent, void, void> {
    const message = fieldsOf(line['message'])
    if (message['model'] === SYNTHETIC) return
    const id = textOf(message['id']) ?? ''
    this.#calls.add(id)
    const parent = textOf(line['parent_tool_use_id'])
    for (const block of objectsOf(message['content'])) {
      if (textOf(block['type'])?.endsWith('tool_use') === true) yield* this.#toolStart(block, parent)
      // What subagents say goes to the agent, not to its user.
      else if (parent === undefined) yield* this.#text(id, block)
    }
  }

  /** A `user` line: results of tools, or a note of Claude Code to the model. */
  *user(line: Fields): Generator<AgentEvent, void, void> {
    for (const block of objectsOf(fieldsOf(line['message'])['content'])) {
      if (block['type'] === 'tool_result') yield* this.#toolEnd(block, line['tool_use_result'])
    }
  }

  /**
   * A `stream_event` line: a piece of an answer.
   * @throws OutputError for a text without an end: who follows the events keeps all of it
   */
  *piece(line: Fields): Generator<AgentEvent, void, void> {
    const event = fieldsOf(line['event'])
    // Also of an answer without any content, which has no other line.
    const begun = event['type'] === 'message_start' ? textOf(fieldsOf(event['message'])['id']) : undefined
    if (begun !== undefined) this.#calls.add(begun)
    if (textOf(line['parent_tool_use_id']) !== undefined) return
    switch (event['type']) {
      case 'message_start':
        this.#streaming = begun ?? ''
        return
      case 'content_block_start':
        this.#begin(textOf(fieldsOf(event['content_block'])['type']), numberOf(event['index']) ?? 0)
        return
      case 'content_block_delta':
        yield* this.#delta(fieldsOf(event['delta']), numberOf(event['index']) ?? 0)
        return
      default:
        return
    }
  }

  #begin(type: string | undefined, index: number): void {
    if (type !== 'text' && type !== 'thinking') return
    const id = `${this.#streaming}/${index}`
    const stream = new RedactedStream(this.#redact)
    this.#open.push({ id, message: this.#streaming, type, stream, characters: 0 })
  }

  *#delta(delta: Fields, index: number): Generator<AgentEvent, void, void> {
    const piece = textOf(delta['text']) ?? textOf(delta['thinking'])
    const block = this.#open.find(({ id }) => id === `${this.#streaming}/${index}`)
    if (piece === undefined || block === undefined) return
    block.characters += piece.length
    if (block.characters > this.#maxBlockCharacters)
      throw new OutputError(`A text of the answer is longer than ${this.#maxBlockCharacters} characters.`)
    const safe = block.stream.push(piece)
    if (safe !== '') yield { t: eventType(block.type), id: block.id, delta: safe }
  }

  *#text(message: string, block: Fields): Generator<AgentEvent, void, void> {
    const { type } = block
    if (type !== 'text' && type !== 'thinking') return
    const open = this.#open.find((one) => one.message === message && one.type === type)
    this.#open = this.#open.filter((one) => one !== open)
    const whole = textOf(block['text']) ?? textOf(block['thinking']) ?? ''
    const rest = open === undefined ? this.#redact(whole) : open.stream.finish()
    const id = open?.id ?? `${message}#${this.#blocks++}`
    if (whole !== '') yield { t: eventType(type), id, delta: rest, done: true }
  }

  *#toolStart(block: Fields, parent: string | undefined): Generator<AgentEvent, void, void> {
    const tool = calledTool(block)
    if (tool === undefined) return
    const { id, name } = tool
    this.#running.set(id, name)
    const input = redactJson(block['input'] ?? null, this.#redact)
    yield {
      t: 'tool',
      id,
      name,
      kind: toolKind(name),
      phase: 'start',
      input,
      ...(parent !== undefined && { parent }),
    }
  }

  *#toolEnd(block: Fields, told: Json | undefined): Generator<AgentEvent, void, void> {
    const id = textOf(block['tool_use_id']) ?? ''
    const name = this.#running.get(id)
    if (name === undefined) return
    this.#running.delete(id)
    const ok = block['is_error'] !== true
    const output = this.#redact(outputText(block['content']))
    yield { t: 'tool', id, name, kind: toolKind(name), phase: 'end', output, ok }
    const file = ok ? writtenFile(told, this.#cwd) : undefined
    if (file !== undefined) yield file
  }
}

function eventType(type: OpenBlock['type']): 'text' | 'reasoning' {
  return type === 'text' ? 'text' : 'reasoning'
}
