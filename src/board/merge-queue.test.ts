import { describe, expect, it } from 'vitest'
import { intendedMerge, mergeRow, mergingItem, takenMerge, TARGET } from '../../test/board/example-merges.ts'
import type { ItemRow } from './item.ts'
import type { MergeRow } from './merge.ts'
import {
  BATCH,
  decideAdopt,
  decideApprove,
  decideIntend,
  decideRefuse,
  decideRequest,
  decideSettle,
  decideTake,
  isWanted,
  loseMerges,
  MAX_ROUNDS,
  type Intent,
  type Outcome,
  type Request,
} from './merge-queue.ts'

const REQUEST: Request = {
  id: 'mrg_1',
  item: 'auth',
  attempt: 'att_1',
  change: 'auth',
  target: TARGET,
  mode: 'auto',
  head: '0123456789abcdef',
  title: 'Implement auth',
  verified: true,
}

const INTENT: Intent = {
  host: 'host_1',
  ref: TARGET,
  old: 'old1',
  new: 'new1',
  commits: new Map([['mrg_1', 'commit1']]),
}

const ERROR = { code: 'verification_failed', message: 'red' } as const

const wanted = (
  merge: MergeRow,
  item: ItemRow | undefined = mergingItem(),
): { merge: MergeRow; item: ItemRow | undefined } => ({ merge, item })

describe('asking for a merge', () => {
  const { id, ...facts } = REQUEST
  const requested = { type: 'merge.requested', data: { merge: id, ...facts } }

  it.each(['auto', 'pr-branch'] as const)('puts one with %s in the queue', (mode) => {
    expect(decideRequest({ ...REQUEST, mode }, undefined)).toEqual({
      events: [{ ...requested, data: { ...requested.data, mode } }],
    })
  })

  it('holds one that a person has to approve', () => {
    expect(decideRequest({ ...REQUEST, mode: 'manual' }, undefined)).toMatchObject({
      events: [
        { type: 'merge.requested' },
        {
          type: 'merge.held',
          data: {
            merge: 'mrg_1',
            item: 'auth',
            reason: 'manual',
            ref: null,
            tip: null,
            message: 'Look at the work on 0123456789, then approve the merge of "auth".',
          },
        },
      ],
    })
  })

  it('twice is asking once', () => {
    expect(decideRequest(REQUEST, mergeRow())).toEqual({ events: [] })
  })
})

describe('taking merges', () => {
  const queue = Array.from({ length: BATCH + 2 }, (_, n) => wanted(mergeRow({ id: `mrg_${n}`, position: n })))

  it('takes as many as are verified together, in order', () => {
    expect(decideTake(queue, [], 'host_1')).toEqual([
      {
        type: 'merge.taken',
        data: { merges: queue.slice(0, BATCH).map(({ merge }) => merge.id), target: TARGET, host: 'host_1' },
      },
    ])
  })

  it.each([
    ['taken', takenMerge({ id: 'mrg_x', host: 'host_2' })],
    ['intended', intendedMerge({ id: 'mrg_x', host: 'host_2' })],
    ['taken by the same host', takenMerge({ id: 'mrg_x' })],
  ])('takes none while one of the target is %s', (_what, live) => {
    expect(decideTake(queue, [live], 'host_1')).toEqual([])
  })

  it('rejects what its item does not want any more', () => {
    const stale = wanted(mergeRow({ id: 'mrg_x' }), mergingItem({ attempt: 'att_2' }))
    expect(decideTake([stale, wanted(mergeRow())], [], 'host_1')).toMatchObject([
      { type: 'merge.rejected', data: { merge: 'mrg_x', item: 'auth', error: { code: 'stale_claim' } } },
      { type: 'merge.taken', data: { merges: ['mrg_1'] } },
    ])
    expect(decideTake([stale], [], 'host_1')).toHaveLength(1)
  })
})

