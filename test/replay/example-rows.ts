/** Rows and events with plausible values, of which a test names only what it is about. */
import type { SessionEvidence } from '../../src/agents/recovery.ts'
import type { AttemptRow, ItemRow } from '../../src/board/item.ts'
import {
  EVENT_VERSIONS,
  type AtelierEvent,
  type EventBodies,
  type EventOf,
  type EventType,
} from '../../src/events.ts'
import { emptyLedger } from '../../src/money/ledger.ts'
import type {
  AgentRow,
  ContextRow,
  LedgerRow,
  MessageRow,
  RowChange,
  RowLookup,
  ScheduleRow,
  SessionRef,
  TableName,
  Tables,
  TurnRow,
  Usage,
} from '../../src/tables.ts'

export const SESSION: SessionRef = sessionOf(1)

export const USAGE: Usage = { input: 100, output: 20, cacheRead: 3, cacheWrite: 7, reasoning: 5 }

/** The session that a turn without one begins. */
export const BEGUN: SessionRef = sessionOf(0)

/** What sessions are found to show after a turn was lost: each the same whenever it is looked at. */
export function evidenceOf(session: SessionRef | null): SessionEvidence {
  if (session === null) return { shows: 'unknown' }
  const kinds: readonly SessionEvidence[] = [
    { shows: 'prompt' },
    { shows: 'answer', text: 'Done.' },
    { shows: 'nothing' },
    { shows: 'unknown' },
  ]
  return kinds[Number(session.id.slice(1)) % kinds.length] as SessionEvidence
}

export function sessionOf(number: number): SessionRef {
  return { backend: 'scripted', id: `s${number}`, cwd: '/project' }
}

/** An active agent that has nothing to do. */
export function agentRow(changes: Partial<AgentRow> = {}): AgentRow {
  return {
    name: 'impl',
    state: 'active',
    generation: 1,
    profile: null,
    backend: 'scripted',
    model: null,
    account: 'scripted',
    definition: 'd'.repeat(64),
    capabilities: [],
    session: null,
    queued: 0,
    turn: null,
    ready: 0,
    cursor: 0,
    turns: 0,
    last: null,
    createdAt: 1000,
    ...changes,
  }
}

/** A message that waits. */
export function messageRow(changes: Partial<MessageRow> = {}): MessageRow {
  return {
    id: 'msg_1',
    agent: 'impl',
    generation: 1,
    kind: 'cast',
    state: 'queued',
    position: 10,
    from: 'kim',
    prompt: 'Implement caching',
    group: null,
    timeoutMs: null,
    itemAttempt: null,
    attempts: 0,
    turn: null,
    costMicros: 0,
    answer: null,
    error: null,
    postedAt: 2000,
    settledAt: null,
    ...changes,
  }
}

/** The message while its turn runs. */
export function deliveredRow(changes: Partial<MessageRow> = {}): MessageRow {
  return messageRow({ state: 'delivered', attempts: 1, turn: 'turn_1', ...changes })
}

/** The running turn of {@link deliveredRow}. */
export function turnRow(changes: Partial<TurnRow> = {}): TurnRow {
  return {
    id: 'turn_1',
    message: 'msg_1',
    agent: 'impl',
    profile: null,
    generation: 1,
    attempt: 1,
    host: 'host_1',
    state: 'running',
    session: null,
    begins: null,
    promptHash: 'p'.repeat(64),
    startedAt: 3000,
    endedAt: null,
    usage: null,
    reservedMicros: 500_000,
    costMicros: null,
    costSource: null,
    modelTurns: null,
    failure: null,
    ...changes,
  }
}

export function ledgerRow(changes: Partial<LedgerRow> = {}): LedgerRow {
  return { ...emptyLedger('global'), ...changes }
}

export function scheduleRow(changes: Partial<ScheduleRow> = {}): ScheduleRow {
  return {
    agent: 'impl',
    prompt: 'Check the build',
    intervalMs: 1000,
    nextAt: 5000,
    ticks: 0,
    skipped: 0,
    createdAt: 4000,
    ...changes,
  }
}

