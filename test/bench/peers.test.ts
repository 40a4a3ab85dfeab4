import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { cellOf, outcomeOf, type Run } from '../../bench/peers/cell.ts'
import { choiceOf } from '../../bench/peers/choice.ts'
import { FLOOR, PEERS, type Peer } from '../../bench/peers/peers.ts'
import { levelsOf, SHAPES, stepsOf } from '../../bench/peers/shapes.ts'
import { jsonOf, tableOf, type Row } from '../../bench/peers/table.ts'

const RUN: Run = { ms: 250, steps: 100, version: 'quick 1.2.3', fsync: 'wal, FULL' }

const QUICK: Peer = { name: 'quick', title: 'Quick', folder: 'quick', words: [], hasPackages: true }
const SLOW: Peer = { name: 'slow', title: 'Slow', folder: 'slow', words: [], hasPackages: true }

test('every shape has as many steps as it is asked for, and a step waits for earlier ones only', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SHAPES), fc.integer({ min: 1, max: 200 }), (shape, size) => {
      const seen = new Set<string>()
      for (const { id, dependsOn } of stepsOf(shape, size)) {
        for (const each of dependsOn) expect(seen).toContain(each)
        seen.add(id)
      }
      expect(seen.size).toBe(size)
    }),
  )
})

test('a chain waits for the step before, the last of a fan for all the others', () => {
  expect(stepsOf('chain', 3).map(({ dependsOn }) => dependsOn)).toEqual([[], ['item-0'], ['item-1']])
  expect(stepsOf('fan', 3).map(({ dependsOn }) => dependsOn)).toEqual([[], [], ['item-0', 'item-1']])
})

test('a shape or size that there is not is refused', () => {
  expect(() => stepsOf('ring', 3)).toThrow('no shape ring')
  expect(() => stepsOf('chain', 0)).toThrow('no 0 steps')
  expect(() => stepsOf('chain', Number.NaN)).toThrow('no NaN steps')
})

test('levels hold every step once, each after all that it depends on', () => {
  fc.assert(
    fc.property(fc.constantFrom(...SHAPES), fc.integer({ min: 1, max: 100 }), (shape, size) => {
      const steps = stepsOf(shape, size)
      const levels = levelsOf(steps)
      expect(levels.flat()).toHaveLength(size)
      const before = new Set<string>()
      for (const level of levels) {
        for (const { dependsOn } of level) for (const each of dependsOn) expect(before).toContain(each)
        for (const { id } of level) before.add(id)
      }
    }),
  )
  expect(levelsOf(stepsOf('fan', 5)).map((level) => level.length)).toEqual([4, 1])
})

test('without words everything is measured three times, with --short the smallest of each shape once', () => {
  const all = choiceOf([])
  expect(all).toMatchObject({ json: false, rounds: 3, peers: PEERS })
  expect(new Set(all.tasks.map(({ shape }) => shape))).toEqual(new Set(SHAPES))
  const short = choiceOf(['--short'])
  expect(short.rounds).toBe(1)
  expect(short.tasks).toHaveLength(2 * SHAPES.length)
  for (const shape of SHAPES) {
    const sizes = all.tasks.filter((task) => task.shape === shape).map(({ size }) => size)
    expect(short.tasks.find((task) => task.shape === shape)?.size).toBe(Math.min(...sizes))
  }
})

test('--only narrows peers, shapes, sizes and sync modes, each kind for itself', () => {
  const words = [
    '--only',
    'mastra',
    '--only',
    'chain-100',
    '--only',
    'dag',
    '--only',
    'full',
    '--rounds',
    '5',
  ]
  const { peers, tasks, rounds } = choiceOf(words)
  expect(peers.map(({ name }) => name)).toEqual(['mastra'])
  expect(tasks).toEqual([
    { shape: 'chain', size: 100, sync: 'full' },
    { shape: 'dag', size: 1000, sync: 'full' },
  ])
  expect(rounds).toBe(5)
  expect(choiceOf(['--short', '--only', 'chain-5000', '--only', 'normal']).tasks).toEqual([
    { shape: 'chain', size: 5000, sync: 'normal' },
  ])
})

