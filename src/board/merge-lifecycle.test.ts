import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { MergeState } from './merge.ts'
import { isLive, isOver, nextMergeState, type MergeStep } from './merge-lifecycle.ts'

const STATES: readonly MergeState[] = ['queued', 'taken', 'intended', 'held', 'merged', 'rejected']
const STEPS: readonly MergeStep[] = [
  'taken',
  'adopted',
  'intended',
  'held',
  'returned',
  'completed',
  'rejected',
]

/** The lines of the table in the comment at the top of the file, as cells. */
function documented(): string[][] {
  const source = readFileSync(new URL('merge-lifecycle.ts', import.meta.url), 'utf8')
  const lines = source.slice(0, source.indexOf('*/')).match(/^ \* \|.*\|$/gmu) ?? []
  return lines.map((line) =>
    line
      .slice(' * |'.length, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

describe('the lifecycle of a merge', () => {
  it('is the table in the comment at the top of its file', () => {
    const derived = STATES.map((from) => [from, ...STEPS.map((step) => nextMergeState(from, step) ?? '-')])
    const [headings = [], , ...rows] = documented()
    expect(headings.slice(1)).toEqual(STEPS)
    expect(rows).toEqual(derived)
  })

  it('is over where no step leads on', () => {
    const final = STATES.filter((state) => STEPS.every((step) => nextMergeState(state, step) === undefined))
    expect(STATES.filter(isOver)).toEqual(final)
  })

  it('belongs to an integrator while it is taken or intended', () => {
    expect(STATES.filter(isLive)).toEqual(['taken', 'intended'])
  })
})