export function contextRow(changes: Partial<ContextRow> = {}): ContextRow {
  return { key: 'plan', value: '"draft"', version: 3, by: 'kim', updatedAt: 1000, ...changes }
}

/** A ready item of type code. */
export function itemRow(changes: Partial<ItemRow> = {}): ItemRow {
  return {
    id: 'auth',
    title: 'Implement auth',
    type: 'code',
    state: 'ready',
    phase: null,
    waiting: null,
    priority: 3,
    value: 1,
    deadline: null,
    capability: null,
    minExpertise: 1,
    definition: '{}',
    dependsOn: [],
    unmet: 0,
    estimateMs: 1000,
    path: 1000,
    rank: 0,
    readyAt: 1000,
    touches: [],
    change: 'auth',
    run: null,
    stage: null,
    round: null,
    index: null,
    attempt: null,
    attempts: 0,
    ownTries: null,
    losses: 0,
    mergeRounds: 0,
    retryCount: 0,
    owner: null,
    progress: null,
    result: null,
    error: null,
    verified: 0,
    flags: [],
    commit: null,
    revision: 1,
    postedBy: 'kim',
    postedAt: 500,
    claimedAt: null,
    startedAt: null,
    settledAt: null,
    ...changes,
  }
}

/** The item while an attempt at it runs. */
export function runningItem(changes: Partial<ItemRow> = {}): ItemRow {
  return itemRow({
    state: 'running',
    phase: 'executing',
    attempt: 'att_1',
    attempts: 1,
    owner: 'dev_1',
    claimedAt: 2000,
    startedAt: 2000,
    ...changes,
  })
}

/** The running attempt of {@link runningItem}. */
export function attemptRow(changes: Partial<AttemptRow> = {}): AttemptRow {
  return {
    id: 'att_1',
    item: 'auth',
    number: 1,
    owner: 'dev_1',
    host: 'host_1',
    slot: 0,
    tree: null,
    position: 1,
    state: 'running',
    startedAt: 2000,
    endedAt: null,
    error: null,
    submission: null,
    verifier: null,
    ...changes,
  }
}

export const FINISHED: EventBodies['turn.finished'] = {
  turn: 'turn_1',
  message: 'msg_1',
  agent: 'impl',
  profile: null,
  outcome: 'completed',
  accepted: true,
  answer: 'Done.',
  failure: null,
  session: SESSION,
  usage: USAGE,
  costMicros: 30_000,
  costSource: 'reported',
  modelTurns: 2,
  durationMs: 1500,
}

export const LOST: EventBodies['turn.lost'] = {
  turn: 'turn_1',
  message: 'msg_1',
  agent: 'impl',
  profile: null,
  host: 'host_1',
  reason: 'host_died',
  chargedMicros: 500_000,
}

/** A stored event. */
export function eventOf<T extends EventType>(
  type: T,
  data: EventBodies[T],
  { seq = 20, at = 9000 }: { readonly seq?: number; readonly at?: number } = {},
): EventOf<T> {
  const event = { type, data, seq, at, actor: 'kim', via: 'library', version: EVENT_VERSIONS[type] }
  return event as AtelierEvent as EventOf<T>
}

/** Looks up the given rows; every other one is not there. */
export function lookup(rows: { readonly [T in TableName]?: readonly Tables[T][] }): RowLookup {
  return (table, key) => {
    // The key is the first column of every projected table.
    return rows[table]?.find((row) => Object.values(row)[0] === key)
  }
}

/** The rows of a change by table. */
export function changed(changes: readonly RowChange[]): {
  agent: AgentRow | undefined
  message: MessageRow | undefined
  turn: TurnRow | undefined
  schedule: ScheduleRow | undefined
} {
  const row = (table: RowChange['table']): unknown => changes.find((change) => change.table === table)?.row
  return {
    agent: row('agent') as AgentRow | undefined,
    message: row('message') as MessageRow | undefined,
    turn: row('turn') as TurnRow | undefined,
    schedule: row('schedule') as ScheduleRow | undefined,
  }
}
