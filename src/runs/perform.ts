/** The work of items that no agent does: commands, functions, and the bringing together of changes, which its place does. */
import { join } from 'node:path'
import { errorData, messageOf } from '../errors.ts'
import { canonicalJson, type Json } from '../json.ts'
import { runCommand, type CommandResult } from '../processes/command.ts'
import { formatDuration } from '../time/duration.ts'
import type { Attempt } from '../workers/attempt.ts'
import type { AttemptEnd, WorkerContext } from '../workers/context.ts'
import { reportPhase } from '../workers/commands.ts'
import { readInputs } from './inputs.ts'

/** What a registered function is called with. */
export interface FunctionInput {
  readonly run: string
  readonly stage: string
  readonly round: number
  /** The element of a map; absent else. */
  readonly index?: number
  /** Results of the stages that it takes from, by id, and its values by name. */
  readonly inputs: Readonly<Record<string, Json>>
  /** Aborted when its item is cancelled, when its time is over, or when the host ends. */
  readonly signal: AbortSignal
}

/** A function that a stage may name. What it gives is the stage's result, as JSON. */
export type StageFunction = (input: FunctionInput) => unknown

/** A command gets as long as this where its stage says nothing. */
const COMMAND_TIMEOUT_MS = 10 * 60_000
/** What a command printed is its result up to this; the rest stands in its log. */
const MAX_OUTPUT_BYTES = 1 << 20
/** Of what a command that failed has printed, whoever mends it is told the end. */
const MAX_TOLD_CHARACTERS = 4000

type Performed = { readonly text: string } | AttemptEnd

/** Does the work of an attempt whose doer is no agent. */
export async function perform(
  context: WorkerContext,
  functions: ReadonlyMap<string, StageFunction>,
  attempt: Attempt,
): Promise<Performed> {
  const { doer } = attempt.definition.work ?? { doer: { by: 'noop' } as const }
  const { item, attempt: token } = attempt.claimed
  await reportPhase(context.team, item.id, token, 'executing')
  switch (doer.by) {
    case 'run':
      return command(context, attempt, doer.command, doer.output)
    case 'fn':
      return call(context, functions, attempt, doer.fn)
    // Its place began with all that it is to bring together.
    case 'join':
      return { text: 'joined' }
    case 'merge':
      return { text: 'merged' }
    case 'noop':
    case 'agent':
      return { text: '' }
  }
}

async function command(
  context: WorkerContext,
  { claimed, definition, place, signal }: Attempt,
  line: string,
  output: 'text' | 'json',
): Promise<Performed> {
  const { team, host, stateDir } = context
  const { item, attempt } = claimed
  const told = await team.store.read((reader) => readInputs(reader, item, definition))
  const { env } = place.checkout?.workspace ?? { env: {} }
  const result = await runCommand({
    command: line,
    cwd: place.cwd,
    env: { ...env, ...variables(item.run, item.stage, told) },
    host,
    timeoutMs: definition.timeoutMs ?? COMMAND_TIMEOUT_MS,
    logFile: join(stateDir, 'logs', attempt, 'run.log'),
    keepBytes: MAX_OUTPUT_BYTES,
    signal,
    clock: team.clock,
  })
  if (!result.ok) return { kind: 'failed', error: commandError(item.id, result) }
  const text = result.tail.trimEnd()
  if (output === 'text') return { text }
  try {
    return { text: canonicalJson(JSON.parse(text)) }
  } catch (error) {
    const message = `What "${line}" printed is no JSON: ${messageOf(error)}. All of it stands in ${result.logFile}.`
    return {
      kind: 'failed',
      error: errorData('invalid_output', message, { item: item.id, logFile: result.logFile }),
    }
  }
}

/** Values go in as data: a shell expands a variable, and does not run it. */
function variables(
  run: string | null,
  stage: string | null,
  { input, results, env: own }: Awaited<ReturnType<typeof readInputs>>,
): Record<string, string> {
  const env: Record<string, string> = { ATELIER_RUN: run ?? '', ATELIER_STAGE: stage ?? '' }
  if (input !== null) env['ATELIER_INPUT'] = JSON.stringify(input)
  for (const { item, text } of results)
    env[`ATELIER_RESULT_${item.toUpperCase().replaceAll(/[^A-Z0-9]/gu, '_')}`] = text
  return { ...env, ...own }
}

function commandError(item: string, result: CommandResult): ReturnType<typeof errorData> {
  const { command: line, exitCode, timedOut, cancelled, durationMs, logFile, tail, problem } = result
  const why = cancelled
    ? 'was cancelled'
    : timedOut
      ? `had not ended after ${formatDuration(durationMs)}`
      : exitCode === null
        ? `did not start: ${problem ?? 'it was ended by a signal'}`
        : `ended with ${exitCode}`
  const code = cancelled ? 'cancelled' : timedOut ? 'timeout' : 'turn_failed'
  return errorData(code, `The command "${line}" of "${item}" ${why}. What it printed stands in ${logFile}.`, {
    item,
    exitCode,
    logFile,
    tail: tail.slice(-MAX_TOLD_CHARACTERS),
  })
}

async function call(
  { team }: WorkerContext,
  functions: ReadonlyMap<string, StageFunction>,
  { claimed: { item }, definition, signal }: Attempt,
  name: string,
): Promise<Performed> {
  const fn = functions.get(name)
  if (fn === undefined) return { kind: 'released' }
  const { input, results } = await team.store.read((reader) => readInputs(reader, item, definition))
  const values = {
    ...Object.fromEntries(results.map(({ item: stage, text }) => [stage, text])),
    ...(input as object | null),
  }
  const over = new AbortController()
  const cancelTimer =
    definition.timeoutMs === null ? () => {} : team.clock.after(definition.timeoutMs, () => over.abort())
  const ended = AbortSignal.any([signal, over.signal])
  try {
    const result = await Promise.race([
      Promise.resolve(
        fn({
          run: item.run ?? '',
          stage: item.stage ?? '',
          round: item.round ?? 1,
          ...(item.index === null ? {} : { index: item.index }),
          inputs: values,
          signal: ended,
        }),
      ),
      aborted(ended),
    ])
    return { text: canonicalJson(result ?? null) }
  } catch (error) {
    if (signal.aborted) return { kind: 'gone' }
    const code = over.signal.aborted ? 'timeout' : 'turn_failed'
    const why = over.signal.aborted ? 'took too long' : `threw: ${messageOf(error)}`
    return {
      kind: 'failed',
      error: errorData(code, `The function "${name}" of "${item.id}" ${why}.`, { item: item.id, fn: name }),
    }
  } finally {
    cancelTimer()
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const end = (): void => reject(new Error('It was ended.'))
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}