describe('a merge is wanted', () => {
  it.each([
    ['while its attempt runs', mergingItem(), true],
    ['while its item waits for it', mergingItem({ state: 'waiting', phase: null }), true],
    ['after its attempt was lost, before the next', mergingItem({ state: 'ready', phase: null }), true],
    ['not by a later attempt', mergingItem({ attempt: 'att_2' }), false],
    ['not by a cancelled item', mergingItem({ state: 'cancelled', phase: null }), false],
    ['not by an item that is done', mergingItem({ state: 'done', phase: null }), false],
    ['not by an item that is gone', undefined, false],
  ])('%s', (_what, item, expected) => {
    expect(isWanted({ merge: mergeRow(), item })).toBe(expected)
  })
})

describe('merges of hosts that are gone', () => {
  const rows = [
    intendedMerge({ id: 'mrg_1' }),
    takenMerge({ id: 'mrg_2' }),
    takenMerge({ id: 'mrg_3', host: 'host_2' }),
    intendedMerge({ id: 'mrg_4', host: 'host_2' }),
  ]

  it('are adopted where they are intended, and go back where they are only taken', () => {
    expect(decideAdopt(rows, new Set(['host_2']), 'host_2')).toEqual([
      { type: 'merge.returned', data: { merge: 'mrg_2', item: 'auth', reason: 'host_lost' } },
      { type: 'merge.adopted', data: { merges: ['mrg_1'], target: TARGET, host: 'host_2' } },
    ])
  })

  it('are left alone while their hosts live', () => {
    expect(decideAdopt(rows, new Set(['host_1', 'host_2']), 'host_2')).toEqual([])
  })

  it('go back with the host, but for its intents', () => {
    expect(loseMerges(rows, 'host_1')).toEqual([
      { type: 'merge.returned', data: { merge: 'mrg_2', item: 'auth', reason: 'host_lost' } },
    ])
  })
})

describe('intending a merge', () => {
  it('names the commit of each', () => {
    const batch = [wanted(takenMerge()), wanted(takenMerge({ id: 'mrg_2' }))]
    expect(decideIntend(batch, INTENT)).toEqual({
      events: [
        {
          type: 'merge.intended',
          data: {
            merges: [
              { merge: 'mrg_1', commit: 'commit1' },
              { merge: 'mrg_2', commit: 'new1' },
            ],
            target: TARGET,
            ref: TARGET,
            old: 'old1',
            new: 'new1',
          },
        },
      ],
    })
  })

  it('is refused where another host has one of them', () => {
    expect(decideIntend([wanted(takenMerge({ host: 'host_2' }))], INTENT)).toMatchObject({
      refused: { code: 'stale_claim', message: expect.stringContaining('taken at host_2') as string },
    })
  })

  it('is refused where one is back in the queue', () => {
    expect(decideIntend([wanted(mergeRow())], INTENT)).toMatchObject({
      refused: { code: 'stale_claim', message: expect.stringContaining('is queued:') as string },
    })
  })

  it('is put off where an item was cancelled meanwhile', () => {
    const batch = [
      wanted(takenMerge()),
      wanted(takenMerge({ id: 'mrg_2' }), mergingItem({ state: 'cancelled' })),
    ]
    expect(decideIntend(batch, INTENT)).toMatchObject({
      events: [{ type: 'merge.rejected', data: { merge: 'mrg_2' } }],
    })
  })

  it('of nothing has no merges', () => {
    expect(decideIntend([], INTENT)).toMatchObject({ events: [{ data: { merges: [], target: TARGET } }] })
  })
})

