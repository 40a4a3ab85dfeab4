/** What the two agents of the direct demo say and do where a script speaks for them. Files and test runs are real. */
import { readEdits, TESTS, type Played } from './story.ts'

/** One turn of one agent. */
export interface Part extends Played {
  readonly agent: 'impl' | 'reviewer'
  /** Number of the turn in the agent's session, from 1. */
  readonly turn: number
}

/** Names the tests that fail, as the test runner prints them; a line with a slash is that of a whole file. */
const FAILURES = "node --test --test-reporter=tap 2>&1 | grep -v / | grep '^ *not ok '"
const COMMIT = "git add --all && git commit -qm 'Retry failed notifications' && git log -1 --format=%h"

/** @param dir the sample project as it is before the demo */
export async function directStory(dir: string): Promise<readonly Part[]> {
  const [first = [], review = [], fix = []] = await readEdits(dir, [
    'direct/step1',
    'direct/step2',
    'direct/step3',
  ])
  return [
    {
      agent: 'impl',
      turn: 1,
      acts: [
        { say: 'An event is sent once and then given up. First: are the tests green?' },
        { run: TESTS },
        { say: 'They are. I add lib/retry.js, use it in lib/notify.js, and test both.' },
        { edits: first },
        { run: TESTS },
        { say: 'Failed notifications are retried three times with a doubling pause. Tests:\n@LAST@' },
      ],
      usage: { input: 14_200, output: 2_900 },
      costUsd: 0.086,
    },
    {
      agent: 'reviewer',
      turn: 1,
      acts: [
        { say: 'The loop condition looks one too long. I will not argue; I will test it.' },
        { edits: review },
        { run: FAILURES },
        { say: 'Not correct yet. Two tests that I added in test/retry-attempts.test.js fail:\n@LAST@' },
      ],
      usage: { input: 9_800, output: 1_100 },
      costUsd: 0.046,
    },
    {
      agent: 'impl',
      turn: 2,
      acts: [
        { say: 'Right: it makes one attempt too many, and waits after the last one.' },
        { edits: fix },
        { run: TESTS },
        { run: COMMIT },
        { say: 'Fixed, with your tests green, and committed as @LAST@' },
      ],
      usage: { input: 16_400, output: 1_300 },
      costUsd: 0.069,
    },
    {
      agent: 'impl',
      turn: 3,
      acts: [
        {
          say: 'There is no jitter, so clients that failed together retry together. And an error that will never go away, such as a rejected event, is retried like any other.',
        },
      ],
      usage: { input: 8_100, output: 400 },
      costUsd: 0.03,
    },
    {
      agent: 'reviewer',
      turn: 2,
      acts: [
        {
          say: 'attempts is not checked: 0 still calls once, and NaN never stops. And finishing a task now waits for the retries.',
        },
      ],
      usage: { input: 8_300, output: 420 },
      costUsd: 0.031,
    },
  ]
}
