import { describe, expect, it } from 'vitest'
import { SmallBoard } from '../../test/board/small-board.ts'
import { itemRow, runningItem } from '../../test/replay/example-rows.ts'
import { decideRemoval } from './removing.ts'

describe('A33: a removed item', () => {
  it('is gone with what it depended on and with what it waited for, and its id is free again', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a'], { retry: 'exponential' })
    board.fail('a')
    expect(board.team.list('wake')).toHaveLength(1)
    expect(board.remove('b', 'a')).toBe('item.removed item.removed')
    expect([board.team.list('item'), board.team.list('dependency'), board.team.list('wake')]).toEqual([
      [],
      [],
      [],
    ])
    board.post(['a'])
    expect(board.get('a')).toMatchObject({ attempts: 0, error: null, unmet: 0 })
    board.finish('a')
    expect(board.states()).toEqual({ a: 'done' })
  })

  it('may be done, failed or waiting', () => {
    const board = new SmallBoard()
    board.post(['a', 'b', 'c < b'])
    board.finish('a')
    board.fail('b')
    board.remove('a')
    board.remove('c')
    expect(board.states()).toEqual({ b: 'failed' })
  })

  it('is refused while something on the board depends on it', () => {
    const board = new Map([
      ['auth', itemRow()],
      ['tests', itemRow({ id: 'tests', dependsOn: ['auth'] })],
      ['docs', itemRow({ id: 'docs', dependsOn: ['auth'] })],
    ])
    expect(decideRemoval([itemRow()], board)).toEqual({
      refused: {
        code: 'conflict',
        message:
          'The item "auth" cannot be removed, because "tests" and 1 more on the board depends on it. Look at it with: work show tests. Nothing was removed.',
        details: { item: 'auth', dependents: ['tests', 'docs'] },
      },
    })
    board.delete('docs')
    const decided = decideRemoval([itemRow()], board)
    expect('refused' in decided && decided.refused.message).toContain('because "tests" on the board')
  })

  it('is refused while it runs', () => {
    const item = runningItem({ phase: 'verifying' })
    expect(decideRemoval([item], new Map([['auth', item]]))).toMatchObject({
      refused: { code: 'invalid_transition', details: { item: 'auth', from: 'verifying', to: 'removed' } },
    })
    // A row that names no phase is of no use to the reader either.
    const bare = runningItem({ phase: null })
    expect(decideRemoval([bare], new Map([['auth', bare]]))).toMatchObject({
      refused: { details: { from: 'running' } },
    })
  })

  it('is nothing where nothing is named', () => {
    expect(decideRemoval([], new Map())).toEqual({ events: [] })
  })
})
