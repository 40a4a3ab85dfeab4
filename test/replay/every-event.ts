/**
 * A day of a team in which everything happens that there is an event for. From it the log of a release
 * is written once, and never changed again: `node test/replay/every-event.ts 2` writes that of version 2.
 */
import { writeFileSync } from 'node:fs'
import type { NewEvent } from '../../src/events.ts'
import type { RetryPreset } from '../../src/board/retry-policy.ts'
import type { Action } from './actions.ts'
import type { BoardAction, PostedItem } from './board-actions.ts'
import { RowTeam, START_MS } from './row-team.ts'
import { runEvents } from './run-events.ts'

const IMPL = { agent: 'impl' } as const
const TESTS = { agent: 'tests' } as const
const CREATE = { do: 'create', profile: 'coder', definition: 0 } as const
const POST = { do: 'post', kind: 'cast', isLong: false } as const
const START = { do: 'start', host: 'host_1' } as const
const FINISH = {
  do: 'finish',
  turn: 0,
  isAny: false,
  outcome: 'completed',
  costMicros: 41_500,
  namesSession: true,
} as const
const LOSE = { do: 'lose', host: 'host_1', reason: 'lease_expired' } as const

const CLAIM = { do: 'claimItem', host: 'host_1' } as const
const NOW = { isLate: false } as const

/** An item of an hour, tried once. */
function posted(id: string, dependsOn: readonly string[] = [], retry: RetryPreset = 'none'): PostedItem {
  return { id, dependsOn, priority: 3, estimateMs: 3_600_000, retry }
}

const OUTSIDE = { item: 'h', attempt: 'att_006' } as const

/** What follows where somebody says that an item is finished. */
const SUBMITTED: readonly (BoardAction | NewEvent)[] = [
  { type: 'attempt.submitted', data: { ...OUTSIDE, head: 'd'.repeat(40), result: 'Done.' } },
  { type: 'attempt.verifying', data: { ...OUTSIDE, host: 'host_1' } },
  { type: 'attempt.refused', data: { ...OUTSIDE, error: { code: 'verification_failed', message: 'Red.' } } },
  { type: 'attempt.submitted', data: { ...OUTSIDE, head: null, result: null } },
  { type: 'attempt.verifying', data: { ...OUTSIDE, host: null } },
  { do: 'returnItem', item: 'h', outcome: 'released', ...NOW },
  {
    type: 'item.merge_returned',
    data: { ...OUTSIDE, error: { code: 'merge_conflict', message: 'It does not merge.' } },
  },
]

/** A board on which items are done, fail and are repaired, wait, are replaced, skipped and removed. */
const BOARD: readonly (BoardAction | NewEvent)[] = [
  { do: 'postItems', items: [posted('a'), posted('b', ['a'])], replace: false },
  // The way of both becomes longer.
  { do: 'postItems', items: [posted('c', ['b', 'a'], 'hub')], replace: false },
  { ...CLAIM, item: 'a' },
  { do: 'startItem', item: 'a', ...NOW },
  { do: 'phaseItem', item: 'a', phase: 'planning', ...NOW },
  { do: 'progressItem', item: 'a', percent: 40, ...NOW },
  {
    type: 'item.flagged',
    data: { item: 'a', attempt: 'att_1', flags: ['changed what "npm test" runs: package.json'] },
  },
  // Lost, given back, and failed for good, which blocks what is behind it until it is retried.
  { do: 'returnItem', item: 'a', outcome: 'lost', ...NOW },
  { ...CLAIM, item: 'a', host: 'host_2' },
  { do: 'returnItem', item: 'a', outcome: 'released', ...NOW },
  { ...CLAIM, item: 'a', host: null },
  { do: 'failAttempt', item: 'a', code: 'turn_failed', ...NOW },
  { do: 'retryItem', item: 'a' },
  { ...CLAIM, item: 'a' },
  { do: 'completeItem', item: 'a', isLong: true, ...NOW },
  { do: 'skipItem', item: 'b' },
  { ...CLAIM, item: 'c' },
  { do: 'parkItem', item: 'c', waiting: { for: 'answer', id: 'inb_1' }, ...NOW },
  { do: 'wakeItem', item: 'c' },
  { ...CLAIM, item: 'c' },
  { do: 'failAttempt', item: 'c', code: 'timeout', ...NOW },
  // Finished by somebody outside, refused, verified by another host, and back from its merge.
  { do: 'postItems', items: [posted('h')], replace: false },
  { ...CLAIM, item: 'h', host: null },
  ...SUBMITTED,
  // What is left: an item that waits for its next try, one that is new again, one that is cancelled.
  { do: 'postItems', items: [posted('d'), posted('e', ['d'])], replace: false },
  { do: 'postItems', items: [posted('d', ['c'])], replace: true },
  { do: 'postItems', items: [posted('f'), posted('g')], replace: false },
  { do: 'cancelItem', item: 'f' },
  { do: 'removeItems', items: ['g'] },
]

