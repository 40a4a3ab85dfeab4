import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson, headOf } from './json.ts'

/** The same value with the keys of every object the other way round. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, member]) => [key, turned(member)]),
  )
}

describe('canonical JSON', () => {
  it('is the same text for equal values, whatever the order of their keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(turned(value))).toBe(canonicalJson(value))
      }),
    )
  })

  it('reads back as the value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
  })

  it('orders the keys of objects inside of lists and objects', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: { f: null, e: true } })).toBe(
      '{"a":{"e":true,"f":null},"b":[{"c":2,"d":1}]}',
    )
  })

  it('leaves out members that are undefined', () => {
    expect(canonicalJson({ model: undefined, role: '' })).toBe(canonicalJson({ role: '' }))
  })

  it('keeps a key named __proto__ as a key', () => {
    expect(canonicalJson(JSON.parse('{"__proto__":{"b":1}}'))).toBe('{"__proto__":{"b":1}}')
  })
})

describe('the head of a text', () => {
  it.each([
    ['Fix the tests', 36, 'Fix the tests'],
    ['  Fix\n\n\tthe   tests ', 36, 'Fix the tests'],
    ['123456', 6, '123456'],
    ['1234567', 6, '12345…'],
    ['', 6, ''],
    ['   ', 6, ''],
    ['a💡b', 3, 'a…'],
    [`a${' '.repeat(18)}b`, 5, 'a b'],
    [`a${' '.repeat(19)}b`, 5, 'a…'],
    ['💡💡', 4, '💡💡'],
    [`Fix${' '.repeat(50)}`, 6, 'Fix'],
  ])('of %j in %i characters is %j', (text, length, head) => {
    expect(headOf(text, length)).toBe(head)
  })

  it('shows that there is more, also where the rest was only looked at for its length', () => {
    expect(headOf(`Fix${' '.repeat(50)}the tests`, 8)).toBe('Fix…')
  })

  it('is one line of whole characters, no longer than asked for', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 })
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 40 }), (whole, length) => {
        const head = headOf(whole, length)
        expect(head.length).toBeLessThanOrEqual(length)
        expect(head).not.toMatch(/\s{2}|[\n\r\t]/u)
        expect(head.isWellFormed()).toBe(true)
      }),
    )
  })
})
