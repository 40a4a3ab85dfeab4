import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  hasEnded,
  isSettled,
  nextRunState,
  nextStageState,
  type RunStep,
  type StageStep,
} from './lifecycle.ts'
import type { RunState, StageState } from './run.ts'

const STAGES: readonly StageState[] = ['pending', 'queued', 'open', 'done', 'failed', 'skipped', 'cancelled']
const STAGE_STEPS: readonly StageStep[] = [
  ...(['met', 'queued', 'opened', 'worked', 'escalated', 'done', 'failed', 'skipped', 'cancelled'] as const),
  ...(['rewound', 'signalled'] as const),
]
const RUNS: readonly RunState[] = [
  ...(['running', 'paused', 'completed', 'partially_completed', 'failed', 'cancelled'] as const),
]
const RUN_STEPS: readonly RunStep[] = [
  ...(['paused', 'resumed', 'completed', 'partially_completed', 'failed', 'cancelled', 'reopened'] as const),
]

/** The lines of the nth table in the comment at the top of the file, as cells. */
function documented(nth: number): string[][] {
  const source = readFileSync(new URL('lifecycle.ts', import.meta.url), 'utf8')
  const lines = source.slice(0, source.indexOf('*/')).match(/^ \* \|.*\|$/gmu) ?? []
  const starts = lines.flatMap((line, index) =>
    lines[index + 1]?.startsWith(' * |--') === true ? [index] : [],
  )
  return lines.slice(starts[nth], starts[nth + 1]).map((line) =>
    line
      .slice(' * |'.length, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

describe('the lifecycles of stages and runs', () => {
  it('B17: are the tables in the comment at the top of their file', () => {
    const [stageHeadings = [], , ...stages] = documented(0)
    expect(stageHeadings.slice(1)).toEqual(STAGE_STEPS)
    expect(stages).toEqual(
      STAGES.map((from) => [from, ...STAGE_STEPS.map((step) => nextStageState(from, step) ?? '-')]),
    )
    const [runHeadings = [], , ...runs] = documented(1)
    expect(runHeadings.slice(1)).toEqual(RUN_STEPS)
    expect(runs).toEqual(
      RUNS.map((from) => [from, ...RUN_STEPS.map((step) => nextRunState(from, step) ?? '-')]),
    )
  })

  it('name what goes on by itself', () => {
    expect(STAGES.filter((state) => !isSettled(state))).toEqual(['pending', 'queued', 'open'])
    expect(RUNS.filter((state) => !hasEnded(state))).toEqual(['running', 'paused'])
  })
})
