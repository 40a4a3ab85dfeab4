/** One command line from its words to its exit status. */
import { AtelierError, ERROR_CODES, isAtelierError, messageOf } from '../errors.ts'
import type { OperationInput, Param } from '../operations/operation.ts'
import { systemClock } from '../time/system-clock.ts'
import {
  parseArguments,
  readStandardInput,
  splitVerb,
  type Globals,
  type ParsedArguments,
} from './arguments.ts'
import { NOUNS } from '../operations/find.ts'
import { EXIT_OK, isCliCommand, type Command, type ExitStatus } from './command.ts'
import { findCommand } from './commands.ts'
import { note, printJson, type Openers, type Session } from './session.ts'
import { readInput, type Terminal } from './terminal.ts'

export interface CliOptions {
  readonly terminal: Terminal
  readonly open: Openers
  /** Aborted when nobody reads the output any more. */
  readonly unread: AbortSignal
}

/** Runs a command line. Whatever goes wrong is told on the error stream, and never thrown. */
export async function runCli(words: readonly string[], options: CliOptions): Promise<ExitStatus> {
  // What the words ask for decides how an error in them is told.
  let json = words.includes('--json')
  try {
    const { verb, rest } = splitVerb(words)
    if (verb === undefined || verb === 'help')
      return await runWithoutVerb(verb === 'help' ? rest : [], words, options)
    if (NOUNS.has(verb)) return await runWithoutVerb([verb], words, options)
    const command = await findCommand(verb)
    const parsed = parseArguments(command.params, rest)
    json = parsed.globals.json === true
    if (parsed.globals.version === true) return await showVersion(options.terminal)
    if (parsed.globals.help === true) return await showHelp(command, options.terminal)
    const complete = await completeInput(parsed, options.terminal)
    const input = await readFiles(
      command.params,
      withPaths(command.params, complete, options.terminal.cwd),
      options.terminal,
    )
    const session = await openSession(command, parsed.globals, options)
    try {
      return await run(command, input, session)
    } finally {
      await endLeftovers(session)
    }
  } catch (error) {
    return tellError(error, json, options.terminal)
  }
}

async function run(command: Command, input: OperationInput, session: Session): Promise<ExitStatus> {
  if (!isCliCommand(command))
    return (await import('./run-operation.ts')).runOperation(command, input, session)
  const act = await command.load()
  return act(input as never, session)
}

/** After the output, so that nobody waits for it. */
async function endLeftovers(session: Session): Promise<void> {
  for (const { dir, killed } of await session.open.endLeftovers()) {
    const what = killed === 1 ? 'a process' : `${killed} processes`
    note(session, `Ended ${what} that a host in ${dir} had left running when it died.`)
  }
}

async function openSession(command: Command, globals: Globals, options: CliOptions): Promise<Session> {
  const { terminal, open, unread } = options
  return {
    dir: await folderOf(command, globals, options),
    globals,
    terminal,
    clock: systemClock,
    open,
    unread,
  }
}

/** The folder that was named, as it is; else the project that the command is run in. A new project begins where one is. */
async function folderOf(command: Command, { dir }: Globals, { terminal, open }: CliOptions): Promise<string> {
  if (dir === undefined && command.name !== 'init') return open.findFolder(terminal.cwd)
  return process.getBuiltinModule('node:path').resolve(terminal.cwd, dir ?? '.')
}

async function completeInput(
  { input, fromInput }: ParsedArguments,
  terminal: Terminal,
): Promise<OperationInput> {
  if (fromInput === undefined) return input
  if (terminal.in.isTTY)
    note({ terminal }, `Type the ${fromInput.name}; end it with Ctrl-D on a line of its own.`)
  return { ...input, [fromInput.name]: readStandardInput(fromInput, await readInput(terminal)) }
}

/** Paths are meant from where one stands, which may be inside of the project. */
function withPaths(params: readonly Param[], input: OperationInput, cwd: string): OperationInput {
  const paths = params.filter(({ isPath, name }) => isPath === true && input[name] !== undefined)
  if (paths.length === 0) return input
  const path = process.getBuiltinModule('node:path')
  const whole = (word: unknown): unknown =>
    typeof word === 'string' && /\.(?:ya?ml|json)$/u.test(word) ? path.resolve(cwd, word) : word
  const read = paths.map(({ name }) => {
    const value = input[name]
    return [name, Array.isArray(value) ? value.map(whole) : whole(value)] as const
  })
  return { ...input, ...Object.fromEntries(read) }
}

/** Puts what a file holds in the place of its name. Loaded only where a file is named. */
async function readFiles(
  params: readonly Param[],
  input: OperationInput,
  terminal: Terminal,
): Promise<OperationInput> {
  const isNamed = params.some(({ name, reads }) => reads !== undefined && input[name] !== undefined)
  return isNamed ? (await import('./input-files.ts')).readInputFiles(params, input, terminal) : input
}

async function runWithoutVerb(
  topic: readonly string[],
  words: readonly string[],
  options: CliOptions,
): Promise<ExitStatus> {
  const { terminal } = options
  const { verb } = splitVerb(topic)
  if (verb !== undefined && NOUNS.has(verb)) return showNoun(verb, terminal)
  if (verb !== undefined) return showHelp(await findCommand(verb), terminal)
  if (topic.length === 0 && words[0] !== 'help' && parseArguments([], words).globals.version === true)
    return showVersion(terminal)
  const { overview } = await import('./help.ts')
  terminal.out.write(await overview(terminal.out))
  return EXIT_OK
}

async function showHelp(command: Command, { out }: Terminal): Promise<ExitStatus> {
  const { commandHelp } = await import('./help.ts')
  out.write(commandHelp(command, out))
  return EXIT_OK
}

async function showNoun(noun: string, { out }: Terminal): Promise<ExitStatus> {
  const { nounHelp } = await import('./help.ts')
  out.write(await nounHelp(noun, out))
  return EXIT_OK
}

async function showVersion({ out }: Terminal): Promise<ExitStatus> {
  const { readFile } = await import('node:fs/promises')
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  out.write(`${version}\n`)
  return EXIT_OK
}

/** The message and code of an error for a person; for a program that asked for JSON, its data as well. */
async function tellError(error: unknown, json: boolean, terminal: Terminal): Promise<ExitStatus> {
  const known = isAtelierError(error) ? error : unexpected(error)
  const [{ paintFor }, { readable }] = await Promise.all([import('./paint.ts'), import('./text.ts')])
  const paint = paintFor(terminal.err)
  const text = `error: ${known.message} [${known.code}]`
  const painted = readable(text, terminal.err)
    .replace(/^error:/u, paint.bad)
    .replace(/\[\w+\]$/u, paint.faint)
  note({ terminal }, painted)
  if (known !== error && error instanceof Error) note({ terminal }, readable(error.stack ?? '', terminal.err))
  if (json) printJson({ terminal }, { error: known })
  return ERROR_CODES[known.code].exit
}

function unexpected(error: unknown): AtelierError {
  return new AtelierError(
    'host_failed',
    `Unexpected: ${messageOf(error)} (an error in Atelier; please report it with what follows)`,
    {
      cause: error,
    },
  )
}
