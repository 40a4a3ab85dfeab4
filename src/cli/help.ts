/** Help for people: the overview of all verbs, and the page of one. */
import { GROUP_TITLES } from '../operations/table.ts'
import type { Param } from '../operations/operation.ts'
import { flagOf, GLOBAL_PARAMS, placeOf } from './arguments.ts'
import { wordsOf, type Command, type CommandGroup } from './command.ts'
import { allCommands, commandsOf } from './commands.ts'
import { paintFor, type Paint } from './paint.ts'
import type { Sink } from './terminal.ts'
import { pad, widthOf, wrap } from './text.ts'

const TITLES: Readonly<Record<CommandGroup, string>> = { workshop: 'This folder', ...GROUP_TITLES }

/** Longer lines are hard to read, however wide the screen is. */
const WIDEST = 100

/** Every verb with its summary, by group. */
export async function overview(sink: Sink): Promise<string> {
  const all = await allCommands()
  const paint = paintFor(sink)
  const width = Math.min(sink.width, WIDEST)
  const groups = Object.entries(TITLES).map(([group, title]) => {
    const commands = all.filter((command) => command.group === group)
    return `${paint.strong(title)}\n${entries(
      commands.map((command) => [wordsOf(command), command.summary]),
      { width, paint, label: 22 },
    )}`
  })
  return [
    'Atelier runs a team of AI coding agents on a git repository.\n',
    `${paint.strong('Usage')}  atelier <verb> [--json] [--dir <folder>]\n`,
    ...groups,
    `Begin with ${paint.name('atelier init')}, or watch ${paint.name('atelier demo')}. More: ${paint.name('atelier <verb> --help')}\n`,
  ].join('\n')
}

/** The commands that begin with a noun. */
export async function nounHelp(noun: string, sink: Sink): Promise<string> {
  const paint = paintFor(sink)
  const commands = await commandsOf(noun)
  const rows = commands.map((command) => [wordsOf(command), command.summary] as const)
  return [
    `${paint.strong('Usage')}  atelier ${noun} <verb> [flags]\n`,
    entries(rows, { width: Math.min(sink.width, WIDEST), paint, label: 22 }),
    `More: ${paint.name(`atelier ${noun} <verb> --help`)}\n`,
  ].join('\n')
}

/** Everything about one command. */
export function commandHelp(command: Command, sink: Sink): string {
  const paint = paintFor(sink)
  const width = Math.min(sink.width, WIDEST)
  const places = command.params.filter(({ positional }) => positional === true)
  const flags = [
    ...command.params.filter(({ positional }) => positional !== true),
    ...GLOBAL_PARAMS.slice(0, 3),
  ]
  const labels = [...places.map(placeLabel), ...flags.map(flagLabel)]
  const label = Math.min(30, Math.max(...labels.map(widthOf)) + 2)
  const section = (title: string, rows: readonly (readonly [string, string])[]): string[] =>
    rows.length === 0 ? [] : [`${paint.strong(title)}\n${entries(rows, { width, paint, label })}`]
  return [
    `${wrap(`${command.summary}. ${command.details ?? ''}`, width)
      .join('\n')
      .trimEnd()}\n`,
    `${paint.strong('Usage')}  ${usageOf(command)}\n`,
    ...section(
      'Arguments',
      places.map((param) => [placeLabel(param), describe(param)]),
    ),
    ...section(
      'Flags',
      flags.map((param) => [flagLabel(param), describe(param)]),
    ),
    `${paint.strong('Examples')}\n${command.examples.map((example) => `  ${example}\n`).join('')}`,
  ].join('\n')
}

/** `atelier ask <agent> [<prompt>...] [flags]`. */
export function usageOf(command: Command): string {
  const places = command.params.filter(({ positional }) => positional === true)
  const words = places.map((param) => {
    const place = `<${placeOf(param)}>${param.rest === true ? '...' : ''}`
    return param.required === true && param.stdin !== 'missing' ? place : `[${place}]`
  })
  return ['atelier', wordsOf(command), ...words, '[flags]'].join(' ')
}

function placeLabel(param: Param): string {
  return `<${placeOf(param)}>`
}

/** `--max-turns <n>`. */
export function flagLabel(param: Param): string {
  return param.type === 'boolean' ? flagOf(param) : `${flagOf(param)} <${placeOf(param)}>`
}

/** What a param is for, what it takes and what holds without it. */
export function describe(param: Param): string {
  const facts = [
    ...(param.choices === undefined || placeOf(param).includes('|') ? [] : [param.choices.join(', ')]),
    ...(param.type === 'names' && param.positional !== true ? ['separated by commas'] : []),
    ...(param.type === 'texts' ? ['may be given several times'] : []),
    ...(param.type === 'duration' ? ['such as 90s or 5m'] : []),
    ...(param.stdin === undefined
      ? []
      : [param.stdin === 'missing' ? '- or nothing: standard input' : '-: standard input']),
    ...(param.default === undefined ? [] : [`default: ${param.default}`]),
  ]
  return facts.length === 0 ? param.description : `${param.description} (${facts.join('; ')})`
}

interface EntryLayout {
  readonly width: number
  readonly paint: Paint
  /** Columns of the label, after the indent. */
  readonly label: number
}

/** Labels, and beside them what they mean, wrapped. A label that is too long stands on a line of its own. */
function entries(rows: readonly (readonly [string, string])[], { width, paint, label }: EntryLayout): string {
  const indent = ' '.repeat(label + 2)
  return rows
    .map(([name, text]) => {
      const [first = '', ...more] = wrap(text, Math.max(20, width - indent.length))
      const head =
        widthOf(name) < label
          ? `  ${paint.name(pad(name, label))}${first}`
          : `  ${paint.name(name)}\n${indent}${first}`
      return [head, ...more.map((line) => indent + line)].map((line) => `${line}\n`).join('')
    })
    .join('')
}
