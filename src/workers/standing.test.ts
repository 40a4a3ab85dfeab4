import { expect, it } from 'vitest'
import type { ItemRow, WaitingFor } from '../board/item.ts'
import { columnOf, reasonOf, statusOfItem, type StandingFacts } from './standing.ts'

const NOW = 1_000_000

const FACTS: StandingFacts = {
  now: NOW,
  item: (id) => (id === 'gone' ? undefined : row({ id, state: id === 'met' ? 'done' : 'failed' })),
  running: [],
  staff: {
    lacks: ({ type, capability }) =>
      type !== 'code' ? `type ${type}` : capability === null ? null : `capability ${capability}`,
  },
  doers: new Map(),
  isHosted: true,
  claimEnd: () => null,
  isUnverified: () => false,
}

function row(fields: Partial<ItemRow>): ItemRow {
  return {
    ...{ id: 'x', title: 'X', type: 'code', state: 'ready', phase: null, waiting: null, priority: 3 },
    ...{ value: 1, deadline: null, capability: null, minExpertise: 1 },
    ...{ definition: '', dependsOn: [], unmet: 0, estimateMs: 1, path: 1, rank: 1, readyAt: null },
    ...{
      touches: [],
      change: 'x',
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
    },
    ...{ progress: null, result: null, error: null, verified: 0, flags: [], commit: null, revision: 1 },
    ...{ postedBy: 'me', postedAt: 0, claimedAt: null, startedAt: null, settledAt: null },
    ...fields,
  }
}

function standing(fields: Partial<ItemRow>): readonly unknown[] {
  const item = row(fields)
  return [columnOf(item), statusOfItem(item), reasonOf(item, FACTS)]
}

const WAITING: readonly (readonly [waiting: WaitingFor, place: string, status: string, why: string])[] = [
  [{ for: 'dependencies' }, 'waiting', 'new', 'waits for a'],
  [
    { for: 'failed_dependency', causes: ['a', 'gone'] },
    'waiting',
    'blocked',
    'blocked by a (failed), gone (removed)',
  ],
  [{ for: 'retry', at: NOW + 4000 }, 'waiting', 'in_progress', 'tries again in 4.0 s'],
  [{ for: 'retry', at: NOW }, 'waiting', 'in_progress', 'tries again as soon as a host runs'],
  [
    { for: 'quota', account: 'claude', at: NOW + 60_000 },
    ...(['waiting', 'in_progress', 'waits for the quota of claude, 1 m 0 s more'] as const),
  ],
  [
    { for: 'quota', account: 'claude', at: NOW - 1 },
    ...(['waiting', 'in_progress', 'waits for the quota of claude and a host'] as const),
  ],
  [{ for: 'run', id: 'feature-1' }, 'waiting', 'in_progress', 'waits for the run feature-1, which is paused'],
  [{ for: 'budget', scope: 'global' }, 'needs_you', 'in_progress', 'waits for the budget of global'],
]

it.each(WAITING)('an item that waits for %j', (waiting, place, status, why) => {
  expect(standing({ state: 'waiting', waiting, dependsOn: ['a', 'met', 'gone'] })).toEqual([
    place,
    status,
    why,
  ])
})

it.each(['approval', 'answer', 'permission'] as const)('an item that waits for an %s needs you', (what) => {
  const [place, status, why] = standing({ state: 'waiting', waiting: { for: what, id: 'req_1' } })
  expect([place, status]).toEqual(['needs_you', 'in_progress'])
  expect(why).toContain('req_1')
})

it.each([
  ['claimed', 'working', 'claimed'],
  ['planning', 'working', 'in_progress'],
  ['executing', 'working', 'in_progress'],
  ['verifying', 'in_review', 'in_progress'],
  ['merging', 'ready_to_merge', 'in_progress'],
] as const)('an item that is %s', (phase, place, status) => {
  expect(standing({ state: 'running', phase })).toEqual([place, status, null])
})

it('a ready item waits for a worker, of which there is one or none, or for one on the same files', () => {
  expect(standing({})).toEqual(['waiting', 'ready', 'waits for a free worker of type code'])
  expect(standing({ type: 'ops' })).toEqual(['waiting', 'ready', 'no worker for type ops yet'])
  expect(standing({ capability: 'review' })[2]).toBe('no worker for capability review yet')
  const running = [row({ id: 'other', touches: ['src/'] })]
  expect(reasonOf(row({ touches: ['src/a.ts'] }), { ...FACTS, running })).toContain(
    'waits until other has ended',
  )
})

it('an item that is over says how', () => {
  const error = { code: 'turn_failed', message: 'no' } as const
  expect(standing({ state: 'done' })).toEqual(['done', 'done', null])
  expect(standing({ state: 'skipped' })).toEqual(['done', 'done', 'skipped'])
  expect(standing({ state: 'failed', error })).toEqual(['needs_you', 'failed', 'no'])
  expect(standing({ state: 'cancelled', error })).toEqual(['done', 'cancelled', 'no'])
})
