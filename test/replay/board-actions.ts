/** What may happen to a board, as data that fast-check makes and shrinks. */
import * as fc from 'fast-check'
import type { Wanted } from '../../src/agents/capability.ts'
import type { ItemPhase, WaitingFor } from '../../src/board/item.ts'
import type { RetryPreset } from '../../src/board/retry-policy.ts'
import type { ErrorCode } from '../../src/errors.ts'
import type { HostName } from './actions.ts'

/** An item as an action posts it. */
export interface PostedItem {
  readonly id: string
  readonly dependsOn: readonly string[]
  readonly priority: number
  readonly estimateMs: number
  readonly retry: RetryPreset
  readonly value?: number
  readonly deadline?: number | null
  readonly capability?: Wanted | null
}

/** `isLate`: as the attempt before the last one, whose token is stale. */
export type BoardAction =
  | { readonly do: 'postItems'; readonly items: readonly PostedItem[]; readonly replace: boolean }
  | { readonly do: 'removeItems'; readonly items: readonly string[] }
  | { readonly do: 'claimItem'; readonly item: string; readonly host: HostName | null }
  | { readonly do: 'startItem'; readonly item: string; readonly isLate: boolean }
  | { readonly do: 'phaseItem'; readonly item: string; readonly phase: ItemPhase; readonly isLate: boolean }
  | { readonly do: 'progressItem'; readonly item: string; readonly percent: number; readonly isLate: boolean }
  | { readonly do: 'completeItem'; readonly item: string; readonly isLong: boolean; readonly isLate: boolean }
  | { readonly do: 'failAttempt'; readonly item: string; readonly code: ErrorCode; readonly isLate: boolean }
  | {
      readonly do: 'returnItem'
      readonly item: string
      readonly outcome: 'lost' | 'released'
      readonly isLate: boolean
    }
  | {
      readonly do: 'parkItem'
      readonly item: string
      readonly waiting: WaitingFor
      readonly isLate: boolean
    }
  | { readonly do: 'deferItem'; readonly item: string; readonly waiting: WaitingFor }
  | {
      readonly do: 'cancelItem' | 'skipItem' | 'failItem' | 'retryItem' | 'wakeItem'
      readonly item: string
    }

export type BoardDo = BoardAction['do']

/** Few, so that they meet: what is posted under a name is soon depended on, replaced and removed. */
const ITEMS = ['a', 'b', 'c', 'd', 'e', 'f', 'g'] as const

const id = fc.constantFrom(...ITEMS)
const isLate = fc.constantFrom(false, false, false, true)
const isRare = fc.constantFrom(false, false, false, false, true)
const host = fc.constantFrom<HostName | null>('host_1', 'host_2', null)

const waiting: fc.Arbitrary<WaitingFor> = fc.constantFrom<WaitingFor>(
  { for: 'approval', id: 'inb_1' },
  { for: 'budget', scope: 'global' },
  { for: 'quota', account: 'scripted', at: 1_800_000_000_400 },
  { for: 'merge', reason: 'main_tree_dirty' },
)

const postedItem: fc.Arbitrary<PostedItem> = fc.record({
  id,
  dependsOn: fc.array(id, { maxLength: 3 }),
  priority: fc.integer({ min: 0, max: 5 }),
  estimateMs: fc.integer({ min: 1, max: 1000 }),
  retry: fc.constantFrom<RetryPreset>('exponential', 'none', 'none', 'hub'),
  value: fc.constantFrom(1, 1, 0.5, 3),
  deadline: fc.constantFrom(null, null, 1_800_000_000_400, 1_800_036_000_000),
  capability: fc.constantFrom(null, null, { name: 'review', minExpertise: 8 }),
})

/** Most often each depends on those before it only, so that the batch is accepted. */
const batch: fc.Arbitrary<readonly PostedItem[]> = fc
  .tuple(fc.uniqueArray(postedItem, { minLength: 1, maxLength: 4, selector: (item) => item.id }), isRare)
  .map(([items, isWild]) =>
    isWild
      ? items
      : items.map((item) => ({ ...item, dependsOn: item.dependsOn.filter((each) => each < item.id) })),
  )

/** One action on the board. */
export const boardActions: fc.Arbitrary<BoardAction> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('postItems' as const),
      items: batch,
      replace: fc.constantFrom(false, true),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('claimItem' as const), item: id, host }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('startItem' as const), item: id, isLate }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('phaseItem' as const),
      item: id,
      phase: fc.constantFrom<ItemPhase>('claimed', 'planning', 'executing', 'verifying', 'merging'),
      isLate,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('progressItem' as const),
      item: id,
      percent: fc.integer({ min: -5, max: 120 }),
      isLate,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('completeItem' as const), item: id, isLong: isRare, isLate }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('failAttempt' as const),
      item: id,
      code: fc.constantFrom<ErrorCode>('turn_failed', 'timeout', 'invalid_input'),
      isLate,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('returnItem' as const),
      item: id,
      outcome: fc.constantFrom('lost' as const, 'released' as const),
      isLate,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('parkItem' as const), item: id, waiting, isLate }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('deferItem' as const), item: id, waiting }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'cancelItem' as const,
        'skipItem' as const,
        'failItem' as const,
        'retryItem' as const,
        'retryItem' as const,
        'wakeItem' as const,
        'wakeItem' as const,
      ),
      item: id,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('removeItems' as const),
      items: fc.oneof(
        id.map((each) => [each]),
        fc.uniqueArray(id, { minLength: 2, maxLength: 5 }),
      ),
    }),
  },
)

/** An item that is claimed and ends, one way or the other: what random actions on seven items seldom come to. */
export const attempts: fc.Arbitrary<readonly BoardAction[]> = fc
  .tuple(id, fc.constantFrom('done', 'failed', 'lost'), isRare)
  .map(([item, end, isLong]): readonly BoardAction[] => [
    { do: 'claimItem', item, host: 'host_1' },
    { do: 'startItem', item, isLate: false },
    end === 'done'
      ? { do: 'completeItem', item, isLong, isLate: false }
      : end === 'failed'
        ? { do: 'failAttempt', item, code: 'turn_failed', isLate: false }
        : { do: 'returnItem', item, outcome: 'lost', isLate: false },
  ])