describe('settling merges', () => {
  const outcomes: readonly (readonly [Outcome, object])[] = [
    [
      { is: 'completed', ref: TARGET, commit: 'commit1' },
      {
        type: 'merge.completed',
        data: {
          merge: 'mrg_1',
          item: 'auth',
          attempt: 'att_1',
          change: 'auth',
          target: TARGET,
          commit: 'commit1',
        },
      },
    ],
    [
      { is: 'rejected', error: ERROR },
      { type: 'merge.rejected', data: { merge: 'mrg_1', item: 'auth', error: ERROR } },
    ],
    [
      { is: 'held', reason: 'target_red', ref: null, tip: 'tip1', message: 'red' },
      {
        type: 'merge.held',
        data: { merge: 'mrg_1', item: 'auth', reason: 'target_red', ref: null, tip: 'tip1', message: 'red' },
      },
    ],
    [
      { is: 'returned', reason: 'moved' },
      { type: 'merge.returned', data: { merge: 'mrg_1', item: 'auth', reason: 'moved' } },
    ],
  ]

  it.each(outcomes)('%o', (outcome, event) => {
    expect(decideSettle([{ merge: takenMerge(), outcome }], 'host_1')).toEqual({ events: [event] })
    expect(decideSettle([{ merge: intendedMerge(), outcome }], 'host_1')).toEqual({ events: [event] })
  })

  it('is refused, all of it, where another host has one', () => {
    const outcome: Outcome = { is: 'completed', ref: TARGET, commit: 'commit1' }
    const settled = [
      { merge: intendedMerge(), outcome },
      { merge: intendedMerge({ id: 'mrg_2', host: 'host_2' }), outcome },
    ]
    expect(decideSettle(settled, 'host_1')).toMatchObject({
      refused: { code: 'stale_claim', details: { merge: 'mrg_2' } },
    })
  })

  it('is open to every host where it is held', () => {
    const held = mergeRow({ state: 'held', reason: 'main_tree_dirty' })
    expect(
      decideSettle([{ merge: held, outcome: { is: 'completed', ref: TARGET, commit: 'c' } }], 'host_9'),
    ).toMatchObject({ events: [{ type: 'merge.completed' }] })
  })

  it('gives up when the target was moved too often', () => {
    const last = takenMerge({ round: MAX_ROUNDS - 1 })
    const moved: Outcome = { is: 'returned', reason: 'moved' }
    expect(decideSettle([{ merge: last, outcome: moved }], 'host_1')).toMatchObject({
      events: [
        { type: 'merge.rejected', data: { error: { code: 'conflict', details: { rounds: MAX_ROUNDS } } } },
      ],
    })
  })

  it('gives up with the error of git when that failed too often', () => {
    const last = takenMerge({ round: MAX_ROUNDS - 1 })
    const failed: Outcome = { is: 'returned', reason: 'failed', error: ERROR }
    expect(decideSettle([{ merge: last, outcome: failed }], 'host_1')).toMatchObject({
      events: [{ type: 'merge.rejected', data: { error: ERROR } }],
    })
  })

  it('does not count what is no try', () => {
    const last = takenMerge({ round: MAX_ROUNDS - 1 })
    const stacked: Outcome = { is: 'returned', reason: 'stacked' }
    expect(decideSettle([{ merge: last, outcome: stacked }], 'host_1')).toMatchObject({
      events: [{ type: 'merge.returned', data: { reason: 'stacked' } }],
    })
  })
})

describe('approving a merge', () => {
  it('puts a held one into the queue', () => {
    expect(decideApprove(mergeRow({ state: 'held', reason: 'manual' }))).toEqual({
      events: [{ type: 'merge.returned', data: { merge: 'mrg_1', item: 'auth', reason: 'approved' } }],
    })
  })

  it('is refused for any other', () => {
    expect(decideApprove(mergeRow())).toMatchObject({ refused: { code: 'invalid_transition' } })
  })
})

describe('refusing a merge', () => {
  it('gives a held one back with what was said', () => {
    const held = mergeRow({ state: 'held', reason: 'manual' })
    expect(decideRefuse(held, 'Not like this.')).toMatchObject({
      events: [
        {
          type: 'merge.rejected',
          data: {
            merge: 'mrg_1',
            item: 'auth',
            error: { code: 'gate_rejected', details: { comment: 'Not like this.' } },
          },
        },
      ],
    })
  })

  it('is refused for any other', () => {
    expect(decideRefuse(mergeRow(), '')).toMatchObject({ refused: { code: 'invalid_transition' } })
  })
})
