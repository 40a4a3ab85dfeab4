/**
 * A team of nothing but pure decisions and a map of rows: the commands of `src/team` without a store,
 * a host or a promise, so that thousands of them run in a second. `store-team.ts` does the same on a
 * real store, and a test holds the two together.
 */
import { skillsOf } from '../../src/agents/capability.ts'
import type { AgentDefinition } from '../../src/agents/definition.ts'
import {
  decideCancel,
  decideFinish,
  decideLoss,
  decidePost,
  decideStart,
  unknownAgent,
  type Decided,
} from '../../src/agents/mailbox.ts'
import { closedCircuit } from '../../src/board/circuit.ts'
import type { ItemRow } from '../../src/board/item.ts'
import { decideReturn } from '../../src/board/settling.ts'
import { NEVER } from '../../src/agents/projection.ts'
import { limitedUntil } from '../../src/agents/quota.ts'
import { planTurn, sessionOfTurn } from '../../src/agents/recovery.ts'
import { decideTick } from '../../src/agents/schedule.ts'
import { decideCreate, decideDismiss, decideReset } from '../../src/agents/team.ts'
import type { ErrorCode, ErrorData } from '../../src/errors.ts'
import { EVENT_VERSIONS, type AtelierEvent, type NewEvent } from '../../src/events.ts'
import { hashText, packText } from '../../src/ids.ts'
import { canonicalJson } from '../../src/json.ts'
import { decidePut, decideRemove, visibleVersion } from '../../src/knowledge/context.ts'
import { agentScope, estimateScope, GLOBAL_SCOPE, refusalFor } from '../../src/money/ledger.ts'
import { DEFAULT_ASSUME_USD, reservationFor } from '../../src/money/reservation.ts'
import { microsOf } from '../../src/money/usd.ts'
import { projection } from '../../src/projection.ts'
import { admitTurn, circuitsAfter, type Circuits } from '../../src/team/circuits.ts'
import type { AgentRow, MessageRow, RowLookup, ScheduleRow, TableName, Tables } from '../../src/tables.ts'
import type { ProjectedRows } from '../../src/testing/replay.ts'
import { DEFINITIONS, type Action } from './actions.ts'
import type { BoardAction } from './board-actions.ts'
import { decideBoard } from './board-rows.ts'
import { BEGUN, evidenceOf, sessionOf, USAGE } from './example-rows.ts'
import { LONG_PROMPT } from './long-prompt.ts'

/** What a command has done. */
export type Result = { readonly events: readonly AtelierEvent[] } | { readonly refused: ErrorCode }

export const START_MS: number = 1_800_000_000_000

export class RowTeam {
  readonly log: AtelierEvent[] = []
  readonly #tables = new Map<TableName, Map<string, object>>()
  readonly #definitions = new Map<string, AgentDefinition>()
  readonly #turns: string[] = []
  readonly #messages: string[] = []
  #attempts = 0
  readonly #onEvent: () => void
  now: number = START_MS

  /** @param onEvent called after each event, when its rows are there */
  constructor(onEvent: () => void = () => {}) {
    this.#onEvent = onEvent
  }

  get<T extends TableName>(table: T, key: string): Tables[T] | undefined {
    return this.#tables.get(table)?.get(key) as Tables[T] | undefined
  }

