/** Reads the answer of a command out of what it prints. */
import type { AgentEvent } from '../../agent-backend.ts'
import { messageOf } from '../../errors.ts'
import { headOf, type Json } from '../../json.ts'
import { redactJson, type Redactor } from '../../processes/redact.ts'
import type { Usage } from '../../tables.ts'
import type { CommandSettings } from './config.ts'
import { fieldOf, isGiven, usageOf } from './json-fields.ts'

/** What a command said of its turn. */
export interface Answer {
  readonly text: string
  readonly structured?: Json
  readonly session?: string
  readonly costUsd?: number
  readonly usage?: Usage
  /** The command says itself that it failed. */
  readonly error?: string
  /** There was output, and no answer in it: what was missing. */
  readonly unreadable?: string
}

/** Takes the lines of a command one after the other. */
export interface AnswerReader {
  /** What a line tells while the command runs. */
  line(text: string): readonly AgentEvent[]
  /** The session that the command has named so far. */
  readonly session: string | undefined
  finish(): { readonly events: readonly AgentEvent[]; readonly answer: Answer }
}

/** Makes the reader for the output that the settings name. */
export function answerReader(settings: CommandSettings, redact: Redactor): AnswerReader {
  switch (settings.output) {
    case 'text':
      return new TextReader(redact)
    case 'json':
      return new JsonReader(settings, redact)
    case 'json-lines':
      return new JsonLinesReader(settings, redact)
  }
}

/** Everything that is printed is the answer. */
class TextReader implements AnswerReader {
  readonly session = undefined
  readonly #redact: Redactor
  readonly #lines: string[] = []

  constructor(redact: Redactor) {
    this.#redact = redact
  }

  line(text: string): readonly AgentEvent[] {
    const clean = this.#redact(text)
    this.#lines.push(clean)
    return [{ t: 'text', id: 'text1', delta: `${clean}\n` }]
  }

  finish(): ReturnType<AnswerReader['finish']> {
    // Once more over all of it: some secrets show only when their lines stand together.
    const text = this.#redact(this.#lines.join('\n')).trimEnd()
    return {
      events: text === '' ? [] : [{ t: 'text', id: 'text1', delta: '', done: true }],
      answer: { text },
    }
  }
}

/** All of the output is one JSON value. */
class JsonReader implements AnswerReader {
  readonly #lines: string[] = []
  readonly #fields: FieldReader
  readonly #redact: Redactor

  constructor(settings: CommandSettings, redact: Redactor) {
    this.#fields = new FieldReader(settings, redact)
    this.#redact = redact
  }

  get session(): string | undefined {
    return this.#fields.session
  }

  line(text: string): readonly AgentEvent[] {
    this.#lines.push(text)
    return []
  }

  finish(): ReturnType<AnswerReader['finish']> {
    const text = this.#lines.join('\n').trim()
    if (text === '') return { events: [], answer: { text: '' } }
    try {
      this.#fields.read(JSON.parse(text) as Json)
    } catch (error) {
      const unreadable = `The output is not JSON (${messageOf(error)}): ${headOf(this.#redact(text), 200)}`
      return { events: [], answer: { text: '', unreadable } }
    }
    const answer = this.#fields.answer()
    return {
      events: answer.text === '' ? [] : [{ t: 'text', id: 'text1', delta: answer.text, done: true }],
      answer,
    }
  }
}

/** Every line is a JSON value; the last one that holds the answer counts. */
class JsonLinesReader implements AnswerReader {
  readonly #settings: CommandSettings
  readonly #redact: Redactor
  readonly #fields: FieldReader
  #pieces = ''

  constructor(settings: CommandSettings, redact: Redactor) {
    this.#settings = settings
    this.#redact = redact
    this.#fields = new FieldReader(settings, redact)
  }

  get session(): string | undefined {
    return this.#fields.session
  }

  line(text: string): readonly AgentEvent[] {
    if (text.trim() === '') return []
    let value: Json
    try {
      value = JSON.parse(text) as Json
    } catch {
      this.#fields.isAnything = true
      return [{ t: 'raw', line: this.#redact(text) }]
    }
    const isKnown = this.#fields.read(value)
    const piece =
      this.#settings.textField === undefined ? undefined : fieldOf(value, this.#settings.textField)
    if (typeof piece === 'string') {
      const delta = this.#redact(piece)
      this.#pieces += delta
      return [{ t: 'text', id: 'text1', delta }]
    }
    return isKnown ? [] : [{ t: 'raw', line: redactJson(value, this.#redact) }]
  }

  finish(): ReturnType<AnswerReader['finish']> {
    const answer = this.#fields.answer(this.#pieces.trim())
    if (this.#pieces !== '') return { events: [{ t: 'text', id: 'text1', delta: '', done: true }], answer }
    return {
      events: answer.text === '' ? [] : [{ t: 'text', id: 'text1', delta: answer.text, done: true }],
      answer,
    }
  }
}

/** Gathers the fields that the settings name; a later value takes the place of an earlier one. */
class FieldReader {
  readonly #settings: CommandSettings
  readonly #redact: Redactor
  #result: Json | undefined
  #error: Json | undefined
  #costUsd: number | undefined
  #usage: Usage | undefined
  session: string | undefined
  /** Something was printed. */
  isAnything = false

  constructor(settings: CommandSettings, redact: Redactor) {
    this.#settings = settings
    this.#redact = redact
  }

  /** @returns whether the value holds any of the fields */
  read(value: Json): boolean {
    this.isAnything = true
    const { resultField, errorField, sessionField, costField, usageField } = this.#settings
    const at = (field: string | undefined): Json | undefined =>
      field === undefined ? undefined : fieldOf(value, field)
    const result = at(resultField)
    const error = at(errorField)
    const session = at(sessionField)
    const cost = at(costField)
    const usage = usageOf(at(usageField))
    if (result !== undefined && result !== null) this.#result = redactJson(result, this.#redact)
    if (isGiven(error)) this.#error = redactJson(error, this.#redact)
    if (typeof session === 'string' && session !== '') this.session = session
    if (typeof cost === 'number' && cost >= 0) this.#costUsd = cost
    if (usage !== undefined) this.#usage = usage
    return [result, error, session, cost, usage].some((field) => field !== undefined)
  }

  /** @param pieces what was said where there is no result */
  answer(pieces = ''): Answer {
    const result = this.#result
    const text =
      typeof result === 'string' ? result.trim() : result === undefined ? pieces : JSON.stringify(result)
    const isMissing = result === undefined && pieces === '' && this.isAnything && this.#error === undefined
    return {
      text,
      ...(result !== undefined && typeof result !== 'string' && { structured: result }),
      ...(this.session !== undefined && { session: this.session }),
      ...(this.#costUsd !== undefined && { costUsd: this.#costUsd }),
      ...(this.#usage !== undefined && { usage: this.#usage }),
      ...(this.#error !== undefined && { error: errorText(this.#error, text) }),
      ...(isMissing && { unreadable: `The output has no field ${this.#settings.resultField}.` }),
    }
  }
}

function errorText(error: Json, answer: string): string {
  if (typeof error === 'string') return error
  return error === true ? answer || 'The command says that it failed, and not why.' : JSON.stringify(error)
}
