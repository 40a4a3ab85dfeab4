/**
 * The log's closed union: every decision that was ever taken is one of these, `noun.verb` in the
 * past tense. Rows of projected tables follow from them alone.
 */
import type { Skill } from './agents/capability.ts'
import type { TurnFailure } from './agents/failures.ts'
import type { CircuitRow } from './board/circuit.ts'
import type { BoardEvents } from './board/events.ts'
import type { MergeEvents } from './board/merge-events.ts'
import { AtelierError, type ErrorData } from './errors.ts'
import type { InboxEvents } from './inbox/events.ts'
import type { StoredText } from './json.ts'
import type { CostSource, MessageKind, SessionRef, Usage } from './tables.ts'
import type { WorkflowEvents } from './workflow/events.ts'

/** Through which surface somebody acts. */
export type Via = 'library' | 'cli' | 'mcp' | 'http' | 'host'

/** Who acts: a person, a program or an agent, and through which surface. */
export interface Identity {
  readonly actor: string
  readonly via: Via
}

/** The data of every event by its type. Money is in millionths of a US dollar, time in ms since the epoch. */
export interface EventBodies extends BoardEvents, InboxEvents, MergeEvents, WorkflowEvents {
  'profile.defined': { readonly profile: string; readonly definition: string }

  'agent.created': {
    readonly agent: string
    readonly generation: number
    readonly profile: string | null
    readonly backend: string
    readonly model: string | null
    readonly account: string
    readonly definition: string
    readonly capabilities: readonly Skill[]
    /** It took the place of an agent of the same name. */
    readonly replaced: boolean
  }
  'agent.reset': { readonly agent: string; readonly generation: number }
  'agent.dismissed': { readonly agent: string }

  'message.posted': {
    readonly message: string
    readonly agent: string
    readonly backend: string
    readonly generation: number
    readonly kind: MessageKind
    readonly prompt: StoredText
    readonly group: string | null
    readonly timeoutMs: number | null
    readonly itemAttempt: string | null
  }
  'message.cancelled': { readonly message: string; readonly agent: string; readonly reason: string }
  /** It failed without a turn that could say so: no budget, or hosts died on it too often. */
  'message.failed': { readonly message: string; readonly agent: string; readonly error: ErrorData }

  'turn.started': {
    readonly turn: string
    readonly message: string
    readonly agent: string
    readonly profile: string | null
    readonly host: string
    readonly attempt: number
    readonly session: SessionRef | null
    readonly begins: SessionRef | null
    readonly promptHash: string
    readonly reservedMicros: number
  }
  'turn.finished': {
    readonly turn: string
    readonly message: string
    readonly agent: string
    readonly profile: string | null
    /** `deferred`: the account's quota is used up, and the message waits for it in the same session. */
    readonly outcome: 'completed' | 'failed' | 'cancelled' | 'deferred'
    /** True if it settled its message. Else only cost and session count: it was cancelled meanwhile, or deferred. */
    readonly accepted: boolean
    readonly answer: StoredText | null
    readonly failure: TurnFailure | null
    readonly session: SessionRef | null
    readonly usage: Usage
    readonly costMicros: number
    readonly costSource: CostSource
    readonly modelTurns: number
    readonly durationMs: number
  }
  /** Its host died or went silent; the message waits again unless `message.failed` follows. */
  'turn.lost': {
    readonly turn: string
    readonly message: string
    readonly agent: string
    readonly profile: string | null
    readonly host: string
    readonly reason: 'host_died' | 'lease_expired' | 'host_stopped'
    /** Charged for work of unknown cost: the reservation. */
    readonly chargedMicros: number
  }

  /** A login's quota is used up: nothing is started on it before `until`. */
  'account.limited': {
    readonly account: string
    readonly until: number
    readonly reason: string
    readonly turn: string
  }

  /** A breaker counted a failure, opened, let a call through to see, or closed. */
  'circuit.changed': CircuitRow

  'schedule.created': { readonly agent: string; readonly prompt: StoredText; readonly intervalMs: number }
  'schedule.cancelled': { readonly agent: string }
  /** `message` is null if the agent was busy and the tick was skipped. */
  'schedule.ticked': { readonly agent: string; readonly message: string | null; readonly nextAt: number }

  'context.put': { readonly key: string; readonly value: StoredText; readonly version: number }
  'context.removed': { readonly key: string; readonly version: number }

  'budget.set': { readonly scope: string; readonly limitMicros: number | null }
  'budget.reset': { readonly scope: string }

  'host.started': { readonly host: string; readonly pid: number; readonly kind: string }
  /** Somebody asked it to end: after its running turns, or at once, which puts their messages back. */
  'host.stop_requested': { readonly host: string; readonly now: boolean }
  'host.stopped': { readonly host: string }
  'host.lost': { readonly host: string; readonly reason: 'host_died' | 'lease_expired' }
}

