import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { RequestState } from './request.ts'
import { nextRequestState, type RequestStep } from './request-lifecycle.ts'

const STATES: readonly RequestState[] = ['open', 'answered', 'expired', 'withdrawn']
const STEPS: readonly RequestStep[] = ['answered', 'expired', 'withdrawn']

/** The lines of the table in the comment at the top of the file, as cells. */
function documented(): string[][] {
  const source = readFileSync(new URL('request-lifecycle.ts', import.meta.url), 'utf8')
  const lines = source.slice(0, source.indexOf('*/')).match(/^ \* \|.*\|$/gmu) ?? []
  return lines.map((line) =>
    line
      .slice(' * |'.length, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

describe('the lifecycle of a request', () => {
  it('is the table in the comment at the top of its file', () => {
    const derived = STATES.map((from) => [from, ...STEPS.map((step) => nextRequestState(from, step) ?? '-')])
    const [headings = [], , ...rows] = documented()
    expect(headings.slice(1)).toEqual(STEPS)
    expect(rows).toEqual(derived)
  })

  it('ends with its first step, whichever that is', () => {
    const left = STATES.filter((state) => STEPS.some((step) => nextRequestState(state, step) !== undefined))
    expect(left).toEqual(['open'])
  })
})
