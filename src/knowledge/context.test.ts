import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contextRow, eventOf } from '../../test/replay/example-rows.ts'
import type { ContextRow } from '../tables.ts'
import { applyContextPut, applyContextRemoved, decidePut, decideRemove, visibleVersion } from './context.ts'

const REMOVED = contextRow({ value: null, version: 4 })

describe('writing a key', () => {
  it('makes version 1 of a new one', () => {
    expect(decidePut(undefined, { key: 'plan', value: '1' })).toEqual({
      events: [{ type: 'context.put', data: { key: 'plan', value: '1', version: 1 } }],
    })
  })

  it('makes the next version whatever the last one was, without a condition', () => {
    expect(decidePut(contextRow({ version: 3 }), { key: 'plan', value: '1' })).toMatchObject({
      events: [{ data: { version: 4 } }],
    })
  })

  it.each([
    ['the current version', contextRow({ version: 3 }), 3],
    ['no value where there is none', undefined, 0],
    ['no value where it was removed', REMOVED, 0],
  ])('succeeds on the condition of %s', (_name, row, ifVersion) => {
    expect(decidePut(row, { key: 'plan', value: '1', ifVersion })).toHaveProperty('events')
  })

  it.each([
    ['a version that was overwritten', contextRow({ version: 3 }), 2, 3],
    ['no value where there is one', contextRow({ version: 3 }), 0, 3],
    ['a value where there is none', undefined, 1, 0],
    ['the version of its removal', REMOVED, 4, 0],
  ])('is refused as a conflict on the condition of %s', (_name, row, expected, actual) => {
    expect(decidePut(row, { key: 'plan', value: '1', ifVersion: expected })).toMatchObject({
      refused: { code: 'conflict', details: { key: 'plan', expected, actual } },
    })
  })

  it('says in a conflict who wrote the version that is there', () => {
    expect(
      decidePut(contextRow({ version: 3, by: 'kim' }), { key: 'plan', value: '1', ifVersion: 2 }),
    ).toMatchObject({
      refused: {
        message:
          'The key "plan" was expected at version 2, but it is at version 3, written by kim. Read it again and decide anew.',
      },
    })
  })

  it('says in a conflict that there is nothing', () => {
    expect(decidePut(REMOVED, { key: 'plan', value: '1', ifVersion: 3 })).toMatchObject({
      refused: {
        message:
          'The key "plan" was expected at version 3, but it does not exist. Read it again and decide anew.',
      },
    })
  })

  it('goes on with the version of a removal, so that no version ever means two values', () => {
    expect(decidePut(REMOVED, { key: 'plan', value: '1', ifVersion: 0 })).toMatchObject({
      events: [{ data: { version: 5 } }],
    })
  })
})

it('AS-120: of two writers from the same version one succeeds, and the other succeeds after reading again', () => {
  let row: ContextRow | undefined = contextRow({ version: 3 })
  const first = decidePut(row, { key: 'plan', value: '"a"', ifVersion: 3 })
  if ('events' in first && first.events[0]?.type === 'context.put') {
    row = applyContextPut(eventOf('context.put', first.events[0].data))[0]?.row as ContextRow
  }
  expect(row).toMatchObject({ value: '"a"', version: 4 })
  expect(decidePut(row, { key: 'plan', value: '"b"', ifVersion: 3 })).toMatchObject({
    refused: { code: 'conflict' },
  })
  expect(decidePut(row, { key: 'plan', value: '"b"', ifVersion: visibleVersion(row) })).toHaveProperty(
    'events',
  )
})

describe('removing a key', () => {
  it('makes a version of its own', () => {
    expect(decideRemove(contextRow({ version: 3 }), 'plan')).toEqual({
      events: [{ type: 'context.removed', data: { key: 'plan', version: 4 } }],
    })
  })

  it.each([
    ['was never there', undefined],
    ['was removed already', REMOVED],
  ])('changes nothing where it %s', (_name, row) => {
    expect(decideRemove(row, 'plan')).toEqual({ events: [] })
    expect(decideRemove(row, 'plan', 0)).toEqual({ events: [] })
  })

  it('is refused as a conflict from a version that was overwritten', () => {
    expect(decideRemove(contextRow({ version: 3 }), 'plan', 2)).toMatchObject({
      refused: { code: 'conflict' },
    })
    expect(decideRemove(contextRow({ version: 3 }), 'plan', 3)).toHaveProperty('events')
  })
})

describe('the row of a key', () => {
  it('has the value, its version, and who wrote it when', () => {
    expect(
      applyContextPut(eventOf('context.put', { key: 'plan', value: '1', version: 2 }, { at: 50 })),
    ).toEqual([
      {
        table: 'context',
        key: 'plan',
        row: { key: 'plan', value: '1', version: 2, by: 'kim', updatedAt: 50 },
      },
    ])
  })

  it('stays without a value when it is removed', () => {
    expect(applyContextRemoved(eventOf('context.removed', { key: 'plan', version: 3 }, { at: 60 }))).toEqual([
      {
        table: 'context',
        key: 'plan',
        row: { key: 'plan', value: null, version: 3, by: 'kim', updatedAt: 60 },
      },
    ])
  })
})

it('versions rise by one with every change, whoever writes and removes', () => {
  const change = fc.constantFrom<'put' | 'remove'>('put', 'remove')
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      let row: ContextRow | undefined
      const versions: number[] = []
      for (const kind of changes) {
        const decided = kind === 'put' ? decidePut(row, { key: 'k', value: '1' }) : decideRemove(row, 'k')
        for (const event of 'events' in decided ? decided.events : []) {
          if (event.type === 'context.put')
            row = applyContextPut(eventOf('context.put', event.data))[0]?.row as ContextRow
          if (event.type === 'context.removed')
            row = applyContextRemoved(eventOf('context.removed', event.data))[0]?.row as ContextRow
          versions.push(row?.version ?? 0)
        }
      }
      expect(versions).toEqual(versions.map((_, index) => index + 1))
    }),
  )
})