  /** Every row of a table in order of its key. */
  list<T extends TableName>(table: T): Tables[T][] {
    const rows = [...(this.#tables.get(table) ?? [])].toSorted(([a], [b]) => (a < b ? -1 : 1))
    return rows.map(([, row]) => row as Tables[T])
  }

  /** Every row of every table, in the form of `replay`. */
  rows(): ProjectedRows {
    const tables = [...this.#tables].filter(([, rows]) => rows.size > 0)
    return Object.fromEntries(tables.map(([table]) => [table, this.list(table)]))
  }

  /** Does one action, and says what came of it. */
  perform(action: Action): Result {
    switch (action.do) {
      case 'create':
        return this.#create(action)
      case 'reset':
        return this.#commit(
          decideReset(action.agent, this.get('agent', action.agent), this.#open(action.agent), []),
        )
      case 'dismiss': {
        const { agent } = action
        return this.#commit(
          decideDismiss(agent, this.get('agent', agent), this.#open(agent), this.get('schedule', agent)),
        )
      }
      case 'post':
        return this.#post(action)
      case 'cancelAgent':
        return this.#commit({ events: decideCancel(this.#open(action.agent), 'Cancelled.') })
      case 'cancelMessage': {
        const message = this.get('message', picked(this.#messages, action.message) ?? '')
        return this.#commit({ events: message === undefined ? [] : decideCancel([message], 'Cancelled.') })
      }
      case 'start':
        return this.#start(action)
      case 'finish':
        return this.#finish(action)
      case 'lose':
        return this.#lose(action)
      case 'setBudget':
      case 'resetBudget':
        return this.#changeBudget(action)
      case 'every':
        return this.#schedule(action)
      case 'cancelSchedule': {
        const row = this.get('schedule', action.agent)
        const isSet = row !== undefined && row.nextAt !== NEVER
        return this.#commit({
          events: isSet ? [{ type: 'schedule.cancelled', data: { agent: action.agent } }] : [],
        })
      }
      case 'pass':
        return this.#pass(action)
      case 'put':
        return this.#put(action)
      case 'remove': {
        const row = this.get('context', action.key)
        return this.#commit(decideRemove(row, action.key, this.#versionFor(action.key, action.condition)))
      }
      case 'profile':
        return this.#defineProfile(action)
      default:
        return this.#changeBoard(action)
    }
  }

  /** The turn that an action of this number is about. */
  pickTurn(index: number, isAny: boolean): string | undefined {
    return picked(
      isAny ? this.#turns : this.#turns.filter((id) => this.get('turn', id)?.state === 'running'),
      index,
    )
  }

  #create({ agent, profile, definition: index }: Extract<Action, { do: 'create' }>): Result {
    const definition = DEFINITIONS[index] as AgentDefinition
    const hash = hashText(canonicalJson(definition))
    this.#definitions.set(hash, definition)
    const { backend, model = null, maxCostUsd } = definition
    const create = {
      agent,
      profile,
      backend,
      model,
      account: backend,
      definition: hash,
      capabilities: skillsOf(definition.capabilities),
    }
    const decided = decideCreate(create, this.get('agent', agent), this.#open(agent))
    if ('refused' in decided || maxCostUsd === undefined || decided.events.length === 0)
      return this.#commit(decided)
    const limitMicros = microsOf(maxCostUsd)
    const scope = agentScope(agent)
    const limit: NewEvent = { type: 'budget.set', data: { scope, limitMicros } }
    const isSet = this.get('ledger', scope)?.limitMicros === limitMicros
    return this.#commit({ events: isSet ? decided.events : [...decided.events, limit] })
  }

  #post({ agent, kind, isLong }: Extract<Action, { do: 'post' }>): Result {
    const id = `msg_${this.#messages.length}`
    const { stored } = packText(isLong ? LONG_PROMPT : 'Fix it.')
    const post = { message: id, agent, kind, prompt: stored, group: null, timeoutMs: null, itemAttempt: null }
    return this.#commit(
      decidePost(post, { agent: this.get('agent', agent), refused: this.#refusal(agent, 0), known: [] }),
    )
  }

  #start({ agent, host }: Extract<Action, { do: 'start' }>): Result {
    const row = this.get('agent', agent)
    const next = row === undefined ? undefined : this.#waiting(row)[0]
    const definition = this.#definitions.get(row?.definition ?? '')
    if (row === undefined || row.ready === 0 || next === undefined || definition === undefined)
      return { events: [] }
    const reservedMicros = reservationFor({
      capMicros: definition.maxBudgetUsd === undefined ? null : microsOf(definition.maxBudgetUsd),
      recentMicros: this.get('ledger', estimateScope({ agent, profile: row.profile }))?.recentMicros ?? [],
      assumeMicros: microsOf(definition.assumeUsd ?? DEFAULT_ASSUME_USD),
    })
    const previous = next.turn === null ? undefined : this.get('turn', next.turn)
    const plan = planTurn({
      prompt: 'Fix it.',
      previous,
      evidence: evidenceOf(previous === undefined ? null : sessionOfTurn(previous)),
      session: definition.session === 'fresh' ? null : row.session,
      begin: BEGUN,
    })
    const start = {
      turn: `turn_${this.#turns.length}`,
      agent,
      host,
      promptHash: typeof next.prompt === 'string' ? hashText(next.prompt) : next.prompt.blob,
      reservedMicros,
      session: plan.do === 'take' ? plan.session : plan.resume,
      begins: plan.do === 'take' ? null : plan.begin,
    }
    const admitted = admitTurn(this.#circuits(row), start.turn, this.now)
    const decided = decideStart(start, {
      agent: row,
      next,
      refused: 'refused' in admitted ? admitted.refused : this.#refusal(agent, reservedMicros),
      limitedUntil: limitedUntil(this.get('account', row.account), this.now),
    })
    const isStarted = 'events' in decided && decided.events[0]?.type === 'turn.started'
    return this.#commit(
      isStarted && 'events' in admitted ? { events: [...decided.events, ...admitted.events] } : decided,
    )
  }

  #finish({
    turn: index,
    isAny,
    outcome,
    costMicros,
    namesSession,
  }: Extract<Action, { do: 'finish' }>): Result {
    const id = this.pickTurn(index, isAny)
    if (id === undefined) return { events: [] }
    const turn = this.get('turn', id)
    const isFailed = outcome !== 'completed' && outcome !== 'cancelled'
    const failed = { kind: isFailed ? outcome : 'cancelled', message: 'The turn was cancelled.' } as const
    const finish = {
      turn: id,
      outcome: isFailed ? ('failed' as const) : outcome,
      answer: outcome === 'completed' ? 'Done.' : null,
      failure: outcome === 'completed' ? null : failed,
      session: namesSession ? sessionOf(this.log.length) : null,
      usage: USAGE,
      costMicros,
      costSource: null,
      modelTurns: 1,
    }
    const agent = this.get('agent', turn?.agent ?? '')
    const decided = decideFinish(
      finish,
      {
        turn,
        message: this.get('message', turn?.message ?? ''),
        account: agent?.account ?? 'scripted',
      },
      this.now,
    )
    if ('refused' in decided || agent === undefined) return this.#commit(decided)
    const circuits = circuitsAfter(this.#circuits(agent), id, finish.failure, this.now)
    return this.#commit({ events: [...decided.events, ...circuits] })
  }

  #circuits({ name, account }: AgentRow): Circuits {
    const [own, shared] = [`agent:${name}`, `account:${account}`]
    return {
      agent: this.get('circuit', own) ?? closedCircuit(own),
      account: this.get('circuit', shared) ?? closedCircuit(shared),
    }
  }

