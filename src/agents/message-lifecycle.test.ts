import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isSettled, nextMessageState, type MessageState, type MessageStep } from './message-lifecycle.ts'

const STATES: readonly MessageState[] = ['queued', 'delivered', 'answered', 'failed', 'cancelled']
const STEPS: readonly MessageStep[] = [
  'turn.started',
  'turn.completed',
  'turn.failed',
  'turn.cancelled',
  'turn.deferred',
  'turn.lost',
  'message.failed',
  'message.cancelled',
]

/** The lines of the table in the comment at the top of the file, as cells. */
function documented(): string[][] {
  const source = readFileSync(new URL('message-lifecycle.ts', import.meta.url), 'utf8')
  const lines = source.slice(0, source.indexOf('*/')).match(/^ \* \|.*\|$/gmu) ?? []
  return lines.map((line) =>
    line
      .slice(' * |'.length, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

/** The outcomes of a finished turn share the heading of the first of them. */
function stepOf(heading: string): string {
  const outcome = heading.replace('turn.finished: ', '')
  return outcome.includes('.') ? outcome : `turn.${outcome}`
}

describe('the lifecycle of a message', () => {
  it('is the table in the comment at the top of its file', () => {
    const derived = STATES.map((from) => [from, ...STEPS.map((step) => nextMessageState(from, step) ?? '-')])
    const [headings = [], , ...rows] = documented()
    expect(headings.slice(1).map(stepOf)).toEqual(STEPS)
    expect(rows).toEqual(derived)
  })

  it('ends where no step leads on', () => {
    expect(STATES.filter(isSettled)).toEqual(['answered', 'failed', 'cancelled'])
  })

  it('has a way to the end from every state', () => {
    const open = STATES.filter((state) => !isSettled(state))
    const ends = open.map((state) =>
      STEPS.map((step) => nextMessageState(state, step)).some((to) => to !== undefined && isSettled(to)),
    )
    expect(ends).toEqual([true, true])
  })
})