/** An approval of an item, in the inbox. */
function asked(request: string): NewEvent {
  return {
    type: 'inbox.asked',
    data: {
      ...aboutItem(request),
      kind: 'approval',
      askedBy: 'impl',
      question: 'Deploy to production?',
      details: '{"commit":"abc"}',
      options: ['approve', 'reject'],
      whoMayAnswer: ['person'],
      deadline: START_MS + 3_600_000,
      defaultAnswer: '"reject"',
    },
  }
}

function aboutItem(request: string): {
  readonly request: string
  readonly scope: 'item'
  readonly subject: string
} {
  return { request, scope: 'item', subject: 'c' }
}

/** An inbox in which one request is answered, one expires, one is taken back, and one is open. */
const INBOX: readonly NewEvent[] = [
  ...['ask_1', 'ask_2', 'ask_3', 'ask_4'].map(asked),
  { type: 'inbox.answered', data: { ...aboutItem('ask_1'), answer: '"approve"', comment: 'Looks good' } },
  { type: 'inbox.expired', data: { ...aboutItem('ask_2'), answer: '"reject"' } },
  { type: 'inbox.withdrawn', data: { ...aboutItem('ask_3'), reason: 'Not needed.' } },
]

const MAIN = 'refs/heads/main'
const ADVANCE = { from: null, tree: '7'.repeat(40), base: 'b'.repeat(40), target: MAIN } as const
const REQUEST = { target: MAIN, mode: 'auto', verified: true } as const

/** The facts of one merge: of an item of the same name as its change. */
function work(item: string): { merge: string; item: string; attempt: string; change: string; head: string } {
  return { merge: `mrg_${item}`, item, attempt: `att_${item}`, change: item, head: item.repeat(40) }
}

function requested(item: string, mode: 'auto' | 'manual' = 'auto'): NewEvent[] {
  const { merge, ...made } = work(item)
  return [
    { type: 'change.advanced', data: { ...ADVANCE, ...made } },
    { type: 'merge.requested', data: { ...REQUEST, ...made, merge, mode, title: `Do ${item}` } },
  ]
}

function intended(items: readonly string[], old: string, next: string): NewEvent {
  const merges = items.map((item) => ({ merge: work(item).merge, commit: next.repeat(40) }))
  const move = { target: MAIN, ref: MAIN, old: old.repeat(40), new: next.repeat(40) }
  return { type: 'merge.intended', data: { merges, ...move } }
}

function completed(item: string, commit: string): NewEvent {
  const { head: _, ...facts } = work(item)
  return { type: 'merge.completed', data: { ...facts, target: MAIN, commit: commit.repeat(40) } }
}

const CHANGE_OF_E = { change: 'e', item: 'e', attempt: 'att_e', head: 'e'.repeat(40) } as const

/** A merge queue in which work is merged, red, held, and taken over from a host that died. */
const MERGES: readonly NewEvent[] = [
  ...requested('a'),
  ...requested('b'),
  { type: 'merge.taken', data: { merges: ['mrg_a', 'mrg_b'], target: MAIN, host: 'host_1' } },
  intended(['a'], '0', '1'),
  {
    type: 'merge.rejected',
    data: {
      merge: 'mrg_b',
      item: 'b',
      error: { code: 'verification_failed', message: 'Red.', details: { exitCode: 1 } },
    },
  },
  { type: 'merge.adopted', data: { merges: ['mrg_a'], target: MAIN, host: 'host_2' } },
  completed('a', '1'),
  ...requested('c', 'manual'),
  {
    type: 'merge.held',
    data: { merge: 'mrg_c', item: 'c', reason: 'manual', ref: null, tip: null, message: 'Approve it.' },
  },
  { type: 'merge.returned', data: { merge: 'mrg_c', item: 'c', reason: 'approved' } },
  // It waits beside a tree that is not clean.
  ...requested('d'),
  { type: 'merge.taken', data: { merges: ['mrg_d'], target: MAIN, host: 'host_2' } },
  { type: 'merge.returned', data: { merge: 'mrg_d', item: 'd', reason: 'moved' } },
  { type: 'merge.taken', data: { merges: ['mrg_d'], target: MAIN, host: 'host_2' } },
  intended(['d'], '1', '2'),
  {
    type: 'merge.held',
    data: {
      merge: 'mrg_d',
      item: 'd',
      reason: 'main_tree_dirty',
      ref: 'refs/heads/atelier/main',
      tip: null,
      message: 'Commit or stash your changes.',
    },
  },
  // Two parallel changes of a run: one came to the target within another, one is not wanted any more.
  { type: 'change.advanced', data: { ...ADVANCE, ...CHANGE_OF_E } },
  { type: 'change.closed', data: { change: 'e', head: 'e'.repeat(40), commit: '2'.repeat(40) } },
  { type: 'change.advanced', data: { ...ADVANCE, ...CHANGE_OF_E, change: 'f', item: 'f' } },
  { type: 'change.closed', data: { change: 'f', head: 'e'.repeat(40), commit: null } },
]

