/** Sessions of Claude Code: what the reference carries from turn to turn, and what the file of one shows. */
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { SessionEvidence } from '../../agents/recovery.ts'
import { hashText } from '../../ids.ts'
import type { Json } from '../../json.ts'
import { LineReader } from '../../processes/output.ts'
import type { SessionRef, Usage } from '../../tables.ts'
import { fieldsOf, numberOf, objectsOf, parseObject, textOf, type Fields } from './line.ts'
import { messageUsage, sumUsage } from './usage.ts'

/** What a session's reference carries. */
export interface SessionData {
  /** Completed turns. */
  readonly turns: number
  /** Cost of the session so far, as Claude Code counts it. */
  readonly totalUsd?: number | undefined
  /** Hash of the system prompt that Claude Code recorded with the first turn. */
  readonly system?: string | undefined
  /** Length of the session's file when the last turn ended: what comes later belongs to a later one. */
  readonly bytes?: number | undefined
  /** The folder of Claude Code's sessions. */
  readonly folder?: string | undefined
}

/** Reads what a reference carries; one of another version carries less. */
export function sessionData(ref: SessionRef | undefined): SessionData {
  const fields = fieldsOf(ref?.data)
  return {
    turns: numberOf(fields['turns']) ?? 0,
    totalUsd: numberOf(fields['totalUsd']),
    system: textOf(fields['system']),
    bytes: numberOf(fields['bytes']),
    folder: textOf(fields['folder']),
  }
}

/** The same as JSON. */
export function dataJson(data: SessionData): Json {
  return { ...data }
}

/** Stands for a system prompt: enough to see that it was changed. */
export function systemHash(systemPrompt: string | undefined): string {
  return hashText(systemPrompt ?? '').slice(0, 16)
}

/** The file of a session and its length; undefined if there is none. */
export async function sessionFile(
  folder: string,
  id: string,
): Promise<{ readonly path: string; readonly bytes: number } | undefined> {
  const projects = join(folder, 'projects')
  // A session moves to the folder of the project in which it was resumed last.
  for (const project of await readdir(projects).catch(() => [])) {
    const path = join(projects, project, `${id}.jsonl`)
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined) return { path, bytes: found.size }
  }
  return undefined
}

/** A line of a session holds a whole message, such as a file that was read. */
const MAX_LINE_BYTES = 64 << 20

/**
 * What a session shows of a prompt that was sent after the turn that the reference tells of.
 * @param isSame true for the text of a line that is the prompt
 */
export async function evidenceOf(
  path: string,
  after: number,
  isSame: (text: string) => boolean,
): Promise<SessionEvidence> {
  const lines = new LineReader({ maxLineBytes: MAX_LINE_BYTES, maxTotalBytes: Number.POSITIVE_INFINITY })
  const story = new Story(isSame)
  for await (const piece of createReadStream(path, { start: after })) {
    for (const line of lines.push(piece as Buffer)) story.take(line)
  }
  // A last line without an end was being written when the process died: it does not count.
  return story.evidence()
}

/** Follows the lines of a session from a prompt to its answer. */
class Story {
  readonly #isSame: (text: string) => boolean
  #prompt = false
  #isOver = false
  #message = ''
  #texts: string[] = []
  #isFinal = false
  readonly #usage = new Map<string, Usage>()

  constructor(isSame: (text: string) => boolean) {
    this.#isSame = isSame
  }

  take(line: string): void {
    // Most lines are attachments and requests, some of them long: only messages are parsed.
    if (this.#isOver || !/"type":"(?:user|assistant)"/u.test(line)) return
    const entry = parseObject(line)
    if (entry === undefined || entry['isSidechain'] === true) return
    if (entry['type'] === 'user') this.#user(entry)
    else if (entry['type'] === 'assistant' && this.#prompt) this.#assistant(entry)
  }

  evidence(): SessionEvidence {
    if (!this.#prompt) return { shows: 'nothing' }
    const text = this.#texts.join('')
    if (!this.#isFinal || text.trim() === '') return { shows: 'prompt' }
    return { shows: 'answer', text, usage: sumUsage([...this.#usage.values()]) }
  }

  #user(entry: Fields): void {
    const prompt = entry['isMeta'] === true ? undefined : promptOf(fieldsOf(entry['message'])['content'])
    const isPrompt = prompt !== undefined && this.#isSame(prompt)
    // The last time that it was sent counts; a prompt of somebody else ends its story.
    if (isPrompt) this.#restart()
    else if (prompt !== undefined && this.#prompt && this.#isFinal) this.#isOver = true
    else this.#isFinal = false
  }

  #restart(): void {
    this.#prompt = true
    this.#texts = []
    this.#isFinal = false
    this.#usage.clear()
  }

  #assistant(entry: Fields): void {
    const message = fieldsOf(entry['message'])
    const id = textOf(message['id']) ?? ''
    if (id !== this.#message) this.#texts = []
    this.#message = id
    // Each block of a message is a line with the usage of all of it.
    this.#usage.set(id, messageUsage(fieldsOf(message['usage'])))
    this.#isFinal = message['stop_reason'] === 'end_turn' && entry['isApiErrorMessage'] !== true
    for (const block of objectsOf(message['content'])) {
      if (block['type'] === 'text') this.#texts.push(textOf(block['text']) ?? '')
    }
  }
}

/** The text of a line that a person or a program sent; undefined for results of tools. */
function promptOf(content: Json | undefined): string | undefined {
  const whole = textOf(content)
  if (whole !== undefined) return whole
  const blocks = objectsOf(content)
  if (blocks.length === 0 || blocks.some((block) => block['type'] !== 'text')) return undefined
  return blocks.map((block) => textOf(block['text']) ?? '').join('\n')
}
