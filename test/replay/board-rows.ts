/** Actions on the board as pure decisions over all its rows: what `src/workers` does with a store. */
import { decideClaim, decidePhase, decideProgress, decideStart, freeSlot } from '../../src/board/claiming.ts'
import { causesOf, type Downstream } from '../../src/board/blocking.ts'
import type { ItemDefinition } from '../../src/board/definition.ts'
import { dependentsOf } from '../../src/board/graph.ts'
import type { AttemptRow, ItemRow } from '../../src/board/item.ts'
import { decidePosting, type Decided, type PostItem } from '../../src/board/posting.ts'
import { decideRemoval } from '../../src/board/removing.ts'
import { retryPolicy } from '../../src/board/retry-policy.ts'
import {
  decideCancel,
  decideDefer,
  decideDone,
  decideFailed,
  decideFailure,
  decideRetry,
  decideReturn,
  decideSkip,
  decideWake,
  triesOf,
  type FailedTry,
} from '../../src/board/settling.ts'
import { errorData, type ErrorCode, type ErrorData } from '../../src/errors.ts'
import { packText } from '../../src/ids.ts'
import type { BoardAction, PostedItem } from './board-actions.ts'
import { LONG_PROMPT } from './long-prompt.ts'

export interface BoardFacts {
  readonly items: readonly ItemRow[]
  readonly attempts: readonly AttemptRow[]
  /** The next attempt. */
  readonly attempt: string
  readonly now: number
}

export const FAILED: ErrorData = { code: 'turn_failed', message: 'It failed for good.' }

export function decideBoard(action: BoardAction, facts: BoardFacts): Decided {
  const items = new Map(facts.items.map((row) => [row.id, row]))
  if (action.do === 'postItems') {
    const batch = action.items.map((item) => postOf(item))
    return decidePosting(batch, { items, known: [...items.keys()], replace: action.replace })
  }
  if (action.do === 'removeItems') {
    const rows = action.items.map((id) => items.get(id))
    if (rows.some((row) => row === undefined)) return { refused: notFound(action.items.join(', ')) }
    return decideRemoval(rows as ItemRow[], items)
  }
  const item = items.get(action.item)
  if (item === undefined) return { refused: notFound(action.item) }
  return decideItem(action, item, { ...facts, downstream: { items, dependents: dependentsOf(facts.items) } })
}

function decideItem(
  action: Exclude<BoardAction, { do: 'postItems' | 'removeItems' }>,
  item: ItemRow,
  { attempts, attempt, now, downstream }: BoardFacts & { readonly downstream: Downstream },
): Decided {
  const token = 'isLate' in action ? tokenOf(item, action.isLate) : ''
  switch (action.do) {
    case 'claimItem': {
      const running = attempts.filter(({ state }) => state === 'running')
      const slot = action.host === null ? null : freeSlot(running.map(({ slot: taken }) => taken))
      return decideClaim(item, { attempt, owner: 'dev_1', host: action.host, slot, tree: null })
    }
    case 'startItem':
      return decideStart(item, token)
    case 'phaseItem':
      return decidePhase(item, token, action.phase)
    case 'progressItem':
      return decideProgress(item, token, action.percent, 'on it')
    case 'completeItem': {
      const result = packText(resultOf(action)).stored
      const ids = downstream.dependents.get(item.id) ?? []
      const dependents = ids.map((id) => downstream.items.get(id) as ItemRow)
      return decideDone(item, { attempt: token, result, verified: true, commit: 'c0ffee' }, dependents)
    }
    case 'failAttempt': {
      const { retry: policy, fallback } = JSON.parse(item.definition as string) as ItemDefinition
      const earlier = fallback.length === 0 ? [] : earlierTries(item, attempts)
      const failure = { attempt: token, error: errorOf(action), policy, random: 0, fallback, earlier }
      return decideFailure(item, failure, downstream, now)
    }
    case 'returnItem':
      return decideReturn(item, token, { outcome: action.outcome })
    case 'parkItem':
      return decideReturn(item, token, { outcome: 'parked', waiting: action.waiting })
    case 'deferItem':
      return decideDefer(item, action.waiting)
    case 'cancelItem':
      return decideCancel(item, 'Not needed.', downstream)
    case 'skipItem':
      return decideSkip(item, 'Not needed.', downstream)
    case 'failItem':
      return decideFailed(item, FAILED, downstream)
    case 'retryItem': {
      const causes = causesOf(item.dependsOn, (id) => downstream.items.get(id))
      return decideRetry(item, causes, downstream)
    }
    case 'wakeItem': {
      const { waiting } = item
      return waiting !== null && 'at' in waiting && waiting.at > now ? { events: [] } : decideWake(item)
    }
  }
}

function earlierTries(item: ItemRow, attempts: readonly AttemptRow[]): readonly FailedTry[] {
  const failed = attempts
    .filter(({ item: id, state }) => id === item.id && state === 'failed')
    .toSorted((a, b) => a.position - b.position)
    .map(({ owner, error }) => ({ agent: owner, error: error as ErrorData }))
  const earlier = triesOf(item) - 1
  return earlier === 0 ? [] : failed.slice(-earlier)
}

/** The item of an action as a command takes it, with its definition as text. */
export function postOf(item: PostedItem): PostItem & { readonly definition: string } {
  const { id, dependsOn, priority, estimateMs, retry, value = 1, deadline = null, capability = null } = item
  const fallback = retry === 'hub' ? ['senior'] : []
  const definition = JSON.stringify({ retry: retryPolicy(retry), fallback })
  return {
    id,
    title: `Do ${id}`,
    type: 'code',
    priority,
    value,
    deadline,
    capability,
    definition,
    dependsOn,
    estimateMs,
    touches: [],
    change: null,
  }
}

/** The token of the attempt that an action is made as. */
export function tokenOf(item: Pick<ItemRow, 'attempt'> | undefined, isLate: boolean): string {
  return isLate ? 'att_late' : (item?.attempt ?? 'att_none')
}

export function resultOf({ isLong }: { readonly isLong: boolean }): string {
  return isLong ? LONG_PROMPT : 'Done.'
}

export function errorOf({ code }: { readonly code: ErrorCode }): ErrorData {
  return { code, message: 'It did not work.' }
}

function notFound(id: string): ErrorData {
  return errorData('not_found', `There is no item "${id}".`)
}