test('words that mean nothing are refused', () => {
  expect(() => choiceOf(['--only', 'mastra', '--only', 'nobody'])).toThrow('There is no nobody.')
  expect(() => choiceOf(['--rounds', 'many'])).toThrow('many is no number of rounds')
  expect(() => choiceOf(['--rounds', '0'])).toThrow('0 is no number of rounds')
  expect(() => choiceOf(['--fast'])).toThrow('--fast')
})

test('names are given once, so that --only means one thing', () => {
  const names = [FLOOR, ...PEERS].map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('the last line of a peer is what it says, whatever its libraries print', () => {
  expect(outcomeOf(`a warning\n${JSON.stringify(RUN)}\n`)).toEqual(RUN)
  expect(outcomeOf('{"error":"no more than 1000"}\n')).toEqual({ error: 'no more than 1000' })
})

test.each(['', 'Killed', 'null', '7', '{"ms":3}', '{"ms":"3","steps":1,"version":"1","fsync":"wal"}'])(
  'what is not a run is none: %j',
  (line) => {
    expect(outcomeOf(line)).toBeUndefined()
  },
)

test('the median of the rounds counts', () => {
  const cell = cellOf([RUN, { ...RUN, ms: 900 }, { ...RUN, ms: 300 }])
  expect(cell).toEqual({ ...RUN, ms: 300, msPerStep: 3, rounds: 3 })
})

test('one round that failed or took too long is the outcome', () => {
  expect(cellOf([RUN, { over: 120_000 }])).toEqual({ over: 120_000 })
  expect(cellOf([{ error: 'no memory' }])).toEqual({ error: 'no memory' })
  expect(() => cellOf([])).toThrow('no runs')
})

const ROWS: readonly Row[] = [
  {
    task: { shape: 'chain', size: 100, sync: 'normal' },
    cells: new Map([
      ['quick', cellOf([{ ...RUN, fsync: 'wal, NORMAL' }])],
      ['slow', { over: 120_000 }],
    ]),
  },
  {
    task: { shape: 'chain', size: 5000, sync: 'full' },
    cells: new Map([
      ['quick', cellOf([{ ...RUN, ms: 12_345, steps: 5000 }])],
      ['slow', { error: 'at most 1000 steps' }],
    ]),
  },
  {
    task: { shape: 'fan', size: 10_000, sync: 'full' },
    cells: new Map([['slow', { error: 'at most 1000 steps' }]]),
  },
]

test('the table has a row for each task and a column for each peer, with versions, modes and reasons', () => {
  expect(tableOf([QUICK, SLOW], ROWS).split('\n')).toEqual([
    'shape  steps  sync    Quick          Slow',
    'chain  100    normal  2.5 (250 ms)   over 120 s',
    'chain  5000   full    2.47 (12.3 s)  none [1]',
    'fan    10000  full    -              none [1]',
    '',
    'ms a step (in all), median; sync: PRAGMA synchronous of every connection',
    'Quick: quick 1.2.3; normal = wal, NORMAL; full = wal, FULL',
    'Slow: nothing was measured',
    '[1] at most 1000 steps',
    '',
  ])
})

test('the JSON has the same figures, unrounded', () => {
  expect(JSON.parse(jsonOf(ROWS))).toMatchObject([
    {
      shape: 'chain',
      size: 100,
      sync: 'normal',
      peers: { quick: { ms: 250, rounds: 1 }, slow: { over: 120_000 } },
    },
    { size: 5000, peers: { quick: { ms: 12_345 }, slow: { error: 'at most 1000 steps' } } },
    { size: 10_000, peers: {} },
  ])
})
