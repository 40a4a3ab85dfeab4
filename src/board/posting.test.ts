import { describe, expect, it } from 'vitest'
import { SmallBoard } from '../../test/board/small-board.ts'
import { itemRow } from '../../test/replay/example-rows.ts'
import { decidePosting, type PostItem } from './posting.ts'

function post(id: string, dependsOn: readonly string[] = [], changes: Partial<PostItem> = {}): PostItem {
  return {
    id,
    title: id,
    type: 'code',
    priority: 3,
    definition: '{}',
    dependsOn,
    estimateMs: 1000,
    touches: [],
    change: null,
    ...changes,
  }
}

const EMPTY = { items: new Map(), known: [], replace: false }

/** The error of a batch that must be refused. */
function refused(...args: Parameters<typeof decidePosting>) {
  const decided = decidePosting(...args)
  if ('events' in decided) throw new Error('It was accepted.')
  return decided.refused
}

describe('a posted batch', () => {
  it('says which part of a run an item is', () => {
    const part = { run: 'feature-1', stage: 'each', round: 2, index: 7 }
    const decided = decidePosting([post('feature-1/each#2.7', [], { part }), post('other')], EMPTY)
    const posted = 'events' in decided ? decided.events.filter(({ type }) => type === 'item.posted') : []
    expect(posted.map(({ data }) => 'part' in data && data.part)).toEqual([part, false])
  })

  it('A29: is ready where nothing is to be waited for, else new', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a', 'c < b a'])
    expect(board.states()).toEqual({ a: 'ready', b: 'new', c: 'new' })
    expect(board.get('c')).toMatchObject({
      unmet: 2,
      dependsOn: ['b', 'a'],
      waiting: { for: 'dependencies' },
    })
  })

  it('A29: may come in any order, and name a dependency twice', () => {
    const board = new SmallBoard()
    board.post(['c < b b', 'b < a', 'a'])
    expect(board.states()).toEqual({ a: 'ready', b: 'new', c: 'new' })
    expect(board.get('c')).toMatchObject({ unmet: 1, dependsOn: ['b'] })
  })

  it('A29: is ready behind what is done or skipped, and blocked behind what failed', () => {
    const board = new SmallBoard()
    board.post(['a', 'b', 'c', 'd < c'])
    board.finish('a')
    board.do('skipItem', 'b')
    board.fail('c')
    board.post(['e < a b', 'f < a d', 'g < f'])
    expect(board.states()).toMatchObject({ e: 'ready', f: 'blocked by c', g: 'blocked by c' })
  })

  it('A26, A27: keeps what was posted, and a line of work of its own where none is named', () => {
    const item = post('auth', [], { touches: ['src/auth/'], priority: 1, title: 'Implement auth' })
    const decided = decidePosting([item, post('tests', ['auth'], { change: 'auth' })], EMPTY)
    expect('events' in decided && decided.events.slice(0, 2)).toMatchObject([
      {
        type: 'item.posted',
        data: {
          item: 'auth',
          title: 'Implement auth',
          kind: 'code',
          priority: 1,
          definition: '{}',
          dependsOn: [],
          unmet: 0,
          estimateMs: 1000,
          path: 2000,
          touches: ['src/auth/'],
          change: 'auth',
        },
      },
      { data: { item: 'tests', change: 'auth', path: 1000 } },
    ])
  })

  it('AS-25: with an unknown dependency is refused with the nearest ids', () => {
    const items = new Map([['auth', itemRow()]])
    expect(refused([post('x', ['auth', 'aut'])], { items, known: ['auth'], replace: false })).toEqual({
      code: 'unknown_dependency',
      message:
        'The item "x" depends on "aut", which does not exist. Did you mean "auth"? Nothing was posted.',
      details: { item: 'x', dependency: 'aut', nearest: ['auth'] },
    })
    expect(refused([post('x', ['nowhere'])], EMPTY).message).toContain('Post that item first')
  })

  it('AS-25: is refused whole', () => {
    const board = new SmallBoard()
    expect(board.post(['a', 'b < nowhere'])).toBe('unknown_dependency')
    expect(board.states()).toEqual({})
  })

  it('AS-26: with a circle is refused with its ids, and nothing is posted', () => {
    const error = refused([post('a', ['b']), post('b', ['c']), post('c', ['a'])], EMPTY)
    expect(error).toMatchObject({ code: 'circular_dependency', details: { cycle: ['a', 'b', 'c', 'a'] } })
    expect(error.message).toContain('a -> b -> c -> a')
    expect(refused([post('a', ['a'])], EMPTY).details).toEqual({ cycle: ['a', 'a'] })
  })

  it('AS-27: with an id that exists is refused and changes nothing', () => {
    const board = new SmallBoard()
    board.post(['a'])
    const before = board.get('a')
    expect(board.post(['b', 'a'])).toBe('already_exists')
    expect(board.states()).toEqual({ a: 'ready' })
    expect(board.get('a')).toBe(before)
  })

  it('AS-27: with an id twice is refused', () => {
    expect(refused([post('a'), post('a')], EMPTY)).toMatchObject({
      code: 'already_exists',
      details: { item: 'a' },
    })
  })

  it.each([
    ['is claimed', (board: SmallBoard) => board.claim('a'), 'claimed'],
    ['is done', (board: SmallBoard) => board.finish('a'), 'done'],
    ['was skipped', (board: SmallBoard) => board.do('skipItem', 'a'), 'skipped'],
  ])('AS-27: replaces no item that %s', (_name, act, from) => {
    const board = new SmallBoard()
    board.post(['a'])
    act(board)
    const before = board.get('a')
    expect(board.post(['a'], { replace: true })).toBe('invalid_transition')
    expect(board.get('a')).toBe(before)
    const facts = { items: new Map([['a', before]]), known: [], replace: true }
    expect(refused([post('a')], facts)).toMatchObject({ details: { item: 'a', from, to: 'ready' } })
  })
})