const DAY: readonly (Action | NewEvent)[] = [
  { type: 'host.started', data: { host: 'host_1', pid: 4711, kind: 'background' } },
  { do: 'profile', name: 'coder', role: 'You write clean, tested code.' },
  { ...CREATE, ...IMPL },
  { ...CREATE, ...TESTS, profile: null, definition: 1 },
  { do: 'put', key: 'plan', condition: 'none' },
  { do: 'put', key: 'plan', condition: 'current' },
  // A session goes on over two turns, with a long prompt.
  { ...POST, ...IMPL, kind: 'ask' },
  { ...START, ...IMPL },
  { do: 'pass', ms: 1500 },
  FINISH,
  { ...POST, ...IMPL, isLong: true },
  { ...START, ...IMPL },
  { ...FINISH, costMicros: null },
  // Failed, cancelled while it ran, and cancelled while it waited.
  { ...POST, ...IMPL, kind: 'pipe' },
  { ...POST, ...IMPL, kind: 'fan' },
  { ...POST, ...IMPL },
  { ...START, ...IMPL },
  { ...FINISH, outcome: 'rate_limit', costMicros: 900 },
  { ...START, ...IMPL },
  { do: 'cancelAgent', ...IMPL },
  { ...FINISH, outcome: 'cancelled' },
  // Lost and run again.
  { ...POST, ...TESTS },
  { ...START, ...TESTS },
  LOSE,
  { ...START, ...TESTS, host: 'host_2' },
  FINISH,
  // Deferred by a quota that is used up, and run when it is reset.
  { ...POST, ...TESTS },
  { ...START, ...TESTS },
  { ...FINISH, outcome: 'usage_limit', costMicros: 0 },
  { do: 'pass', ms: 900_000 },
  { ...START, ...TESTS },
  FINISH,
  // A limit that covers nothing more.
  { do: 'setBudget', agent: 'tests', limitMicros: 400_000 },
  { do: 'resetBudget', agent: 'tests' },
  { do: 'setBudget', agent: 'tests', limitMicros: 10_000 },
  { ...POST, ...TESTS },
  { ...START, ...TESTS },
  { do: 'setBudget', agent: 'tests', limitMicros: null },
  // Given up after ten attempts.
  { ...POST, ...TESTS },
  ...Array.from({ length: 10 }, (): Action[] => [{ ...START, ...TESTS }, LOSE]).flat(),
  // A schedule that ticks, skips, and ends.
  { do: 'every', ...IMPL, intervalMs: 60_000 },
  { do: 'pass', ms: 60_000 },
  { do: 'pass', ms: 150_000 },
  { do: 'cancelSchedule', ...IMPL },
  { do: 'every', ...TESTS, intervalMs: 30_000 },
  // Replaced while it works, reset, dismissed with a schedule, and back again.
  { ...START, ...IMPL },
  { ...CREATE, ...IMPL, definition: 3 },
  { ...FINISH, outcome: 'context_overflow' },
  { do: 'reset', ...IMPL },
  { ...POST, ...TESTS },
  { do: 'dismiss', ...TESTS },
  { ...CREATE, ...TESTS, definition: 2 },
  { ...POST, ...TESTS },
  { do: 'remove', key: 'plan', condition: 'current' },
  { do: 'put', key: 'result', condition: 'none' },
  ...BOARD,
  ...MERGES,
  ...INBOX,
  ...runEvents(),
  { type: 'item.fell_back', data: { item: 'd', tries: 3 } },
  { type: 'host.stop_requested', data: { host: 'host_1', now: false } },
  { type: 'host.stopped', data: { host: 'host_1' } },
  { type: 'host.lost', data: { host: 'host_2', reason: 'host_died' } },
]

/** The team at the end of that day. */
export function everyEvent(): RowTeam {
  const team = new RowTeam()
  for (const step of DAY) {
    team.now += 250
    if ('do' in step) team.perform(step)
    else team.append(step)
  }
  return team
}

if (import.meta.main) {
  const path = new URL(`../fixtures/logs/v${process.argv[2]}`, import.meta.url).pathname
  const team = everyEvent()
  writeFileSync(`${path}.jsonl`, team.log.map((event) => `${JSON.stringify(event)}\n`).join(''), {
    flag: 'wx',
  })
  writeFileSync(`${path}.rows.json`, `${JSON.stringify(team.rows(), null, 2)}\n`, { flag: 'wx' })
}
