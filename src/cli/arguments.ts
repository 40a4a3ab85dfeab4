/** Reads the words of a command line as the input of a command, by its params alone. */
import { AtelierError, nearestNames } from '../errors.ts'
import { NOUNS } from '../operations/find.ts'
import { flagName } from '../operations/names.ts'
import type { OperationInput, Param } from '../operations/operation.ts'
import { parseDuration } from '../time/duration.ts'

/** Flags that every command takes. */
export const GLOBAL_PARAMS: readonly Param[] = [
  {
    name: 'dir',
    type: 'string',
    description: 'The project folder',
    default: 'the current one',
    placeholder: 'folder',
  },
  { name: 'json', type: 'boolean', description: 'Print data as JSON' },
  { name: 'help', type: 'boolean', description: 'Show how the command is used' },
  { name: 'version', type: 'boolean', description: 'Show the version' },
]

/** A dash alone is standard input, and one before a digit belongs to a number. */
const FLAG = /^-[^\d.]/u

const SHORT_FLAGS: Readonly<Record<string, string>> = { '-h': '--help', '-V': '--version' }

export interface Globals {
  readonly dir?: string
  readonly json?: boolean
  readonly help?: boolean
  readonly version?: boolean
}

/** A command line taken apart. */
export interface ParsedArguments {
  readonly globals: Globals
  readonly input: OperationInput
  /** The param to be read from standard input. */
  readonly fromInput: Param | undefined
}

/**
 * The verb of a command line: its first word that is neither a flag nor the value of a global one, and the word after it
 * where the first is a noun, as in `work add`.
 * @returns the verb and the words without it
 */
export function splitVerb(words: readonly string[]): {
  readonly verb: string | undefined
  readonly rest: string[]
} {
  const { word: first, rest } = takeWord(words)
  if (first === undefined || !NOUNS.has(first)) return { verb: first, rest }
  const second = takeWord(rest)
  return second.word === undefined
    ? { verb: first, rest }
    : { verb: `${first} ${second.word}`, rest: second.rest }
}

function takeWord(words: readonly string[]): { readonly word: string | undefined; readonly rest: string[] } {
  const at = words.findIndex((word, index) => !word.startsWith('-') && words[index - 1] !== '--dir')
  return { word: words[at], rest: words.toSpliced(at === -1 ? words.length : at, 1) }
}

/**
 * Reads the words after the verb.
 * @throws AtelierError `invalid_input`, naming the flag or the place
 */
export function parseArguments(params: readonly Param[], words: readonly string[]): ParsedArguments {
  const { flags, places } = sortWords(params, words)
  const globals: Record<string, unknown> = {}
  const input: Record<string, unknown> = {}
  for (const param of GLOBAL_PARAMS)
    if (flags.has(param)) globals[param.name] = readFlag(param, flags.get(param))
  if (globals['help'] === true || globals['version'] === true) return { globals, input, fromInput: undefined }
  for (const param of params) if (flags.has(param)) input[param.name] = readFlag(param, flags.get(param))
  const fromInput = readPlaces(params, places, input)
  return { globals, input, fromInput }
}

/** The value of a param that was read from standard input. */
export function readStandardInput(param: Param, text: string): unknown {
  const value = text.endsWith('\n') ? text.slice(0, -1) : text
  if (value.trim() === '')
    throw invalid(param, `Standard input is empty, and <${placeOf(param)}> was to be read from it.`)
  return readWord(param, `<${placeOf(param)}>`, value)
}

type FlagWords = ReadonlyMap<Param, readonly string[]>

function sortWords(
  params: readonly Param[],
  words: readonly string[],
): { flags: FlagWords; places: string[] } {
  const known = new Map<string, Param>()
  for (const param of [...params, ...GLOBAL_PARAMS])
    if (param.positional !== true) known.set(flagOf(param), param)
  const flags = new Map<Param, string[]>()
  const places: string[] = []
  for (let index = 0; index < words.length; index++) {
    const word = words[index] as string
    if (word === '--') {
      places.push(...words.slice(index + 1))
      break
    }
    if (!FLAG.test(word)) {
      places.push(word)
      continue
    }
    const { param, value } = findFlag(known, word)
    const given = flags.get(param) ?? []
    flags.set(param, given)
    if (value !== undefined) given.push(value)
    else if (param.type === 'boolean') given.push('true')
    else given.push(valueAfter(param, words[++index]))
  }
  return { flags, places }
}

