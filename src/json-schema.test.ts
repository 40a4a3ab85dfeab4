import { describe, expect, it } from 'vitest'
import { jsonIn, readTyped } from './json-schema.ts'

const SCHEMA = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }

describe('the JSON of an answer', () => {
  it.each([
    ['{"n": 1}', { n: 1 }],
    ['Here:\n```json\n{"n": 1}\n```\nand so\n````\n{"n": 2}\n````', { n: 2 }],
    ['```\nno json\n```\n\n```json\n[1]\n```\n', [1]],
    ['```json\n{"n": 3}\n```\n```\nnot this\n```', { n: 3 }],
    ['no json', undefined],
    ['``` {"n": 1} ```', undefined],
  ])('of %j is %j', (text, value) => {
    expect(jsonIn(text)).toEqual(value)
  })
})

describe('an answer that must fit a schema', () => {
  it('is its value, or what is wrong with it', () => {
    expect(readTyped('{"n": 7, "more": true}', SCHEMA)).toEqual({ ok: true, value: { n: 7, more: true } })
    expect(readTyped('seven', SCHEMA)).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('no JSON')],
    })
    expect(readTyped('{"n": "seven"}', SCHEMA)).toMatchObject({
      ok: false,
      problems: [expect.stringMatching(/^\/n: /u)],
    })
  })

  it('is refused where the schema itself cannot be checked', () => {
    expect(readTyped('{}', { type: 'nothing' })).toMatchObject({
      ok: false,
      problems: [expect.stringContaining('cannot be checked')],
    })
  })
})