describe('AS-27: a replaced item', () => {
  it('keeps what depends on it, and counts its tries from the start', () => {
    const board = new SmallBoard()
    board.post(['x', 'a < x', 'b < a'])
    board.lose('x')
    board.post(['x', 'a'], { replace: true })
    expect(board.states()).toEqual({ x: 'ready', a: 'ready', b: 'new' })
    expect(board.get('x')).toMatchObject({ attempts: 0, losses: 0, revision: 2 })
    board.finish('a')
    expect(board.states()).toMatchObject({ b: 'ready' })
  })

  it('that had failed no longer blocks what is behind it', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a', 'c < b'])
    board.fail('a')
    board.post(['a'], { replace: true })
    expect(board.states()).toEqual({ a: 'ready', b: 'new', c: 'new' })
    board.finish('a', 'b')
    expect(board.states()).toEqual({ a: 'done', b: 'done', c: 'ready' })
  })

  it('that failed and now waits unblocks what is behind it as well', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a'])
    board.fail('a')
    board.post(['n', 'a < n'], { replace: true })
    expect(board.states()).toEqual({ n: 'ready', a: 'new', b: 'new' })
  })

  it('that is now behind a failed one blocks what is behind it, also what the batch puts behind that', () => {
    const board = new SmallBoard()
    board.post(['f', 'x', 'y < x', 'z', 'end < z'])
    board.fail('f')
    board.post(['x < f', 'z < y'], { replace: true })
    expect(board.states()).toEqual({
      f: 'failed',
      x: 'blocked by f',
      y: 'blocked by f',
      z: 'blocked by f',
      end: 'blocked by f',
    })
    board.do('retryItem', 'f')
    expect(board.states()).toEqual({ f: 'ready', x: 'new', y: 'new', z: 'new', end: 'new' })
  })

  it('may not close a circle through what was posted before', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a', 'c < b'])
    expect(board.post(['a < c'], { replace: true })).toBe('circular_dependency')
    expect(board.states()).toEqual({ a: 'ready', b: 'new', c: 'new' })
  })
})

describe('the way from an item to the end of the board', () => {
  it('is the longest one, and becomes longer with what is posted behind it', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a'])
    expect(board.get('a').path).toBe(2000)
    const before = board.get('a').rank
    board.post(['c < b', 'd < a', 'e < c'])
    expect([board.get('a').path, board.get('b').path, board.get('d').path]).toEqual([4000, 3000, 1000])
    expect(board.get('a').rank).toBeLessThan(before)
  })

  it('becomes shorter when what is behind it is replaced or removed', () => {
    const board = new SmallBoard()
    board.post(['a', 'b < a', 'c < b'])
    board.post(['b', 'c'], { replace: true })
    expect([board.get('a').path, board.get('b').path, board.get('c').path]).toEqual([1000, 1000, 1000])
    board.post(['d < a', 'e < d'])
    board.remove('e')
    expect([board.get('a').path, board.get('d').path]).toEqual([2000, 1000])
  })

  it('stays as it was for what is done', () => {
    const board = new SmallBoard()
    board.post(['a'])
    board.finish('a')
    const before = board.get('a')
    board.post(['b < a'])
    expect(board.get('a')).toBe(before)
  })
})