function findFlag(
  known: ReadonlyMap<string, Param>,
  word: string,
): { param: Param; value: string | undefined } {
  const equals = word.indexOf('=')
  const written = equals === -1 ? word : word.slice(0, equals)
  const flag = SHORT_FLAGS[written] ?? written
  const param = known.get(flag)
  if (param !== undefined) return { param, value: equals === -1 ? undefined : word.slice(equals + 1) }
  const negated = known.get(flag.replace('--no-', '--'))
  if (flag.startsWith('--no-') && negated?.type === 'boolean') return { param: negated, value: 'false' }
  const near = nearestNames(flag, known.keys())
  const hint =
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known flags: ${[...known.keys()].join(', ')}.`
  throw new AtelierError(
    'invalid_input',
    `There is no flag ${written}. ${hint} A text that begins with "-" goes after "--".`,
    {
      details: { flag: written, near },
    },
  )
}

function valueAfter(param: Param, word: string | undefined): string {
  if (word !== undefined && !word.startsWith('--')) return word
  throw invalid(param, `${flagOf(param)} needs a value: ${flagOf(param)} <${placeOf(param)}>.`)
}

function readFlag(param: Param, words: readonly string[] = []): unknown {
  const values = words.map((word) => readWord(param, flagOf(param), word))
  if (param.type === 'texts') return values
  return param.type === 'names' ? values.flat() : values.at(-1)
}

function readPlaces(
  params: readonly Param[],
  words: readonly string[],
  input: Record<string, unknown>,
): Param | undefined {
  const places = params.filter(
    ({ positional, without = [] }) => positional === true && without.every((other) => !(other in input)),
  )
  let fromInput: Param | undefined
  let next = 0
  for (const param of places) {
    const taken = words.slice(next, param.rest === true ? undefined : next + 1)
    next += taken.length
    const given = taken.length > 0
    if (
      param.stdin !== undefined &&
      (given ? taken.length === 1 && taken[0] === '-' : param.stdin === 'missing')
    ) {
      fromInput = param
    } else if (given) {
      input[param.name] =
        param.type === 'names' ? taken : readWord(param, `<${placeOf(param)}>`, taken.join(' '))
    } else if (param.required === true)
      throw invalid(param, `<${placeOf(param)}> is missing: ${param.description}.`)
  }
  if (next < words.length) {
    throw new AtelierError(
      'invalid_input',
      `"${words[next]}" is one word too many. Put a text of several words in quotes.`,
      {
        details: { word: words[next] },
      },
    )
  }
  return fromInput
}

function readWord(param: Param, what: string, word: string): unknown {
  if (param.choices !== undefined && !param.choices.includes(word)) {
    throw invalid(param, `${what} "${word}" is not one of ${param.choices.join(', ')}.`)
  }
  switch (param.type) {
    case 'texts':
      if (word.trim() !== '') return word
      throw invalid(param, `${what} is empty: ${param.description}.`)
    case 'string':
      if (word !== '' || param.required !== true) return word
      throw invalid(param, `${what} is empty: ${param.description}.`)
    case 'number':
      return readNumber(param, what, word)
    case 'boolean':
      if (word === 'true' || word === 'false') return word === 'true'
      throw invalid(param, `${what} "${word}" is neither true nor false.`)
    case 'duration':
      parseDuration(word, what)
      return word
    case 'json':
      return readJson(param, what, word)
    case 'names':
      return word.split(',').filter((name) => name !== '')
  }
}

function readNumber(param: Param, what: string, word: string): number {
  const value = word.trim() === '' ? Number.NaN : Number(word)
  const kind = param.integer === true ? 'a whole number' : 'a number'
  if (!Number.isFinite(value) || (param.integer === true && !Number.isInteger(value))) {
    throw invalid(param, `${what} "${word}" is not ${kind}.`)
  }
  if (param.min !== undefined && value < param.min)
    throw invalid(param, `${what} is at least ${param.min}; got ${word}.`)
  return value
}

function readJson(param: Param, what: string, word: string): unknown {
  try {
    return JSON.parse(word) as unknown
  } catch (error) {
    if (param.orText === true) return word
    throw invalid(param, `${what} is not JSON: ${(error as Error).message}.`)
  }
}

/** `--max-turns`. */
export function flagOf(param: Param): string {
  return `--${flagName(param.name)}`
}

/** What to write for a value, without brackets. */
export function placeOf(param: Param): string {
  if (param.placeholder !== undefined) return param.placeholder
  if (param.choices !== undefined && param.choices.length <= 3) return param.choices.join('|')
  if (param.positional === true) return flagName(param.name)
  if (param.type === 'number') return 'n'
  return param.type === 'duration' ? 'time' : flagName(param.name)
}

function invalid(param: Param, message: string): AtelierError {
  return new AtelierError('invalid_input', message, {
    details: { field: param.name, ...(param.choices === undefined ? {} : { allowed: param.choices }) },
  })
}
