/** What the command backend can be told. */
import { AtelierError } from '../../errors.ts'
import { parseDuration, type Duration } from '../../time/duration.ts'
import { fields, lazySchema, readable, readSettings, type Zod } from '../settings.ts'
import { quotedPlaceholder } from './shell-text.ts'

/** How to run a command as an agent; `docs/backends/command.md` explains each field. */
export interface CommandConfig {
  /** A text is run by `/bin/sh`; a list is a program and its arguments, run without a shell. */
  readonly command: string | readonly string[]
  /** How the prompt reaches the command; default `stdin`. */
  readonly input?: 'stdin' | 'argument' | 'file'
  /** How its output is read; default `text`. */
  readonly output?: 'text' | 'json' | 'json-lines'
  /** Arguments that are added when a session is continued; for a list only. */
  readonly resumeArgs?: readonly string[]
  /** Where the answer stands; default `result`. */
  readonly resultField?: string
  /** Where pieces of text stand that come before the answer; for `json-lines`. */
  readonly textField?: string
  /** Where the command names its session; without it the session id is ours. */
  readonly sessionField?: string
  /** Where the cost of the turn stands, USD. */
  readonly costField?: string
  /** Where the tokens of the turn stand. */
  readonly usageField?: string
  /** Where the command says that it failed though it exits with 0: `true`, or a text. */
  readonly errorField?: string
  /** Names of variables that are handed on from the host's own environment. */
  readonly passEnv?: readonly string[]
  /** Longest output; default 16 MiB, for `json-lines` 256 MiB in lines of at most 16 MiB. */
  readonly maxOutputBytes?: number
  /** The turn fails if nothing is printed for this long; default: it may be silent. */
  readonly idleTimeout?: Duration
}

/** The same with what follows from it. */
export interface CommandSettings extends CommandConfig {
  readonly input: 'stdin' | 'argument' | 'file'
  readonly output: 'text' | 'json' | 'json-lines'
  readonly resultField: string
  readonly maxOutputBytes: number
  readonly maxLineBytes: number
  readonly idleMs: number | undefined
}

/** A longer line is no message of an agent. Images in base64 reach some MiB. */
const MAX_LINE_BYTES = 16 << 20
/** Hours of chatter of a verbose agent. */
const MAX_STREAM_BYTES = 256 << 20

/**
 * Reads the settings of a command.
 * @throws AtelierError `invalid_config` naming the field and what is allowed there
 */
export function readCommandConfig(config: unknown, what: string): CommandSettings {
  const read = readSettings(schema, config, what)
  checkTogether(read, what)
  const { input = 'stdin', output = 'text', resultField = 'result' } = read
  const { maxOutputBytes = output === 'json-lines' ? MAX_STREAM_BYTES : MAX_LINE_BYTES } = read
  return {
    ...read,
    input,
    output,
    resultField,
    maxOutputBytes,
    maxLineBytes: Math.min(MAX_LINE_BYTES, maxOutputBytes),
    idleMs: read.idleTimeout === undefined ? undefined : parseDuration(read.idleTimeout),
  }
}

const schema = lazySchema<CommandConfig>((z) => {
  const name = z.string().min(1)
  return fields(z, {
    command: z.union(
      [name, z.array(z.string()).min(1, 'must name a program')],
      'must be a text or a list of texts',
    ),
    input: z.enum(['stdin', 'argument', 'file']).exactOptional(),
    output: z.enum(['text', 'json', 'json-lines']).exactOptional(),
    resumeArgs: z.array(z.string()).exactOptional(),
    resultField: name.exactOptional(),
    textField: name.exactOptional(),
    sessionField: name.exactOptional(),
    costField: name.exactOptional(),
    usageField: name.exactOptional(),
    errorField: name.exactOptional(),
    passEnv: z.array(variableName(z)).exactOptional(),
    maxOutputBytes: z.int().positive().exactOptional(),
    idleTimeout: z.union([z.string(), z.number()]).check(readable(parseDuration)).exactOptional(),
  })
})

function variableName(z: Zod): ReturnType<Zod['string']> {
  return z.string().regex(/^[A-Za-z_]\w*$/u, 'is not the name of a variable')
}

/** What is wrong only beside something else. */
function checkTogether(config: CommandConfig, what: string): void {
  const { command, input = 'stdin', output = 'text' } = config
  const refuse = (field: string, why: string): never => {
    throw new AtelierError('invalid_config', `${what}.${field}: ${why}`, {
      details: { field: `${what}.${field}` },
    })
  }
  const names = ['resultField', 'textField', 'sessionField', 'costField', 'usageField', 'errorField'] as const
  for (const name of names) {
    if (config[name] === undefined) continue
    if (output === 'text')
      refuse(name, `A text has no fields; set output to json or json-lines, or leave ${name} out.`)
    if (name === 'textField' && output === 'json')
      refuse(name, 'Pieces of text come only with output json-lines.')
  }
  const parts = typeof command === 'string' ? [command] : command
  for (const [placeholder, needed] of [
    ['{prompt}', 'argument'],
    ['{file}', 'file'],
  ] as const) {
    if (input === needed || !parts.some((part) => part.includes(placeholder))) continue
    refuse('command', `${placeholder} stands in the command, but input is ${input}; set input to ${needed}.`)
  }
  if (typeof command !== 'string') {
    if (command[0] === '') refuse('command[0]', 'The program has no name.')
    return
  }
  if (config.resumeArgs !== undefined) {
    refuse(
      'resumeArgs',
      'They are added to a list; write the command as a list, or use $ATELIER_SESSION_TURN in it.',
    )
  }
  const quoted = quotedPlaceholder(command)
  if (quoted !== undefined)
    refuse(
      'command',
      `${quoted} stands in single quotes, where the shell replaces nothing; use double quotes.`,
    )
}
