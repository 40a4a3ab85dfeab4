/** Tells a demo to whoever watches, line by line as it happens. */
import { styleText } from 'node:util'
import type { AgentEvent } from '../agent-backend.ts'
import type { Json } from '../json.ts'
import type { CostReport, TranscriptEntry } from '../team/view-types.ts'

export interface DemoSink {
  readonly isTerminal: boolean
  readonly colour: boolean
  write(text: string): void
}

const NAME_WIDTH = 8
/** Lines of a command's output that are shown. */
const OUTPUT_LINES = 8

type Style = Parameters<typeof styleText>[0]

export class Narrator {
  readonly #out: DemoSink
  /** Text that arrives in pieces, by agent. */
  readonly #texts = new Map<string, string>()
  /** Commands that run, by the tool's id. */
  readonly #commands = new Map<string, string>()

  constructor(out: DemoSink) {
    this.#out = out
  }

  intro(dir: string): void {
    this.#line(this.#style('bold', 'A small team works on a real project.'))
    this.#line(
      'What the agents say is scripted: no account, no network. Files, test runs, the commit and every record are real.',
    )
    this.#line(`Project: ${dir}`)
  }

  /** A call that the demo makes, as a user would write it. */
  call(code: string): void {
    this.#line('')
    this.#line(this.#style('cyan', `> ${code}`))
  }

  activity(agent: string, event: AgentEvent): void {
    switch (event.t) {
      case 'text':
        return this.#said(agent, event)
      case 'tool':
        return this.#used(agent, event)
      case 'file':
        return this.#by(agent, `${event.change === 'add' ? 'wrote' : 'edited'} ${event.path}`)
      case 'end':
        if (event.outcome.status === 'failed')
          this.#by(agent, this.#style('red', event.outcome.failure.message))
        return
      default:
        return
    }
  }

  heading(text: string): void {
    this.#line('')
    this.#line(this.#style('bold', text))
  }

  block(text: string): void {
    for (const line of text.split('\n')) this.#line(`  ${line}`)
  }

  transcript(entries: readonly TranscriptEntry[]): void {
    for (const { kind, body } of entries) {
      const [first = '', ...rest] = describe(kind, body).trim().split('\n')
      const more =
        rest.length === 0
          ? ''
          : this.#style('dim', ` (+${rest.length} ${rest.length === 1 ? 'line' : 'lines'})`)
      this.#line(
        `  ${this.#style('dim', kind.padEnd(13))}${first.length > 90 ? `${first.slice(0, 89)}…` : first}${more}`,
      )
    }
  }

  costs({ agents, total }: CostReport): void {
    this.#line(
      this.#style(
        'dim',
        `  ${'agent'.padEnd(12)}${'turns'.padStart(6)}${'tokens in'.padStart(12)}${'out'.padStart(9)}${'cost'.padStart(10)}`,
      ),
    )
    for (const { name, turns, inputTokens, outputTokens, costUsd } of [...agents, total]) {
      const columns = [
        name.padEnd(12),
        String(turns).padStart(6),
        inputTokens.toLocaleString('en').padStart(12),
        outputTokens.toLocaleString('en').padStart(9),
        `$${costUsd.toFixed(3)}`.padStart(10),
      ]
      this.#line(`  ${columns.join('')}`)
    }
  }

  outro(dir: string): void {
    this.#line('')
    this.#line(`The project and its record stay in ${dir}.`)
    this.#line('There, try: atelier history impl, atelier events, git log.')
    this.#line(this.#style('dim', `From a checkout of Atelier: npm run atelier -- history impl --dir ${dir}`))
  }

  #said(agent: string, { id, delta, done }: Extract<AgentEvent, { t: 'text' | 'reasoning' }>): void {
    const key = `${agent} ${id}`
    const text = (this.#texts.get(key) ?? '') + delta
    if (done !== true) {
      this.#texts.set(key, text)
      return
    }
    this.#texts.delete(key)
    this.#by(agent, text.trim())
  }

  #used(
    agent: string,
    { id, kind, phase, input, output = '', ok }: Extract<AgentEvent, { t: 'tool' }>,
  ): void {
    if (kind !== 'exec') return
    const key = `${agent} ${id}`
    if (phase === 'start') {
      this.#commands.set(key, shortCommand(fieldOf(input, 'command')))
      return
    }
    this.#by(agent, this.#style('dim', `$ ${this.#commands.get(key) ?? ''}`))
    this.#commands.delete(key)
    const lines = output.trim().split('\n').slice(0, OUTPUT_LINES)
    for (const line of lines)
      this.#line(`${' '.repeat(NAME_WIDTH + 4)}${this.#style(ok === false ? 'red' : 'dim', line.trim())}`)
  }

  #by(agent: string, text: string): void {
    const [first = '', ...rest] = text.split('\n')
    this.#line(`  ${this.#style('yellow', agent.padEnd(NAME_WIDTH))}  ${first}`)
    for (const line of rest) this.#line(`${' '.repeat(NAME_WIDTH + 4)}${line.trim()}`)
  }

  #style(style: Style, text: string): string {
    return this.#out.colour ? styleText(style, text, { validateStream: false }) : text
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`)
  }
}

/** One line of a transcript, without its JSON. */
function describe(kind: TranscriptEntry['kind'], body: TranscriptEntry['body']): string {
  switch (kind) {
    case 'tool':
      return `${fieldOf(body, 'name')} ${describeInput((body as { readonly input?: Json }).input)}`
    case 'tool_result':
      return fieldOf(body, 'output') || 'done'
    case 'file':
      return `${fieldOf(body, 'change')} ${fieldOf(body, 'path')}`
    case 'usage':
      return ['input', 'output', 'costUsd']
        .filter((field) => Number(fieldOf(body, field)) > 0)
        .map((field) => `${field} ${fieldOf(body, field)}`)
        .join(', ')
    default:
      return fieldOf(body, 'text') || JSON.stringify(body)
  }
}

function describeInput(input: Json | undefined): string {
  return shortCommand(fieldOf(input, 'command')) || fieldOf(input, 'path') || JSON.stringify(input ?? null)
}

/** A member of a JSON object as text; empty where there is none. */
function fieldOf(value: Json | undefined, field: string): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return ''
  const member = (value as { readonly [key: string]: Json | undefined })[field]
  return typeof member === 'string' || typeof member === 'number' ? String(member) : ''
}

/** A command as a reader wants it: the program by its name, without what only filters its output. */
function shortCommand(command: string): string {
  return command.replace(/^"[^"]*\/node"/u, 'node').replace(/ --test-reporter=tap 2>&1 \| grep .*$/u, '')
}
