/**
 * The same actions as `row-team.ts` through the commands of `src/team` on a real store. Ids of turns
 * are random there, so they are named by the order in which the turns started.
 */
import type { AgentBackend, TurnOutcome } from '../../src/agent-backend.ts'
import { scriptedBackend } from '../../src/agent-backends/scripted.ts'
import type { AgentDefinition } from '../../src/agents/definition.ts'
import { decideTick } from '../../src/agents/schedule.ts'
import { isAtelierError } from '../../src/errors.ts'
import type { AtelierEvent, EventBodies, Identity } from '../../src/events.ts'
import type { Store } from '../../src/store.ts'
import type { HostRow } from '../../src/tables.ts'
import { DefinitionCache, type HostEnvironment, type TeamContext } from '../../src/team/context.ts'
import {
  cancelSchedule,
  createAgent,
  createSchedule,
  defineProfile,
  dismissAgent,
  putContext,
  removeContext,
  resetAgent,
  resetBudget,
  setBudget,
} from '../../src/team/defining.ts'
import { EventFeed } from '../../src/team/feed.ts'
import { loseTurns } from '../../src/team/liveness.ts'
import { cancelMessages, postMessage } from '../../src/team/posting.ts'
import { settleTurn } from '../../src/team/turn-settle.ts'
import { startTurn, type StartedTurn } from '../../src/team/turn-start.ts'
import { attemptsHeld } from '../../src/workers/holding.ts'
import { projectedRows, type ProjectedRows } from '../../src/testing/replay.ts'
import type { ManualClock } from '../../src/time/manual-clock.ts'
import { usdOf } from '../../src/money/usd.ts'
import { visibleVersion } from '../../src/knowledge/context.ts'
import { DEFINITIONS, type Action } from './actions.ts'
import { BEGUN, evidenceOf, sessionOf, USAGE } from './example-rows.ts'
import { LONG_PROMPT } from './long-prompt.ts'
import { attemptName } from './row-team.ts'
import { performOnBoard } from './store-board.ts'

const BY: Identity = { actor: 'kim', via: 'library' }

/** Names sessions and looks into them, and is never run: turns end as the actions say. */
const BACKEND: AgentBackend = {
  ...scriptedBackend(),
  newSession: () => BEGUN,
  inspect: (session) => Promise.resolve(evidenceOf(session)),
}

const ENVIRONMENT: HostEnvironment = {
  identity: { machine: 'here', pid: 1, pidStart: '1', isAlive: () => true },
  dir: '/project',
  backends: [BACKEND.id],
  backend: () => BACKEND,
  sweepHost: () => Promise.resolve(),
  releaseHost: () => Promise.resolve(),
  attempts: new Map(),
  holdings: [attemptsHeld],
  gitContext: () => Promise.resolve(''),
  environment: {},
}

/** A host that has just given a sign of life. */
const HOST: Omit<HostRow, 'id'> = {
  kind: 'library',
  state: 'running',
  machine: 'here',
  pid: 1,
  pidStart: '1',
  backends: [BACKEND.id],
  startedAt: 0,
  expiresAt: Number.MAX_SAFE_INTEGER,
  idleExitMs: null,
}

export class StoreTeam {
  readonly #team: TeamContext
  readonly #clock: ManualClock
  readonly #definitions = new DefinitionCache()
  readonly #started: StartedTurn[] = []
  readonly #messages: { readonly id: string; readonly agent: string }[] = []
  readonly #hosts = new Map<string, string>()

  constructor(store: Store, clock: ManualClock) {
    this.#clock = clock
    this.#team = { store, clock, loops: clock, feed: new EventFeed(store), by: BY }
  }

  /** Does one action; a refusal is an outcome like any other. */
  async perform(action: Action): Promise<void> {
    try {
      await this.#perform(action)
    } catch (error) {
      if (!isAtelierError(error)) throw error
    }
  }

  /** The projected rows, with turns named by their order. */
  async rows(): Promise<ProjectedRows> {
    const claims = await this.#team.store.events({ types: ['item.claimed'] })
    const attempts = claims.map(({ data }) => (data as EventBodies['item.claimed']).attempt)
    return sorted(this.#named(await projectedRows(this.#team.store), attempts))
  }

  /** The log as it is stored. */
  async log(): Promise<readonly AtelierEvent[]> {
    return this.#team.store.events({})
  }

  async #perform(action: Action): Promise<void> {
    const team = this.#team
    switch (action.do) {
      case 'create':
        return createAgent(
          team,
          action.agent,
          action.profile,
          DEFINITIONS[action.definition] as AgentDefinition,
          (DEFINITIONS[action.definition] as AgentDefinition).backend,
        )
      case 'reset':
        return resetAgent(team, action.agent)
      case 'dismiss':
        return dismissAgent(team, action.agent)
      case 'post':
        return this.#post(action)
      case 'cancelAgent':
        return void (await cancelMessages(team, { agent: action.agent }, 'Cancelled.'))
      case 'cancelMessage':
        return this.#cancelMessage(action)
      case 'start':
        return this.#start(action)
      case 'finish':
        return this.#finish(action)
      case 'lose':
        return loseTurns(team, [attemptsHeld], { host: action.host, reason: action.reason, by: 'host_3' })
      case 'setBudget':
        return setBudget(
          team,
          action.limitMicros === null ? null : usdOf(action.limitMicros),
          action.agent ?? undefined,
        )
      case 'resetBudget':
        return resetBudget(team, action.agent ?? undefined)
      case 'every':
        return createSchedule(team, action.agent, 'Look.', action.intervalMs)
      case 'cancelSchedule':
        return void (await cancelSchedule(team, action.agent))
      case 'pass':
        return this.#pass(action)
      case 'put':
        return void (await putContext(
          team,
          action.key,
          1,
          await this.#versionFor(action.key, action.condition),
        ))
      case 'remove':
        return void (await removeContext(
          team,
          action.key,
          await this.#versionFor(action.key, action.condition),
        ))
      case 'profile':
        return defineProfile(team, action.name, { role: action.role, fields: {} })
      default:
        return performOnBoard(team, action)
    }
  }

