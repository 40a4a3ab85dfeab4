/** What is to be built in the feature demo, and what its agents say and do. Edits, commands and merges are real. */
import type { Cue } from './script.ts'
import { readEdits, type Played } from './story.ts'

/** One turn, whoever takes it. */
export interface Part extends Played {
  readonly cue: Cue
}

/** What the engine runs before the review. */
export const VERIFY = 'node --test'

/** The file from which the workflow begins. */
export const SPEC = {
  path: 'specs/feature.md',
  text: `# Remove a task

\`DELETE /tasks/:id\` removes a task and answers with it, or with 404.

- A task that was removed is gone from the report.
- README.md names the request.
`,
} as const

/** Runs the project's own tests, and says in one line how many passed and failed. */
const TESTS = "node --test --test-reporter=tap 2>&1 | grep -E '^# (pass|fail) ' | paste -s -d ' ' -"
const NAMED = 'grep -c DELETE README.md || true'
const CHANGED = 'git diff --stat HEAD~1 | tail -1'

/** @param dir the sample project as it is before the demo */
export async function featureStory(dir: string): Promise<readonly Part[]> {
  const [remove = []] = await readEdits(dir, ['board/api'])
  const those = (part: RegExp) => remove.filter(({ path }) => part.test(path))
  return [
    {
      cue: { match: /^Plan the feature/u },
      acts: [
        { run: "ls lib | paste -s -d ' ' -" },
        {
          say: 'Goal: a task can be removed. Steps: 1. remove in lib/store.js and lib/tasks.js. 2. the route in lib/api.js. Acceptance: 404 for an unknown one; gone from the report; README.md names it.',
        },
      ],
      usage: { input: 6_100, output: 700 },
      costUsd: 0.028,
    },
    {
      cue: { match: /^Implement the plan, round 2/u },
      acts: [
        { say: 'The review is right: whoever reads README.md would not find it.' },
        { edits: those(/README/u) },
        { run: TESTS },
        { say: 'Done: README.md names DELETE /tasks/:id. Open: nothing.' },
      ],
      usage: { input: 9_300, output: 400 },
      costUsd: 0.031,
    },
    {
      cue: { match: /^Implement the plan/u },
      acts: [
        { run: 'git branch --show-current' },
        { edits: those(/^lib/u) },
        { run: TESTS },
        { say: 'Done: DELETE /tasks/:id in lib/api.js, remove below it. Open: nothing.' },
      ],
      usage: { input: 12_600, output: 1_700 },
      costUsd: 0.064,
    },
    {
      cue: { match: /^Test what was implemented, round 2/u },
      acts: [{ run: TESTS }, { say: 'pass. The tests of the first round hold.' }],
      usage: { input: 5_200, output: 200 },
      costUsd: 0.016,
    },
    {
      cue: { match: /^Test what was implemented/u },
      acts: [
        { edits: those(/^test/u) },
        { run: TESTS },
        { say: 'pass. New in test/remove.test.js: removed, unknown, and gone from the report.' },
      ],
      usage: { input: 8_400, output: 900 },
      costUsd: 0.04,
    },
    {
      cue: { match: /^Review the change, round 2/u },
      acts: [{ run: NAMED }, { say: verdict('approve', 91, []) }],
      usage: { input: 8_900, output: 250 },
      costUsd: 0.03,
    },
    {
      cue: { match: /^Review the change/u },
      acts: [
        { run: CHANGED },
        { run: NAMED },
        { say: verdict('request_changes', 62, ['README.md does not name DELETE /tasks/:id.']) },
      ],
      usage: { input: 9_100, output: 450 },
      costUsd: 0.034,
    },
  ]
}

function verdict(word: 'approve' | 'request_changes', score: number, issues: readonly string[]): string {
  return JSON.stringify({ verdict: word, score, issues })
}
