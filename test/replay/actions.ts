/** What may happen to a team, as data that fast-check makes and shrinks. */
import * as fc from 'fast-check'
import type { AgentDefinition } from '../../src/agents/definition.ts'
import { FAILURES, type FailureKind } from '../../src/agents/failures.ts'
import type { LossReason } from '../../src/agents/mailbox.ts'
import { UNKNOWN_RESET_MS } from '../../src/agents/quota.ts'
import type { MessageKind } from '../../src/tables.ts'
import { attempts, boardActions, type BoardAction } from './board-actions.ts'

export type AgentName = 'impl' | 'tests' | 'reviewer'
export type HostName = 'host_1' | 'host_2'

/** `message` and `turn` count what was posted and started so far, modulo how much that is. */
export type Action = TeamAction | BoardAction

export type TeamAction =
  | {
      readonly do: 'create'
      readonly agent: AgentName
      readonly profile: string | null
      readonly definition: number
    }
  | { readonly do: 'reset' | 'dismiss'; readonly agent: AgentName }
  | { readonly do: 'post'; readonly agent: AgentName; readonly kind: MessageKind; readonly isLong: boolean }
  | { readonly do: 'cancelAgent'; readonly agent: AgentName }
  | { readonly do: 'cancelMessage'; readonly message: number }
  | { readonly do: 'start'; readonly agent: AgentName; readonly host: HostName }
  | {
      readonly do: 'finish'
      readonly turn: number
      /** Also turns that have ended are picked. */
      readonly isAny: boolean
      readonly outcome: 'completed' | 'cancelled' | FailureKind
      readonly costMicros: number | null
      readonly namesSession: boolean
    }
  | { readonly do: 'lose'; readonly host: HostName; readonly reason: LossReason }
  | { readonly do: 'setBudget'; readonly agent: AgentName | null; readonly limitMicros: number | null }
  | { readonly do: 'resetBudget'; readonly agent: AgentName | null }
  | { readonly do: 'every'; readonly agent: AgentName; readonly intervalMs: number }
  | { readonly do: 'cancelSchedule'; readonly agent: AgentName }
  /** Time passes, and schedules that are due tick. */
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'put'; readonly key: string; readonly condition: 'none' | 'current' | 'stale' }
  | { readonly do: 'remove'; readonly key: string; readonly condition: 'none' | 'current' | 'stale' }
  | { readonly do: 'profile'; readonly name: string; readonly role: string }

const AGENTS: readonly AgentName[] = ['impl', 'tests', 'reviewer']

const PLAIN: AgentDefinition = {
  role: '',
  context: '',
  backend: 'scripted',
  permissionMode: 'auto',
  session: 'continue',
}

/** Definitions that differ in what decisions rest on. */
export const DEFINITIONS: readonly AgentDefinition[] = [
  PLAIN,
  { ...PLAIN, model: 'opus', assumeUsd: 0.3 },
  { ...PLAIN, session: 'fresh', maxBudgetUsd: 0.2 },
  { ...PLAIN, maxCostUsd: 1 },
]

const agent = fc.constantFrom(...AGENTS)
const host = fc.constantFrom<HostName>('host_1', 'host_2')
const someAgent = fc.option(agent)
const condition = fc.constantFrom<'none' | 'current' | 'stale'>('none', 'current', 'stale')
const key = fc.constantFrom('plan', 'result')
const kind = fc.constantFrom<MessageKind>('ask', 'cast', 'pipe', 'fan')
const failure = fc.constantFrom(...(Object.keys(FAILURES) as FailureKind[]))
/** A moment, or long enough for a quota to be reset. */
const ms = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 700 }) },
  { weight: 1, arbitrary: fc.constant(UNKNOWN_RESET_MS) },
)
const outcome = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<'completed' | 'cancelled'>('completed', 'completed', 'cancelled') },
  { weight: 1, arbitrary: failure },
  { weight: 1, arbitrary: fc.constant('usage_limit' as const) },
)

const finish: fc.Arbitrary<Extract<Action, { do: 'finish' }>> = fc.record({
  do: fc.constant('finish' as const),
  turn: fc.nat({ max: 99 }),
  isAny: fc.constantFrom(false, false, true),
  outcome,
  costMicros: fc.option(fc.integer({ min: -1, max: 600_000 })),
  namesSession: fc.boolean(),
})

/** One action, those of a working day most often. */
const actions: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('post' as const), agent, kind, isLong: fc.boolean() }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('start' as const), agent, host }) },
  {
    weight: 10,
    arbitrary: finish,
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('lose' as const),
      host,
      reason: fc.constantFrom<LossReason>('host_died', 'lease_expired', 'host_stopped'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cancelMessage' as const), message: fc.nat({ max: 99 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancelAgent' as const), agent }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('create' as const),
      agent,
      profile: fc.constantFrom(null, 'coder'),
      definition: fc.oneof(fc.constant(0), fc.nat({ max: DEFINITIONS.length - 1 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('reset' as const, 'dismiss' as const), agent }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('setBudget' as const),
      agent: someAgent,
      limitMicros: fc.option(fc.nat({ max: 2_000_000 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('resetBudget' as const), agent: someAgent }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('every' as const),
      agent,
      intervalMs: fc.integer({ min: 10, max: 500 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancelSchedule' as const), agent }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('pass' as const), ms }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constantFrom('put' as const, 'remove' as const), key, condition }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('profile' as const),
      name: fc.constant('coder'),
      role: fc.constantFrom('a', 'b'),
    }),
  },
)

/** Messages in a row for one agent: more than its mailbox takes. */
const burst: fc.Arbitrary<Action[]> = fc
  .tuple(agent, fc.integer({ min: 2, max: 8 }))
  .map(([name, times]) =>
    Array.from({ length: times }, () => ({ do: 'post', agent: name, kind: 'cast', isLong: false })),
  )

/** Messages of one agent that are run and ended, one after the other. */
const work: fc.Arbitrary<Action[]> = fc
  .tuple(agent, fc.array(finish, { minLength: 1, maxLength: 3 }))
  .map(([name, ends]) =>
    ends.flatMap((end): Action[] => [
      { do: 'post', agent: name, kind: 'ask', isLong: false },
      { do: 'start', agent: name, host: 'host_2' },
      end,
    ]),
  )

/** A message on which one host after another dies. */
const deadlyMessage: fc.Arbitrary<Action[]> = fc
  .tuple(agent, fc.integer({ min: 2, max: 12 }), fc.constantFrom<LossReason>('host_died', 'host_stopped'))
  .map(([name, times, reason]) =>
    Array.from({ length: times }, (): Action[] => [
      { do: 'start', agent: name, host: 'host_1' },
      { do: 'lose', host: 'host_1', reason },
    ]).flat(),
  )

/** A team at work: most of it exists from the start. */
export function sequences(maxLength: number): fc.Arbitrary<readonly Action[]> {
  const founded: readonly Action[] = AGENTS.slice(0, 2).map((name, index) => ({
    do: 'create',
    agent: name,
    profile: index === 0 ? 'coder' : null,
    definition: index * 2,
  }))
  const group = fc.oneof(
    { weight: 20, arbitrary: actions.map((action) => [action]) },
    { weight: 2, arbitrary: work },
    { weight: 10, arbitrary: boardActions.map((action) => [action]) },
    { weight: 2, arbitrary: attempts },
    { weight: 1, arbitrary: burst },
    { weight: 1, arbitrary: deadlyMessage },
  )
  return fc.array(group, { maxLength, size: 'max' }).map((groups) => [...founded, ...groups.flat()])
}
