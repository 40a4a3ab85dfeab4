import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hashText, newId, newUuid, packText, randomFraction } from './ids.ts'
import { INLINE_TEXT_BYTES } from './json.ts'

describe('an identifier', () => {
  it('says what it names, and has 80 random bits without letters that read as digits', () => {
    expect(newId('turn')).toMatch(/^turn_[0-9a-hjkmnp-tv-z]{16}$/u)
  })

  it('is never given twice, also beyond the pool of random bytes', () => {
    const ids = Array.from({ length: 5000 }, () => newId('msg'))
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('uses every letter of its alphabet at every place', () => {
    const ids = Array.from({ length: 2000 }, () => newId('msg').slice('msg_'.length))
    const letters = Array.from({ length: 16 }, (_, place) => new Set(ids.map((id) => id[place])).size)
    expect(letters).toEqual(Array.from({ length: 16 }, () => 32))
  })
})

it('a UUID is a random one, and never given twice', () => {
  const ids = Array.from({ length: 1000 }, newUuid)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u)
})

it('a random fraction lies anywhere in [0, 1)', () => {
  const fractions = Array.from({ length: 1000 }, randomFraction)
  expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true)
  const tenths = new Set(fractions.map((fraction) => Math.floor(fraction * 10)))
  expect(tenths.size).toBe(10)
})

it('a hash is the SHA-256 of the UTF-8 text', () => {
  expect(hashText('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(hashText('ü')).toBe('607474ca475a9724d7360aba71a56d5df77e61350e3f724cfa1f46e857e2d85f')
})

describe('a text is packed', () => {
  it('inline up to 4 KiB', () => {
    expect(INLINE_TEXT_BYTES).toBe(4096)
  })

  it.each([
    ['a', 1, INLINE_TEXT_BYTES],
    ['ü', 2, INLINE_TEXT_BYTES / 2],
    ['💡', 4, INLINE_TEXT_BYTES / 4],
  ])('inline as long as its UTF-8 fits, with %j of %i bytes', (character, _bytes, most) => {
    const fits = character.repeat(most)
    expect(packText(fits)).toEqual({ stored: fits, blobs: [] })
    expect(packText(`${fits}a`).blobs).toHaveLength(1)
  })

  it('inline where it is short', () => {
    expect(packText('Fix the tests')).toEqual({ stored: 'Fix the tests', blobs: [] })
  })

  it('with 3 bytes to a character, inline up to the last one that fits', () => {
    const most = Math.floor(INLINE_TEXT_BYTES / 3)
    expect(packText('€'.repeat(most)).blobs).toHaveLength(0)
    expect(packText('€'.repeat(most + 1)).blobs).toHaveLength(1)
  })

  it('into a blob under its hash, with its length in bytes and its beginning', () => {
    const text = `Fix\n${'ü'.repeat(3000)}`
    const hash = hashText(text)
    expect(packText(text)).toEqual({
      stored: { blob: hash, bytes: 6004, head: `Fix ${'ü'.repeat(195)}…` },
      blobs: [{ hash, body: text }],
    })
  })

  it('so that nothing of it is lost', () => {
    const run = fc.tuple(fc.constantFrom('a', 'ü', '€', '💡', '\n'), fc.nat({ max: 2500 }))
    fc.assert(
      fc.property(fc.array(run, { maxLength: 4 }), (runs) => {
        const whole = runs.map(([character, times]) => character.repeat(times)).join('')
        const { stored, blobs } = packText(whole)
        const isShort = Buffer.byteLength(whole) <= INLINE_TEXT_BYTES
        const inline = typeof stored === 'string' ? stored : undefined
        const kept = typeof stored === 'string' ? undefined : blobs.find(({ hash }) => hash === stored.blob)
        expect(inline ?? kept?.body).toBe(whole)
        expect(inline !== undefined).toBe(isShort)
      }),
    )
  })
})
