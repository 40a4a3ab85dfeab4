/** What is posted in the board demo, and what its agents say and do. Edits, test runs and merges are real. */
import type { WorkOptions } from '../facade/board-contract.ts'
import type { Cue } from './script.ts'
import { readEdits, type Played } from './story.ts'

/** An item, as the demo posts it. */
export interface Posted {
  readonly id: string
  readonly title: string
  readonly options: WorkOptions
}

/** One attempt at an item, whoever makes it. */
export interface Part extends Played {
  readonly cue: Cue
}

/** What the engine runs, in the worktree of an attempt and on main with its work. */
export const VERIFY = 'node --test'

const AUTH = 'Require a token'
const API = 'Remove a task'
const AUTH_REVIEW = 'Review auth'
const API_REVIEW = 'Review api'

export const ITEMS: readonly Posted[] = [
  { id: 'auth', title: AUTH, options: { type: 'code', priority: 1, verify: [VERIFY] } },
  { id: 'api', title: API, options: { type: 'code', priority: 2, verify: [VERIFY] } },
  { id: 'auth_review', title: AUTH_REVIEW, options: { type: 'review', dependsOn: ['auth'] } },
  { id: 'api_review', title: API_REVIEW, options: { type: 'review', dependsOn: ['api'] } },
]

/** Runs the project's own tests, and says in one line how many passed and failed. */
const TESTS = "node --test --test-reporter=tap 2>&1 | grep -E '^# (pass|fail) ' | paste -s -d ' ' -"
const BRANCH = 'git branch --show-current'
const LAST_MERGE = 'git log -1 --format=%s'

/** @param dir the sample project as it is before the demo */
export async function boardStory(dir: string): Promise<readonly Part[]> {
  const [first = [], second = []] = await readEdits(dir, ['board/auth1', 'board/auth2'])
  const [remove = []] = await readEdits(dir, ['board/api'])
  return [
    {
      cue: { match: new RegExp(`^${AUTH}[^]*Feedback on the last attempt`, 'u') },
      acts: [
        { say: 'Right: who sets no tokens is locked out, as the old tests were.' },
        { edits: second },
        { run: TESTS },
        { say: 'Without tokens nobody is asked for one.' },
      ],
      usage: { input: 15_100, output: 900 },
      costUsd: 0.059,
    },
    {
      cue: { match: new RegExp(`^${AUTH}`, 'u') },
      acts: [
        { run: BRANCH },
        { say: 'Whoever asks is answered. I put a guard before the routes.' },
        { edits: first },
        { say: 'Every request needs a token now. Done, and it works.' },
      ],
      usage: { input: 13_400, output: 2_200 },
      costUsd: 0.073,
    },
    {
      cue: { match: new RegExp(`^${API}`, 'u') },
      acts: [
        { run: BRANCH },
        { say: 'DELETE /tasks/:id is a route in lib/api.js, and new below it.' },
        { edits: remove },
        { run: TESTS },
        { say: 'A task can be removed; one that is unknown is answered with 404.' },
      ],
      usage: { input: 12_600, output: 1_900 },
      costUsd: 0.066,
    },
    {
      cue: { match: new RegExp(`^${AUTH_REVIEW}`, 'u') },
      acts: [
        { run: LAST_MERGE },
        { run: TESTS },
        { say: 'Approved: no request gets past the guard, DELETE included.' },
      ],
      usage: { input: 9_200, output: 500 },
      costUsd: 0.035,
    },
    {
      cue: { match: new RegExp(`^${API_REVIEW}`, 'u') },
      acts: [
        { run: LAST_MERGE },
        { run: TESTS },
        { say: 'Approved: a task that was removed is gone from the report, too.' },
      ],
      usage: { input: 8_700, output: 450 },
      costUsd: 0.033,
    },
  ]
}
