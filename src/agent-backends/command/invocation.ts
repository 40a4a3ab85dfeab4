/** Makes the process of one turn of its request and settings. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { TurnRequest } from '../../agent-backend.ts'
import { headOf } from '../../json.ts'
import { childEnvironment, type ProcessMarkers } from '../../processes/environment.ts'
import type { CommandSettings } from './config.ts'
import { shellScript } from './shell-text.ts'

/** Enough to know a command by. */
const NAME_CHARACTERS = 60

/** The session that a turn continues or begins. */
export interface CommandSession {
  readonly id: string
  /** Turns that were answered before. */
  readonly answered: number
}

/** A process to be started. */
export interface Invocation {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Record<string, string>
  readonly markers: ProcessMarkers
  /** What it reads from stdin; nothing if undefined. */
  readonly stdin: string | undefined
  /** Removes what was made for it. */
  readonly discard: () => Promise<void>
}

/** The command line, environment and input of a turn. */
export async function invocationOf(
  settings: CommandSettings,
  request: TurnRequest,
  session: CommandSession,
): Promise<Invocation> {
  const prompt = promptOf(request, session)
  const file = settings.input === 'file' ? await promptFile(prompt) : undefined
  const markers = { turn: request.turn, ...(request.host !== undefined && { host: request.host }) }
  const set = {
    ...request.env,
    ATELIER_AGENT: request.agent,
    ATELIER_SESSION: session.id,
    ATELIER_SESSION_TURN: String(session.answered + 1),
    ...(file && { ATELIER_PROMPT_FILE: file.path }),
  }
  return {
    ...commandLine(settings, { prompt, session: session.id, file: file?.path ?? '' }, session.answered > 0),
    env: childEnvironment({ pass: settings.passEnv ?? [], set, markers }),
    markers,
    stdin: settings.input === 'stdin' ? prompt : undefined,
    discard: async () => file?.discard(),
  }
}

/** What stands for the command in messages. */
export function nameOf({ command }: Pick<CommandSettings, 'command'>): string {
  const text = typeof command === 'string' ? command : (command[0] ?? '')
  return `The command \`${headOf(text, NAME_CHARACTERS)}\``
}

/** The command keeps no system prompt, so it stands before the first prompt of a session. */
function promptOf({ systemPrompt, prompt }: TurnRequest, session: CommandSession): string {
  return systemPrompt === undefined || systemPrompt === '' || session.answered > 0
    ? prompt
    : `${systemPrompt}\n\n${prompt}`
}

interface PlaceholderValues {
  readonly prompt: string
  readonly session: string
  readonly file: string
}

function commandLine(
  settings: CommandSettings,
  values: PlaceholderValues,
  isResumed: boolean,
): Pick<Invocation, 'file' | 'args'> {
  const { command, input } = settings
  const wanted = input === 'argument' ? '{prompt}' : input === 'file' ? '{file}' : ''
  if (typeof command === 'string') {
    const isNamed = command.includes(wanted) || (input === 'file' && command.includes('ATELIER_PROMPT_FILE'))
    const script = shellScript(isNamed ? command : `${command} ${wanted}`)
    return {
      file: '/bin/sh',
      args: ['-c', script, 'atelier', ...(input === 'argument' ? [values.prompt] : [])],
    }
  }
  const parts = [...command, ...(isResumed ? (settings.resumeArgs ?? []) : [])]
  if (!parts.some((part) => part.includes(wanted))) parts.push(wanted)
  const fill = (part: string): string =>
    part.replace(/\{(prompt|session|file)\}/gu, (_whole, name: keyof PlaceholderValues) => values[name])
  // The program itself is never made of a prompt.
  const [file = '', ...args] = parts
  return { file, args: args.map(fill) }
}

async function promptFile(
  prompt: string,
): Promise<{ readonly path: string; readonly discard: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'atelier-prompt-'))
  const path = join(folder, 'prompt.md')
  // A prompt may hold what is nobody else's business.
  await writeFile(path, prompt, { mode: 0o600 })
  return { path, discard: () => rm(folder, { recursive: true, force: true }) }
}