  #lose({ host, reason }: Extract<Action, { do: 'lose' }>): Result {
    const turns = this.list('turn').filter((turn) => turn.state === 'running' && turn.host === host)
    const attempts = this.list('attempt').filter((each) => each.state === 'running' && each.host === host)
    const outcome = reason === 'host_stopped' ? 'released' : 'lost'
    return this.#commit({
      events: [
        ...turns.flatMap((turn) => decideLoss(turn, this.get('message', turn.message), reason).events),
        ...attempts.flatMap(({ id, item }) => {
          const decided = decideReturn(this.get('item', item) as ItemRow, id, { outcome })
          return 'events' in decided ? decided.events : []
        }),
      ],
    })
  }

  #changeBudget(action: Extract<Action, { do: 'setBudget' | 'resetBudget' }>): Result {
    const scope = action.agent === null ? GLOBAL_SCOPE : agentScope(action.agent)
    if (action.do === 'resetBudget')
      return this.#commit({ events: [{ type: 'budget.reset', data: { scope } }] })
    const { limitMicros } = action
    const isSet = (this.get('ledger', scope)?.limitMicros ?? null) === limitMicros
    return this.#commit({ events: isSet ? [] : [{ type: 'budget.set', data: { scope, limitMicros } }] })
  }

  #schedule({ agent, intervalMs }: Extract<Action, { do: 'every' }>): Result {
    const row = this.get('agent', agent)
    if (row === undefined || row.state === 'dismissed')
      return this.#commit({ refused: unknownAgent(agent, []) })
    return this.#commit({
      events: [{ type: 'schedule.created', data: { agent, prompt: 'Look.', intervalMs } }],
    })
  }

  #pass({ ms }: Extract<Action, { do: 'pass' }>): Result {
    this.now += ms
    const events: AtelierEvent[] = []
    for (const row of this.list('schedule')) {
      const result = this.#tick(row)
      if ('events' in result) events.push(...result.events)
    }
    return { events }
  }

  #tick(row: ScheduleRow): Result {
    return this.#commit(
      decideTick(row, this.get('agent', row.agent), `msg_${this.#messages.length}`, this.now),
    )
  }

  #put({ key, condition }: Extract<Action, { do: 'put' }>): Result {
    const ifVersion = this.#versionFor(key, condition)
    const put = { key, value: '1', ...(ifVersion === undefined ? {} : { ifVersion }) }
    return this.#commit(decidePut(this.get('context', key), put))
  }

  #changeBoard(action: BoardAction): Result {
    const attempts = this.list('attempt')
    const attempt = attemptName(this.#attempts)
    return this.#commit(decideBoard(action, { items: this.list('item'), attempts, attempt, now: this.now }))
  }

  #defineProfile({ name, role }: Extract<Action, { do: 'profile' }>): Result {
    const definition = hashText(canonicalJson({ role, fields: {} }))
    const isSame = this.get('profile', name)?.definition === definition
    return this.#commit({
      events: isSame ? [] : [{ type: 'profile.defined', data: { profile: name, definition } }],
    })
  }

  #versionFor(key: string, condition: 'none' | 'current' | 'stale'): number | undefined {
    const current = visibleVersion(this.get('context', key))
    return condition === 'none' ? undefined : condition === 'current' ? current : current + 1
  }

  /** Messages behind the cursor that wait, in order: what a store finds by its index. */
  #waiting(agent: AgentRow): MessageRow[] {
    return this.list('message')
      .filter(
        ({ agent: name, state, position }) =>
          name === agent.name && state === 'queued' && position > agent.cursor,
      )
      .toSorted((a, b) => a.position - b.position)
  }

  #open(name: string): MessageRow[] {
    const agent = this.get('agent', name)
    if (agent === undefined) return []
    const turn = agent.turn === null ? undefined : this.get('turn', agent.turn)
    const running = turn === undefined ? undefined : this.get('message', turn.message)
    return running === undefined ? this.#waiting(agent) : [running, ...this.#waiting(agent)]
  }

  #refusal(agent: string, wantedMicros: number): ErrorData | undefined {
    const limited = [GLOBAL_SCOPE, agentScope(agent)].flatMap((scope) => this.get('ledger', scope) ?? [])
    const running = this.list('turn').filter(({ state }) => state === 'running')
    return refusalFor(limited, running, wantedMicros)
  }

  #commit(decided: Decided): Result {
    if ('refused' in decided) return { refused: decided.refused.code }
    return { events: decided.events.map((event) => this.append(event)) }
  }

  /** Appends one event and applies it, to rows that nothing else can change. */
  append(event: NewEvent): AtelierEvent {
    const envelope = {
      seq: this.log.length + 1,
      at: this.now,
      actor: 'kim',
      via: 'library',
      version: EVENT_VERSIONS[event.type],
    }
    const stored = deepFrozen(JSON.parse(JSON.stringify({ ...event, ...envelope }))) as AtelierEvent
    const named = new Set(projection.reads(event).map(({ table, key }) => `${table} ${key}`))
    const lookup: RowLookup = (table, key) => {
      if (!named.has(`${table} ${key}`))
        throw new Error(`${event.type} looks up ${table} "${key}", which reads() does not name.`)
      return this.get(table, key)
    }
    for (const { table, key, row } of projection.apply(stored, lookup)) {
      const rows = this.#tables.get(table) ?? new Map<string, object>()
      const name = typeof key === 'string' ? key : key.join('\0')
      if (row === null) rows.delete(name)
      else rows.set(name, deepFrozen(row))
      this.#tables.set(table, rows)
    }
    this.log.push(stored)
    if (stored.type === 'turn.started') this.#turns.push(stored.data.turn)
    if (stored.type === 'item.claimed') this.#attempts++
    if (stored.type === 'message.posted') this.#messages.push(stored.data.message)
    this.#onEvent()
    return stored
  }
}

/** The name of the nth attempt, so that names sort as they were made. */
export function attemptName(number: number): string {
  return `att_${String(number).padStart(3, '0')}`
}

function picked<T>(from: readonly T[], index: number): T | undefined {
  return from.length === 0 ? undefined : from[index % from.length]
}

/** A decision or projection that changes what it was given throws. */
function deepFrozen<T>(value: T): T {
  if (value === null || typeof value !== 'object' || Object.isFrozen(value)) return value
  for (const member of Object.values(value)) deepFrozen(member)
  return Object.freeze(value)
}
