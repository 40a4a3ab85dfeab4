import { expect, it } from 'vitest'
import { displayState, type ItemStanding, type StateWords } from './display.ts'
import type { WaitingFor } from './item.ts'

const VOCABULARIES: readonly StateWords[] = ['board', 'workflow', 'queue', 'task', 'subtask']
const NONE = { phase: null, waiting: null, attempts: 1 } as const

function waiting(waitingFor: WaitingFor): ItemStanding {
  return { ...NONE, state: 'waiting', waiting: waitingFor }
}

const IN_REVIEW = ['in_progress', 'gate', 'review', 'in_progress', 'REVIEW']
const PAUSED = ['in_progress', 'paused', 'paused', 'in_progress', 'IN_PROGRESS']
const READY = ['ready', 'ready', 'queued', 'pending', 'PENDING']

// The table of the vocabulary, line by line.
it.each<[string, ItemStanding, string[]]>([
  [
    'waiting for dependencies',
    waiting({ for: 'dependencies' }),
    ['new', 'pending', 'queued', 'pending', 'PENDING'],
  ],
  [
    'waiting for nothing that is named',
    { ...NONE, state: 'waiting' },
    ['new', 'pending', 'queued', 'pending', 'PENDING'],
  ],
  ['ready', { ...NONE, state: 'ready' }, READY],
  ['ready behind an open gate of an earlier round', { ...NONE, state: 'ready', gateOpen: true }, READY],
  [
    'running, claimed',
    { ...NONE, state: 'running', phase: 'claimed' },
    ['claimed', 'running', 'dispatched', 'assigned', 'PENDING'],
  ],
  [
    'running, planning',
    { ...NONE, state: 'running', phase: 'planning' },
    ['in_progress', 'running', 'running', 'in_progress', 'PLANNING'],
  ],
  [
    'running, executing',
    { ...NONE, state: 'running', phase: 'executing' },
    ['in_progress', 'running', 'running', 'in_progress', 'IN_PROGRESS'],
  ],
  [
    'running without a phase',
    { ...NONE, state: 'running' },
    ['in_progress', 'running', 'running', 'in_progress', 'IN_PROGRESS'],
  ],
  ['running, verifying', { ...NONE, state: 'running', phase: 'verifying' }, IN_REVIEW],
  ['running, merging', { ...NONE, state: 'running', phase: 'merging' }, IN_REVIEW],
  ['waiting to be merged', waiting({ for: 'merge', reason: 'main_tree_dirty' }), IN_REVIEW],
  ['done, with an open gate', { ...NONE, state: 'done', gateOpen: true }, IN_REVIEW],
  [
    'posted again with feedback',
    { ...NONE, state: 'ready', revised: true },
    ['in_progress', 'loopback', 're-review', 'retrying', 'REVISION'],
  ],
  [
    'waiting for retry',
    waiting({ for: 'retry', at: 1 }),
    ['in_progress', 'retry', 'attempt 2', 'retrying', 'IN_PROGRESS'],
  ],
  ['waiting for approval', waiting({ for: 'approval', id: 'i' }), PAUSED],
  ['waiting for an answer', waiting({ for: 'answer', id: 'i' }), PAUSED],
  ['waiting for a permission', waiting({ for: 'permission', id: 'i' }), PAUSED],
  ['waiting for budget', waiting({ for: 'budget', scope: 'global' }), PAUSED],
  ['waiting for quota', waiting({ for: 'quota', account: 'claude', at: 1 }), PAUSED],
  ['waiting for its paused run', waiting({ for: 'run', id: 'r' }), PAUSED],
  [
    'waiting for a failed dependency',
    waiting({ for: 'failed_dependency', causes: ['a'] }),
    ['blocked', 'blocked', 'blocked', 'blocked', 'PENDING'],
  ],
  ['done', { ...NONE, state: 'done' }, ['done', 'completed', 'complete', 'completed', 'COMPLETED']],
  ['failed', { ...NONE, state: 'failed' }, ['failed', 'failed', 'failed', 'failed', 'FAILED']],
  [
    'cancelled',
    { ...NONE, state: 'cancelled' },
    ['cancelled', 'cancelled', 'cancelled', 'cancelled', 'FAILED'],
  ],
  ['skipped', { ...NONE, state: 'skipped' }, ['done', 'skipped', 'skipped', 'completed', 'COMPLETED']],
])('A28, D23: an item that is %s has its name in each vocabulary', (_name, item, names) => {
  expect(VOCABULARIES.map((words) => displayState(item, words))).toEqual(names)
  expect(displayState(item)).toBe(names[0])
})
