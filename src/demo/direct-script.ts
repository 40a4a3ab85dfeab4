/** What the two agents of the direct demo do. Their words are scripted; files and test runs are real. */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Script, Step } from '../agent-backends/scripted/script.ts'
import { sampleFolder } from './sample-project.ts'

/** Runs the project's own tests, and says in one line how many passed and failed. */
const TESTS = `"${process.execPath}" --test --test-reporter=tap 2>&1 | grep -E '^# (pass|fail) '`
/** Names the tests that fail, as the test runner prints them. */
const FAILURES = `"${process.execPath}" --test --test-reporter=tap 2>&1 | grep -E '^ *not ok .* - [^/]*$'`
const COMMIT = `git add --all && git commit -qm 'Retry failed notifications' && git log -1 --format=%h`

/** @param paceMs pause between two steps */
export async function directScript(paceMs: number): Promise<Script> {
  const [first, review, fix] = await Promise.all([editsOf('step1'), editsOf('step2'), editsOf('step3')])
  return {
    rules: [
      {
        agent: 'impl',
        turn: 1,
        steps: paced(paceMs, [
          { say: 'An event is sent once and then given up. First: are the tests green?' },
          { run: TESTS },
          { say: 'They are. I add lib/retry.js, use it in lib/notify.js, and test both.' },
          ...first,
          { run: TESTS },
          { usage: { input: 14_200, output: 2_900 } },
          { cost: 0.086 },
          { say: 'Failed notifications are retried three times with a doubling pause. Tests:\n@LAST@' },
        ]),
      },
      {
        agent: 'reviewer',
        turn: 1,
        steps: paced(paceMs, [
          { say: 'The loop condition looks one too long. I will not argue; I will test it.' },
          ...review,
          { run: FAILURES },
          { usage: { input: 9_800, output: 1_100 } },
          { cost: 0.046 },
          { say: 'Not correct yet. Two tests that I added in test/retry-attempts.test.js fail:\n@LAST@' },
        ]),
      },
      {
        agent: 'impl',
        turn: 2,
        steps: paced(paceMs, [
          { say: 'Right: it makes one attempt too many, and waits after the last one.' },
          ...fix,
          { run: TESTS },
          { run: COMMIT },
          { usage: { input: 16_400, output: 1_300 } },
          { cost: 0.069 },
          { say: 'Fixed, with your tests green, and committed as @LAST@' },
        ]),
      },
      {
        agent: 'impl',
        steps: paced(paceMs, [
          { usage: { input: 8_100, output: 400 } },
          { cost: 0.03 },
          {
            say: 'There is no jitter, so clients that failed together retry together. And an error that will never go away, such as a rejected event, is retried like any other.',
          },
        ]),
      },
      {
        agent: 'reviewer',
        steps: paced(paceMs, [
          { usage: { input: 8_300, output: 420 } },
          { cost: 0.031 },
          {
            say: 'attempts is not checked: 0 still calls once, and NaN never stops. And finishing a task now waits for the retries.',
          },
        ]),
      },
    ],
  }
}

/** The files of a step as edits. */
async function editsOf(step: string): Promise<Step[]> {
  const folder = join(sampleFolder(), 'demo', 'direct', step)
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  return Promise.all(
    files.toSorted().map(async (file) => ({
      edit: { path: relative(folder, file), content: await readFile(file, 'utf8') },
    })),
  )
}

function paced(paceMs: number, steps: readonly Step[]): Step[] {
  if (paceMs === 0) return [...steps]
  return steps.flatMap((step): Step[] =>
    'usage' in step || 'cost' in step ? [step] : [{ delay: paceMs }, step],
  )
}
