/** Runs one started turn on its backend, records it, and settles it. */
import type { AgentBackend, AgentEvent, CancelReason, TurnOutcome, TurnRequest } from '../agent-backend.ts'
import { NO_USAGE } from '../agent-backend.ts'
import { systemPromptOf } from '../agents/definition.ts'
import type { TurnPlan } from '../agents/recovery.ts'
import { formatDuration } from '../time/duration.ts'
import { AtelierError, isAtelierError, messageOf } from '../errors.ts'
import { crash } from '../failpoints.ts'
import { sleep, type CancelTimer } from '../time/clock.ts'
import { environmentOf, type HostEnvironment, type TeamContext } from './context.ts'
import { settleTurn } from './turn-settle.ts'
import { TurnRecord } from './turn-record.ts'
import type { StartedTurn } from './turn-start.ts'

/** How long a backend may take to end after its signal was aborted, before the turn is settled without it. */
const CANCEL_GRACE_MS = 10_000

/** Transcript rows are written this long after the first of them, so that others can follow a long turn. */
const TRANSCRIPT_DELAY_MS = 250

/** A backend that tells more in that time waits until the rows are written, so that a flood does not pile up in memory. */
const MAX_PENDING_ROWS = 1000

/** Between two tries to settle a turn while the store is full or busy. */
const SETTLE_RETRY_MS = 1000

/** Told of what happens in turns of this process, as it happens. */
export type ActivityListener = (turn: StartedTurn, event: AgentEvent) => void

export interface RunningTurn {
  readonly started: StartedTurn
  /** Ends the turn; its message is settled as the reason says. */
  cancel(reason: CancelReason): void
  /** Ends the turn without settling it: somebody else has, or will. */
  abandon(): void
  /** Resolves when everything of the turn has ended; true if more messages wait for the agent. */
  readonly ended: Promise<boolean>
}

/** Takes an event; where it gives a promise, the next one is asked for when that is resolved. */
type EventSink = (event: Exclude<AgentEvent, { t: 'end' }>) => Promise<void> | undefined

/** Starts a turn's backend; the turn settles itself. */
export function runTurn(
  team: TeamContext,
  environment: HostEnvironment,
  hostId: string,
  started: StartedTurn,
  onActivity: ActivityListener,
): RunningTurn {
  const controller = new AbortController()
  const abandoned = new AbortController()
  let reason: CancelReason | undefined
  const cancel = (why: CancelReason): void => {
    if (reason !== undefined) return
    reason = why
    controller.abort(why)
  }
  const run = async (): Promise<boolean> => {
    const record = new TurnRecord(started.turn, team.clock)
    const stopTimer = limitTime(team, started, cancel)
    const flush = transcriptFlusher(team, record)
    try {
      const outcome = await followBackend(
        team,
        environment,
        hostId,
        started,
        record,
        controller.signal,
        (event) => {
          record.add(event)
          flush.soon()
          onActivity(started, event)
          return flush.room()
        },
      )
      crash('backend.run.after')
      stopTimer()
      await flush.stop()
      if (abandoned.signal.aborted) return false
      const final = named(outcome, reason)
      onActivity(started, { t: 'end', outcome: final })
      return await settleWhenPossible(team, hostId, started, record, final, abandoned.signal)
    } finally {
      stopTimer()
      await flush.stop()
    }
  }
  return {
    started,
    cancel,
    abandon() {
      abandoned.abort()
      cancel({ kind: 'cancelled', message: 'The turn was given up.' })
    },
    ended: run(),
  }
}

/** Arms the wall clock of the turn. */
function limitTime(
  team: TeamContext,
  started: StartedTurn,
  cancel: (why: CancelReason) => void,
): CancelTimer {
  const limitMs = started.message.timeoutMs ?? started.definition.timeoutMs
  if (limitMs === undefined) return () => {}
  return team.clock.after(limitMs, () =>
    cancel({
      kind: 'timeout',
      message: `Agent "${started.agent.name}" did not answer within ${formatDuration(limitMs)}. It was stopped and can be asked again.`,
    }),
  )
}

/** Follows the backend's events to the end; whatever it does, there is exactly one outcome. */
async function followBackend(
  team: TeamContext,
  environment: HostEnvironment,
  hostId: string,
  started: StartedTurn,
  record: TurnRecord,
  signal: AbortSignal,
  onEvent: EventSink,
): Promise<TurnOutcome> {
  const backend = environment.backend(started.agent.backend)
  if (backend === undefined)
    return failed('unknown', `No backend "${started.agent.backend}" is registered in this process.`)
  try {
    if (started.plan.do === 'take') return taken(started.plan, record)
    const request = await requestFor(environment, hostId, started, started.plan, record)
    crash('backend.run.before')
    const grace = overdue(team, signal)
    try {
      return await Promise.race([drain(backend, request, signal, onEvent), grace.outcome])
    } finally {
      grace.stop()
    }
  } catch (error) {
    return failed('protocol', `Backend "${started.agent.backend}" broke its contract: ${messageOf(error)}`)
  }
}

/** The answer that an interrupted turn left in its session. Its cost was charged when the turn was lost. */
function taken({ text, usage, session }: Extract<TurnPlan, { do: 'take' }>, record: TurnRecord): TurnOutcome {
  record.note('warn', 'An interrupted turn had been answered: the answer was taken from its session.')
  return { status: 'completed', text, usage: usage ?? NO_USAGE, costUsd: 0, costSource: 'computed', session }
}

async function drain(
  backend: AgentBackend,
  request: TurnRequest,
  signal: AbortSignal,
  onEvent: EventSink,
): Promise<TurnOutcome> {
  for await (const event of backend.run(request, signal)) {
    if (event.t === 'end') return event.outcome
    const room = onEvent(event)
    if (room !== undefined) await room
  }
  return failed('protocol', `Backend "${backend.id}" ended without an outcome.`)
}