  async #post({ agent, kind, isLong }: Extract<Action, { do: 'post' }>): Promise<void> {
    const id = `msg_${this.#messages.length}`
    await postMessage(this.#team, { agent, kind, prompt: isLong ? LONG_PROMPT : 'Fix it.' }, id)
    this.#messages.push({ id, agent })
  }

  async #cancelMessage({ message: index }: Extract<Action, { do: 'cancelMessage' }>): Promise<void> {
    const message = this.#messages[index % Math.max(1, this.#messages.length)]
    if (message !== undefined)
      await cancelMessages(this.#team, { agent: message.agent, message: message.id }, 'Cancelled.')
  }

  async #start({ agent, host }: Extract<Action, { do: 'start' }>): Promise<void> {
    await this.#team.store.write([{ table: 'host', put: { ...HOST, id: host } }])
    const started = await startTurn({
      team: this.#team,
      definitions: this.#definitions,
      environment: ENVIRONMENT,
      host,
      agent,
      isLimited: () => false,
    })
    // Hosts come and go without events here.
    await this.#team.store.write([{ table: 'host', remove: host }])
    if (started === undefined) return
    this.#started.push(started)
    this.#hosts.set(started.turn, host)
  }

  async #finish({
    turn: index,
    isAny,
    outcome,
    costMicros,
    namesSession,
  }: Extract<Action, { do: 'finish' }>): Promise<void> {
    const running = new Set(
      (await this.#team.store.read((reader) => reader.list('turn', { where: { state: 'running' } }))).map(
        ({ id }) => id,
      ),
    )
    const candidates = isAny ? this.#started : this.#started.filter(({ turn }) => running.has(turn))
    const started = candidates[index % Math.max(1, candidates.length)]
    if (started === undefined) return
    const session = namesSession ? sessionOf(await this.#team.store.lastSeq()) : null
    const facts = {
      text: 'Done.',
      usage: USAGE,
      ...(costMicros === null ? {} : { costUsd: usdOf(costMicros) }),
    }
    const ended: TurnOutcome =
      outcome === 'completed' || outcome === 'cancelled'
        ? { ...facts, status: outcome }
        : { ...facts, status: 'failed', failure: { kind: outcome, message: 'The turn was cancelled.' } }
    const host = this.#hosts.get(started.turn) as string
    await settleTurn(this.#team, host, started, ended, session, { rows: [], blobs: [] })
  }

  async #pass({ ms }: Extract<Action, { do: 'pass' }>): Promise<void> {
    await this.#clock.advance(ms)
    for (const { agent } of await this.#team.store.read((reader) => reader.list('schedule'))) {
      const id = `msg_${this.#messages.length}`
      const result = await this.#team.store.transact({
        name: 'schedule.tick',
        keys: [`agent:${agent}`],
        by: BY,
        load: async (reader) => ({
          row: await reader.get('schedule', agent),
          target: await reader.get('agent', agent),
        }),
        decide: ({ row, target }, now) => decideTick(row, target, id, now),
      })
      if (result.ok && result.events.some(({ type }) => type === 'message.posted'))
        this.#messages.push({ id, agent })
    }
  }

  async #versionFor(key: string, condition: 'none' | 'current' | 'stale'): Promise<number | undefined> {
    const current = visibleVersion(await this.#team.store.read((reader) => reader.get('context', key)))
    return condition === 'none' ? undefined : condition === 'current' ? current : current + 1
  }

  #named(rows: ProjectedRows, attempts: readonly string[]): ProjectedRows {
    let text = JSON.stringify(rows)
    for (const [index, { turn }] of this.#started.entries()) text = text.replaceAll(turn, `turn_${index}`)
    for (const [index, attempt] of attempts.entries()) text = text.replaceAll(attempt, attemptName(index))
    return JSON.parse(text) as ProjectedRows
  }
}

/** Turns and attempts in order of their names, where their random ids were. */
function sorted(rows: ProjectedRows): ProjectedRows {
  const byName = (table: readonly object[]): readonly object[] =>
    (table as readonly { readonly id: string }[]).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return {
    ...rows,
    ...(rows.turn === undefined ? {} : { turn: byName(rows.turn) }),
    ...(rows.attempt === undefined ? {} : { attempt: byName(rows.attempt) }),
  }
}
