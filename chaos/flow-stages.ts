/** The workflow under chaos, what its agents answer, and the trace that they leave where the product does not look. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TurnRequest } from '../src/agent-backend.ts'
import type { AnyStage } from '../src/workflow/input.ts'
import { subjectId } from '../src/workflow/names.ts'
import { lines } from './verify.ts'

export const WORKFLOW = 'chaos'
export const RUN: string = `${WORKFLOW}-1`
/** The stage whose result is that of the run. */
export const LAST_STAGE = 'end'
const ELEMENTS = 20
/** The file that the writer adds a line to in each round, and nobody else. */
export const WRITTEN_FILE = 'work.txt'
/** What the reviewer gives in each round: two rejections. */
const SCORES = [10, 40, 90]

/** Stages of every kind: a loop, a gate that rejects twice, a map, a run within the run, a command, a time, and a person. */
export const STAGES: readonly AnyStage[] = [
  { id: 'plan', agent: 'planner', title: 'plan' },
  { id: 'write', agent: 'coder', title: 'write', needs: 'plan', worktree: true },
  {
    id: 'check',
    needs: 'write',
    gate: { reviewer: 'judge', pass: 'score >= 70', onReject: 'write', maxRounds: 3 },
    title: 'check',
  },
  {
    id: 'polish',
    needs: 'check',
    agent: 'polisher',
    title: 'polish',
    loop: { until: 'round >= 3', maxRounds: 5 },
  },
  {
    id: 'each',
    needs: 'check',
    agent: 'hand',
    title: 'each',
    map: { over: `[${Array.from({ length: ELEMENTS }, (_, n) => n).join(', ')}]`, limit: 4 },
  },
  {
    id: 'inner',
    needs: 'check',
    workflow: {
      name: 'within',
      stages: [
        { id: 'one', noop: true },
        { id: 'two', noop: true, needs: 'one' },
      ],
    },
  },
  { id: 'tell', needs: 'check', run: 'echo told' },
  { id: 'pause', needs: ['polish', 'each', 'inner', 'tell'], wait: 50 },
  { id: 'ok', needs: 'pause', gate: { person: 'Ship it?' }, title: 'ok' },
  { id: LAST_STAGE, needs: 'ok', from: ['polish', 'each', 'tell'], agent: 'planner', title: LAST_STAGE },
]

/** One line for each turn that began: what the oracle counts. */
export interface TraceLine {
  readonly at: number
  readonly item: string
}

export function traceIn(dir: string): readonly TraceLine[] {
  return lines(traceFile(dir)).map((line) => JSON.parse(line) as TraceLine)
}

function traceFile(dir: string): string {
  return join(dir, 'trace.log')
}

/** What an agent does about its item; the same each time, so that an interrupted run must end as any other. @param dir of the run */
export function playStage(dir: string, { prompt, cwd }: TurnRequest): string {
  const { stage, round, index } = partIn(prompt)
  const item = subjectId(RUN, stage, round, index)
  appendFileSync(traceFile(dir), `${JSON.stringify({ at: Date.now(), item } satisfies TraceLine)}\n`)
  switch (stage) {
    case 'write':
      return write(join(cwd, WRITTEN_FILE), `round ${round}`)
    case 'check':
      return JSON.stringify({ score: SCORES[round - 1], issues: [`issue ${round}`] })
    case LAST_STAGE:
      return `made of ${[...prompt.matchAll(/did [\w/#.-]+|told/gu)].map(([text]) => text).join(', ')}`
    default:
      return `did ${item}`
  }
}

/** An attempt may begin with what the one before it has saved. */
function write(path: string, line: string): string {
  if (!existsSync(path) || !readFileSync(path, 'utf8').split('\n').includes(line))
    appendFileSync(path, `${line}\n`)
  return `wrote ${line}`
}

/** The title of an item says which it is; what is said before it in a prompt does not begin with the id of a stage. */
function partIn(prompt: string): {
  readonly stage: string
  readonly round: number
  readonly index: number | null
} {
  const found = /^(plan|write|check|polish|each|end)(?: \((\d+)\))?(?:, round (\d+))?$/mu.exec(prompt)
  if (found === null) throw new Error(`A prompt names no stage: ${prompt}`)
  const [, stage = '', number, round = '1'] = found
  return { stage, round: Number(round), index: number === undefined ? null : Number(number) - 1 }
}
