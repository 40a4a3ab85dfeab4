/** Tells a demo to whoever watches, line by line as it happens. */
import { styleText } from 'node:util'
import type { AgentEvent } from '../agent-backend.ts'
import { fit, oneLine, safeText, widthOf, wrap } from '../cli/text.ts'
import type { Json } from '../json.ts'
import type { CostReport, TranscriptEntry } from '../team/view-types.ts'
import type { Hint, Players } from './players.ts'
import { callText, shortCommand, toolText, transcriptText } from './telling.ts'

export interface DemoSink {
  readonly isTerminal: boolean
  readonly colour: boolean
  /** Columns of a screen. */
  readonly width: number
  write(text: string): void
}

/** Longer lines are hard to read, on a wide screen and in a file. */
const WIDEST = 80
const NAME_WIDTH = 8
const KIND_WIDTH = 13
/** Of a longer output the beginning and the end are shown. */
const OUTPUT_LINES = { first: 2, last: 6 } as const
const TRANSCRIPT_LINES = { first: 18, last: 6 } as const

type Style = Parameters<typeof styleText>[0]
type ToolEvent = Extract<AgentEvent, { t: 'tool' }>

export class Narrator {
  readonly #out: DemoSink
  readonly #dir: string
  readonly #width: number
  readonly #nameWidth: number
  /** Where what an agent says and does begins. */
  readonly #indent: number
  /** The model that each agent was last seen with. */
  readonly #models = new Map<string, string>()
  /** Text that arrives in pieces, by agent. */
  readonly #texts = new Map<string, string>()
  /** Inputs of the tools that run, by the tool's id. */
  readonly #inputs = new Map<string, Json | undefined>()

  /**
   * @param dir the scratch project: paths are told from there
   * @param nameWidth columns of the longest name
   */
  constructor(out: DemoSink, dir: string, nameWidth: number = NAME_WIDTH) {
    this.#out = out
    this.#dir = dir
    this.#width = Math.min(out.width, WIDEST)
    this.#nameWidth = nameWidth
    this.#indent = nameWidth + 4
  }

