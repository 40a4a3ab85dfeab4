import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { refusal } from '../../test/refusal.ts'
import { parseContextKey, parseContextValue, parseName, parsePrompt } from './definition-schema.ts'
import { MAX_PROMPT_BYTES, utf8Bytes } from './text-rules.ts'

describe('parseName', () => {
  it.each(['a', '7', 'impl', 'dev_1', 'code-reviewer', 'v1.2', 'x'.repeat(64)])(
    'takes a valid name (%#)',
    (name) => {
      expect(parseName('agent', name)).toBe(name)
    },
  )

  it.each(['', '-a', '.a', '_a', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(65), 5, null, undefined, ['a']])(
    'refuses another name (%#)',
    (name) => {
      const error = refusal(() => parseName('agent', name))
      expect(error.code).toBe('invalid_input')
      expect(error.message).toMatch(/^The name of the agent is .*; it must be 1 to 64 characters of A-Z/u)
      expect(error.details).toEqual({
        field: 'name',
        allowed: expect.stringContaining('beginning with a letter or digit') as string,
      })
    },
  )

  it('offers a similar name that is valid', () => {
    expect(refusal(() => parseName('agent', ' my agent! ')).message).toMatch(/For example: "my-agent"\.$/u)
    expect(refusal(() => parseName('agent', '…')).message).toMatch(/digit\.$/u)
  })
})

describe('parsePrompt', () => {
  it('takes any text, as it is', () => {
    expect(parsePrompt('  Write\r\n\ttests 🎉 ')).toBe('  Write\r\n\ttests 🎉 ')
  })

  it('repairs a text that was cut inside of an emoji', () => {
    expect(parsePrompt('Cheer 🎉'.slice(0, -1))).toBe('Cheer \uFFFD')
    expect(parsePrompt('\udf89 🎉')).toBe('\uFFFD 🎉')
  })

  it.each(['', ' \n', 5, null, undefined, {}])('refuses what is no text (%#)', (text) => {
    const error = refusal(() => parsePrompt(text))
    expect(error.message).toMatch(/^The prompt is .*; it must be a text that is not blank\.$/u)
    expect(error.details).toMatchObject({ field: 'prompt', allowed: 'a text that is not blank' })
  })

  it('refuses a prompt above 4 MiB with its size, the limit and what to do instead', () => {
    expect(parsePrompt('x'.repeat(MAX_PROMPT_BYTES))).toHaveLength(MAX_PROMPT_BYTES)
    const error = refusal(() => parsePrompt('€'.repeat(1_747_627)))
    expect(error.code).toBe('invalid_input')
    expect(error.message).toBe(
      'The prompt has 5.0 MiB (5242881 bytes); the limit is 4.0 MiB (4194304 bytes). ' +
        'Put the text in a file of the project and name the file in the prompt: the agent reads what it needs.',
    )
    expect(error.details).toEqual({
      field: 'prompt',
      allowed: 'at most 4194304 bytes',
      bytes: 5_242_881,
      limit: 4_194_304,
    })
  })

  it('refuses binary data', () => {
    const error = refusal(() => parsePrompt('PNG\0\0'))
    expect(error.message).toMatch(
      /^The prompt has a NUL character at position 3: that is binary data\. Put the text in a file/u,
    )
    expect(error.details).toEqual({ field: 'prompt', allowed: 'text' })
  })

  it('counts bytes as UTF-8 has them', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        (text) => utf8Bytes(text) === new TextEncoder().encode(text).length,
      ),
    )
    const units = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes))
    fc.assert(fc.property(units, (text) => utf8Bytes(text) === new TextEncoder().encode(text).length))
  })
})

describe('parseContextKey', () => {
  it.each(['plan', 'plan/step 1', 'ключ', '🎉', 'x'.repeat(512)])('takes a key (%#)', (key) => {
    expect(parseContextKey(key)).toBe(key)
  })

  it.each(['', '  ', 'a\nb', 'a\0', '\ud83c', 'x'.repeat(513), 5, null, ['a', 'b']])(
    'refuses another key (%#)',
    (key) => {
      const error = refusal(() => parseContextKey(key))
      expect(error.message).toMatch(/^The key is .*; it must be a text of 1 to 512 characters/u)
      expect(error.details['field']).toBe('key')
    },
  )
})

describe('parseContextValue', () => {
  it('gives a copy of any JSON', () => {
    // That one key is refused: a copy would not have it.
    const values = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"__proto__"'))
    fc.assert(
      fc.property(values, (value) => {
        expect(parseContextValue('k', value)).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    const list = [{ a: 1 }]
    expect(parseContextValue('k', list)).not.toBe(list)
    expect(parseContextValue('k', { a: undefined, b: Object.create(null) as object })).toEqual({ b: {} })
  })

  it.each([
    [undefined, 'value is undefined'],
    [{ a: [1, undefined] }, 'value.a[1] is undefined'],
    [{ 'a b': 1n }, 'value["a b"] is a bigint'],
    [[Number.NaN], 'value[0] is NaN'],
    [{ at: new Date(0) }, 'value.at is an object'],
    [JSON.parse('{"__proto__": 1}'), 'without the key "__proto__"'],
    ['x'.repeat(MAX_PROMPT_BYTES), 'the value is too large'],
    [Array.from({ length: 200 }).reduce((inner) => [inner], 1), 'at most 100 levels deep'],
  ])('refuses what is not JSON and names the part (%#)', (value: unknown, sentence) => {
    const error = refusal(() => parseContextValue('plan', value))
    expect(error.code).toBe('invalid_input')
    expect(error.message).toMatch(/^The value for the key "plan": value/u)
    expect(error.message).toContain(sentence)
    expect(error.details).toMatchObject({ key: 'plan', field: expect.stringMatching(/^value/u) as string })
  })

  it('ends with a value that contains itself, or that is small and unfolds without end', () => {
    const self: Record<string, unknown> = {}
    self['self'] = self
    expect(refusal(() => parseContextValue('k', self)).message).toContain('contain itself')
    const doubled = Array.from({ length: 60 }).reduce((inner) => [inner, inner], 1)
    expect(refusal(() => parseContextValue('k', doubled)).message).toContain('too large')
  })
})