/** Gives up on a backend that does not end after it was cancelled. */
function overdue(
  team: TeamContext,
  signal: AbortSignal,
): { readonly outcome: Promise<TurnOutcome>; stop(): void } {
  let stop: CancelTimer = () => {}
  const outcome = new Promise<TurnOutcome>((resolve) => {
    const giveUp = (): void => resolve(failed('unknown', 'The backend did not end after it was cancelled.'))
    const wait = (): void => {
      stop = team.clock.after(CANCEL_GRACE_MS, giveUp)
    }
    if (signal.aborted) return wait()
    signal.addEventListener('abort', wait, { once: true })
    stop = () => signal.removeEventListener('abort', wait)
  })
  return { outcome, stop: () => stop() }
}

async function requestFor(
  environment: HostEnvironment,
  hostId: string,
  { definition, agent, turn, place }: StartedTurn,
  { prompt, resume, begin }: Extract<TurnPlan, { do: 'run' }>,
  record: TurnRecord,
): Promise<TurnRequest> {
  const gitContext =
    definition.gitContext === true ? await gitContextOf(environment, place.cwd, record) : undefined
  const systemPrompt = systemPromptOf(definition, gitContext)
  // Without facts that change, the system prompt follows from the agent's definition.
  if (gitContext !== undefined) record.note('system', systemPrompt)
  return {
    turn,
    host: hostId,
    agent: agent.name,
    cwd: place.cwd,
    prompt,
    env: { ...environmentOf(definition, environment.environment), ...place.env },
    ...(resume === null ? {} : { resume }),
    ...(begin === null ? {} : { begin }),
    ...(systemPrompt === '' ? {} : { systemPrompt }),
    ...pick(definition, [
      'model',
      'effort',
      'permissionMode',
      'allowedTools',
      'disallowedTools',
      'maxTurns',
      'maxBudgetUsd',
      'mcpConfig',
      'addDirs',
      'settings',
      'noSessionPersistence',
      'dangerouslySkipPermissions',
      'backendConfig',
    ]),
  }
}

/** Facts that cannot be had are missing from the prompt, and the transcript says so. */
async function gitContextOf(
  environment: HostEnvironment,
  dir: string,
  record: TurnRecord,
): Promise<string | undefined> {
  try {
    return await environment.gitContext(dir)
  } catch (error) {
    record.note('warn', `The git context could not be read: ${messageOf(error)}`)
    return undefined
  }
}

function pick<T extends object, K extends keyof T>(
  from: T,
  keys: readonly K[],
): { [Key in K]?: Exclude<T[Key], undefined> } {
  const picked: { [Key in K]?: Exclude<T[Key], undefined> } = {}
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key] as Exclude<T[K], undefined>
  return picked
}

/** The outcome under the name of what ended it: a cancelled backend does not know why. */
function named(outcome: TurnOutcome, reason: CancelReason | undefined): TurnOutcome {
  if (reason === undefined || outcome.status === 'completed') return outcome
  const { text, usage, costUsd, costSource, session, modelTurns } = outcome
  const facts = {
    text,
    usage,
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(costSource === undefined ? {} : { costSource }),
    ...(session === undefined ? {} : { session }),
    ...(modelTurns === undefined ? {} : { modelTurns }),
  }
  if (reason.kind === 'cancelled') return { ...facts, status: 'cancelled' }
  return { ...facts, status: 'failed', failure: { kind: reason.kind, message: reason.message } }
}

function failed(kind: 'unknown' | 'protocol', message: string): TurnOutcome {
  return { text: '', usage: NO_USAGE, status: 'failed', failure: { kind, message } }
}

interface Flusher {
  soon(): void
  /** Undefined while there is room for more rows; else resolves when there is. */
  room(): Promise<void> | undefined
  stop(): Promise<void>
}

function transcriptFlusher(team: TeamContext, record: TurnRecord): Flusher {
  let cancel: CancelTimer | undefined
  let writing: Promise<void> = Promise.resolve()
  const flush = (): void => {
    cancel?.()
    cancel = undefined
    const { rows, blobs } = record.take()
    if (rows.length === 0) return
    // A transcript may be lost without losing a decision, so a full disk does not end the turn.
    writing = writing.then(() => team.store.write(rows, blobs)).catch(() => {})
  }
  return {
    soon() {
      if (record.pending > 0) cancel ??= team.clock.after(TRANSCRIPT_DELAY_MS, flush)
    },
    room() {
      if (record.pending < MAX_PENDING_ROWS) return undefined
      flush()
      return writing
    },
    stop() {
      cancel?.()
      cancel = undefined
      return writing
    },
  }
}

/** Settles the turn, again and again while the disk is full or the store is busy: its answer is not thrown away. */
async function settleWhenPossible(
  team: TeamContext,
  hostId: string,
  started: StartedTurn,
  record: TurnRecord,
  outcome: TurnOutcome,
  abandoned: AbortSignal,
): Promise<boolean> {
  const transcript = record.finish(outcome.text)
  for (;;) {
    try {
      return await settleTurn(team, hostId, started, outcome, outcome.session ?? record.session, transcript)
    } catch (error) {
      if (!isAtelierError(error, 'disk_full') && !isAtelierError(error, 'store_busy')) throw error
      if (!(await sleep(team.clock, SETTLE_RETRY_MS, abandoned))) {
        throw new AtelierError(
          'host_failed',
          'The host ended before the turn could be stored; its message will be run again.',
          {
            cause: error,
          },
        )
      }
    }
  }
}