  /** @param title who works, in a line */
  intro(title: string, { about, program }: Pick<Players, 'about' | 'program'>): void {
    this.#line(this.#style('bold', title))
    for (const line of wrap(about, this.#width)) this.#line(line)
    // A path is copied: it stays whole, however long it is.
    if (program !== undefined) this.#line(program)
    this.#line(`Project: ${this.#dir}`)
  }

  /** A call that the demo makes, as a user would write it; it may have several lines. */
  call(code: string): void {
    this.calls([code])
  }

  /** Calls that are made one after the other, without waiting. */
  calls(codes: readonly string[]): void {
    this.#line('')
    for (const code of codes) this.#call(code)
  }

  #call(code: string): void {
    const [first = '', ...rest] = code.split('\n').flatMap((line) => wrap(line, this.#width - 4))
    this.#line(this.#style('cyan', `> ${first}`))
    for (const line of rest) this.#line(this.#style('cyan', `    ${line}`))
  }

  activity(agent: string, event: AgentEvent): void {
    switch (event.t) {
      case 'session':
        return this.#began(agent, event.model)
      case 'text':
        return this.#said(agent, event)
      case 'tool':
        return this.#used(agent, event)
      case 'file':
        return this.by(agent, `${CHANGES[event.change]} ${event.path}`)
      case 'retry': {
        const status = event.status === undefined ? '' : ` (${event.status})`
        return this.by(agent, `The model did not answer${status}; attempt ${event.attempt} follows.`, 'dim')
      }
      case 'limit':
        if (event.state !== 'near') this.by(agent, `The limit of the account is reached: ${event.kind}`)
        return
      case 'warn':
        return this.by(agent, event.message, 'dim')
      case 'end':
        if (event.outcome.status === 'failed') this.by(agent, event.outcome.failure.message, 'red')
        return
      case 'reasoning':
      case 'permission': // The tool's own end says the same.
      case 'usage':
      case 'raw':
        return
    }
  }

  /** A line of whoever does or says something; an item of the board is `told` about. */
  by(who: string, text: string, style?: Style, kind: 'says' | 'told' = 'says'): void {
    const space = this.#width - this.#indent
    const lines = safeText(text)
      .trimEnd()
      .split('\n')
      .flatMap((line) => (widthOf(line) > space ? wrap(line.trim(), space) : [line.trimEnd()]))
    const [first = '', ...rest] = lines.map((line) => (style === undefined ? line : this.#style(style, line)))
    const name = this.#style(kind === 'told' ? 'cyan' : 'yellow', oneLine(who).padEnd(this.#nameWidth))
    this.#line(`  ${name}  ${first}`)
    for (const line of rest) this.#line(line === '' ? '' : `${' '.repeat(this.#indent)}${line}`)
  }

  heading(text: string): void {
    this.#line('')
    for (const line of wrap(text, this.#width)) this.#line(this.#style('bold', line))
  }

  block(text: string, style?: Style): void {
    for (const line of text.split('\n').map((each) => each.trimEnd()))
      this.#line(line === '' ? '' : `  ${style === undefined ? line : this.#style(style, line)}`)
  }

  /** Columns of a line of a block. */
  get blockWidth(): number {
    return this.#width - 2
  }

  transcript(entries: readonly TranscriptEntry[]): void {
    const lines = entries.map(({ kind, body }) => {
      const [first = '', ...rest] = safeText(transcriptText(kind, body, this.#dir))
        .trim()
        .split('\n')
      const more = rest.length === 0 ? '' : ` (+${rest.length} ${rest.length === 1 ? 'line' : 'lines'})`
      const space = this.#width - KIND_WIDTH - 2 - more.length
      return `  ${this.#style('dim', kind.padEnd(KIND_WIDTH))}${fit(first, space)}${this.#style('dim', more)}`
    })
    for (const line of shortened(lines, TRANSCRIPT_LINES, '  ')) this.#line(line)
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

  /**
   * @param here what there is to see of this demo, and in others
   * @param yours what else can be done in a project of the watcher's own
   */
  outro(here: readonly Hint[], yours: readonly Hint[] = []): void {
    const own = callText('atelier')
    this.heading('What to try next')
    this.#line('The project and its record stay where they are:')
    for (const hint of here) this.#hint(hint)
    this.#line('In a project of your own:')
    this.#hint({ why: 'what is missing on this machine', command: `${own} doctor` })
    this.#hint({
      why: 'write a configuration that works',
      command: `${own} init --dir path/to/your/project`,
    })
    for (const hint of yours) this.#hint(hint)
  }

  #hint({ why, command }: Hint): void {
    this.#line(this.#style('dim', `  # ${why}`))
    for (const line of command.split('\n')) this.#line(`  ${line}`)
  }

  /** Every turn says which model it has; it is told once. */
  #began(agent: string, model: string | undefined): void {
    if (model === undefined || this.#models.get(agent) === model) return
    this.#models.set(agent, model)
    this.by(agent, `works with ${model}`, 'dim')
  }

  #said(agent: string, { id, delta, done }: Extract<AgentEvent, { t: 'text' | 'reasoning' }>): void {
    const key = `${agent} ${id}`
    const text = (this.#texts.get(key) ?? '') + delta
    if (done !== true) {
      this.#texts.set(key, text)
      return
    }
    this.#texts.delete(key)
    this.by(agent, text.trim())
  }

  /** A tool is told when it has ended, so that what two agents do at the same time does not get mixed. */
  #used(agent: string, { id, name, kind, phase, input, output = '', ok, parent }: ToolEvent): void {
    const key = `${agent} ${id}`
    if (phase === 'start') {
      this.#inputs.set(key, input)
      return
    }
    const given = this.#inputs.get(key)
    this.#inputs.delete(key)
    // What a subagent does is told by its own answer; what was written, by the file.
    if (parent !== undefined || (kind === 'edit' && ok !== false)) return
    const call = kind === 'exec' ? `$ ${shortCommand(given, name)}` : toolText(name, given, this.#dir)
    const whole = `${call} → ${safeText(output).trim()}`
    // A short output goes with its command.
    if (kind === 'exec' && ok !== false && !whole.includes('\n') && !whole.endsWith('→ ')) {
      if (widthOf(whole) <= this.#width - this.#indent) return this.by(agent, whole, 'dim')
    }
    this.by(agent, call, 'dim')
    if (kind === 'exec' || ok === false) this.#output(output, ok === false ? 'red' : 'dim')
  }

  #output(output: string, style: Style): void {
    const space = this.#width - this.#indent
    const lines = safeText(output).trim().split('\n')
    for (const line of shortened(lines, OUTPUT_LINES, ''))
      this.#line(`${' '.repeat(this.#indent)}${this.#style(style, fit(line.trim(), space))}`)
  }

  #style(style: Style, text: string): string {
    return this.#out.colour && text !== '' ? styleText(style, text, { validateStream: false }) : text
  }

  #line(text: string): void {
    this.#out.write(`${text}\n`)
  }
}

const CHANGES = { add: 'wrote', modify: 'edited', delete: 'removed' } as const

/** The first and the last lines, and how many are left out between them. */
function shortened(
  lines: readonly string[],
  { first, last }: { readonly first: number; readonly last: number },
  indent: string,
): string[] {
  // A line that says that one is left out takes as much room as that one.
  if (lines.length <= first + last + 1) return [...lines]
  const left = `${indent}… ${lines.length - first - last} lines …`
  return [...lines.slice(0, first), left, ...lines.slice(-last)]
}
