import { array, assert, nat, property, string } from 'fast-check'
import { expect, test } from 'vitest'

import { LineReader, Tail, decodeText } from '../../src/processes/output.ts'

const WIDE = { maxLineBytes: 1 << 20, maxTotalBytes: 1 << 24 }

function linesOf(reader: LineReader, ...pieces: (string | Buffer)[]): string[] {
  const lines = pieces.flatMap((piece) => reader.push(Buffer.from(piece)))
  const last = reader.finish()
  return last === undefined ? lines : [...lines, last]
}

test('lines are the same however the bytes are cut', () => {
  assert(
    property(array(string({ unit: 'binary' })), array(nat(40)), (texts, cuts) => {
      const whole = texts.map((text) => text.replaceAll(/[\r\n]/gu, '.')).join('\n')
      const bytes = Buffer.from(whole)
      const pieces: Buffer[] = []
      let at = 0
      for (const cut of cuts) {
        pieces.push(bytes.subarray(at, at + cut))
        at += cut
      }
      pieces.push(bytes.subarray(at))
      const expected = bytes.toString('utf8').split('\n')
      if (expected.at(-1) === '') expected.pop()
      expect(linesOf(new LineReader(WIDE), ...pieces)).toEqual(expected)
    }),
  )
})

test('a line may end in CR LF, and the last one need not end', () => {
  expect(linesOf(new LineReader(WIDE), 'a\r\nb\r', '\n\nc')).toEqual(['a', 'b', '', 'c'])
})

test('a line that is too long is refused before it is read whole', () => {
  const reader = new LineReader({ maxLineBytes: 1000, maxTotalBytes: 1 << 30 })
  reader.push(Buffer.from('short\n'))
  expect(() => {
    for (let n = 0; n < 1000; n++) reader.push(Buffer.alloc(100, 'x'))
  }).toThrow('The line that begins at byte 6 of the output is longer than 1000 bytes.')
})

test('output that is too long is refused however short its lines are', () => {
  const reader = new LineReader({ maxLineBytes: 1000, maxTotalBytes: 1 << 20 })
  expect(() => {
    for (let n = 0; n < 1 << 20; n++) reader.push(Buffer.from('x\n'))
  }).toThrow('The output is longer than 1 MiB.')
})

test.each([
  ['a byte that begins nothing', [0x61, 0x0a, 0x62, 0xff, 0x63], 3],
  ['a sequence that is cut off', [0x61, 0x0a, 0xe2, 0x82, 0x0a], 2],
  ['half of a surrogate pair', [0x61, 0xed, 0xa0, 0x80], 1],
  ['after a replacement character that was printed', [0xef, 0xbf, 0xbd, 0x61, 0xc0, 0xaf], 4],
])('bytes that are not UTF-8 are refused with their place: %s', (_what, bytes, offset) => {
  expect(() => linesOf(new LineReader(WIDE), Buffer.from(bytes))).toThrow(
    `the byte at offset ${offset} is not valid`,
  )
  expect(() => decodeText(Buffer.from(bytes))).toThrow(`the byte at offset ${offset} is not valid`)
})

test('the tail keeps the end, in bounds', () => {
  const tail = new Tail(10)
  for (const piece of ['0123456789abcdef', 'gh', 'ij', '']) tail.push(Buffer.from(piece))
  expect(tail.text()).toBe('abcdefghij')
  tail.push(Buffer.from('x'.repeat(100)))
  expect(tail.text()).toBe('x'.repeat(10))
})

test('the tail begins with a whole character', () => {
  const tail = new Tail(4)
  tail.push(Buffer.from('ääb'))
  expect(tail.text()).toBe('äb')
})