export type EventType = keyof EventBodies

/** The version that each type of event is written with. A reader brings older ones up first. */
export const EVENT_VERSIONS: { readonly [T in EventType]: number } = {
  'profile.defined': 1,
  'agent.created': 1,
  'agent.reset': 1,
  'agent.dismissed': 1,
  'message.posted': 1,
  'message.cancelled': 1,
  'message.failed': 1,
  'turn.started': 1,
  'turn.finished': 1,
  'turn.lost': 1,
  'account.limited': 1,
  'circuit.changed': 1,
  'schedule.created': 1,
  'schedule.cancelled': 1,
  'schedule.ticked': 1,
  'context.put': 1,
  'context.removed': 1,
  'budget.set': 1,
  'budget.reset': 1,
  'item.posted': 1,
  'item.removed': 1,
  'item.path_changed': 1,
  'item.readied': 1,
  'item.unblocked': 1,
  'item.blocked': 1,
  'item.deferred': 1,
  'item.fell_back': 1,
  'item.flagged': 1,
  'item.merge_returned': 1,
  'item.retried': 1,
  'item.claimed': 1,
  'item.started': 1,
  'item.phase_changed': 1,
  'item.progressed': 1,
  'item.done': 1,
  'item.failed': 1,
  'item.cancelled': 1,
  'item.skipped': 1,
  'attempt.submitted': 1,
  'attempt.verifying': 1,
  'attempt.refused': 1,
  'attempt.ended': 1,
  'change.advanced': 1,
  'change.closed': 1,
  'merge.requested': 1,
  'merge.taken': 1,
  'merge.adopted': 1,
  'merge.intended': 1,
  'merge.completed': 1,
  'merge.rejected': 1,
  'merge.held': 1,
  'merge.returned': 1,
  'inbox.asked': 1,
  'inbox.answered': 1,
  'inbox.expired': 1,
  'inbox.withdrawn': 1,
  'workflow.defined': 1,
  'run.started': 1,
  'run.paused': 1,
  'run.resumed': 1,
  'run.reopened': 1,
  'run.warned': 1,
  'run.checkpointed': 1,
  'run.ended': 1,
  'run.removed': 1,
  'stage.met': 1,
  'stage.queued': 1,
  'stage.opened': 1,
  'stage.posted': 1,
  'stage.counted': 1,
  'stage.scored': 1,
  'stage.escalated': 1,
  'stage.done': 1,
  'stage.failed': 1,
  'stage.skipped': 1,
  'stage.cancelled': 1,
  'stage.rewound': 1,
  'stage.signalled': 1,
  'host.started': 1,
  'host.stop_requested': 1,
  'host.stopped': 1,
  'host.lost': 1,
}

/** A decision before it is stored. */
export type NewEvent = {
  readonly [T in EventType]: { readonly type: T; readonly data: EventBodies[T] }
}[EventType]

/** What the log adds to an event. */
export interface EventEnvelope {
  /** Order of commit; rises, and may have gaps. */
  readonly seq: number
  /** Time of the store, ms since the epoch. */
  readonly at: number
  readonly actor: string
  readonly via: Via
  readonly version: number
}

/** An event as the log holds it. */
export type AtelierEvent = NewEvent & EventEnvelope

/** An event of one type. */
export type EventOf<T extends EventType> = Extract<AtelierEvent, { readonly type: T }>

/**
 * How the data of an event of version n becomes that of version n + 1: the nth function of its type.
 * The log keeps what was written; readers see the current form.
 */
export type EventUpgrades = { readonly [T in EventType]?: readonly ((data: unknown) => unknown)[] }

/** No event has changed its form since the first release. */
const UPGRADES: EventUpgrades = {}

/**
 * Brings the data of a stored event up to its current version.
 * @throws AtelierError `unsupported` if a newer version of Atelier wrote it
 */
export function bringUp(
  type: string,
  version: number,
  data: unknown,
  upgrades: EventUpgrades = UPGRADES,
  versions: Readonly<Record<string, number>> = EVENT_VERSIONS,
): unknown {
  const current = versions[type]
  if (version === current) return data
  if (current === undefined || version > current) {
    throw new AtelierError(
      'unsupported',
      `The log has an event ${type} of version ${version}, which a newer version of Atelier wrote. Open it with that version.`,
      { details: { type, version, known: current ?? null } },
    )
  }
  const steps = (upgrades[type as EventType] ?? []).slice(version - 1, current - 1)
  return steps.reduce((form, upgrade) => upgrade(form), data)
}
