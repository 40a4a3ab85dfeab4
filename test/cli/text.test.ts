import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTable } from '../../src/cli/columns.ts'
import { paintFor } from '../../src/cli/paint.ts'
import { fit, oneLine, pad, safeText, widthOf, wrap } from '../../src/cli/text.ts'
import { fakeTerminal } from './support.ts'

const ESC = '\u001B'

describe('text of an agent', () => {
  it.each([
    ['colours', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['the title of the window', `${ESC}]0;owned\u0007text`, 'text'],
    ['the clipboard', `${ESC}]52;c;aGk=${ESC}\\text`, 'text'],
    ['links', `${ESC}]8;;http://evil${ESC}\\click${ESC}]8;;${ESC}\\`, 'click'],
    ['the cursor', `a${ESC}[2K${ESC}[1;1Hb${ESC}c`, 'ab'],
    ['device control', `${ESC}P1$r0m${ESC}\\text`, 'text'],
    ['8-bit controls', 'a\u009B31mb\u009D0;x\u009Cc', 'abc'],
    ['backspaces and returns', 'safe\b\b\b\bevil\rover', 'safeevilover'],
    ['reversed text', 'a\u202Eb\u2066c', 'abc'],
    ['an escape that does not end', `a${ESC}]0;title`, 'a0;title'],
  ])('cannot touch %s', (_what, text, shown) => {
    expect(safeText(text)).toBe(shown)
  })

  it('keeps lines, tabs and every script', () => {
    const text = 'a\tb\nçé 日本 ابج 👩‍👩‍👧'
    expect(safeText(text)).toBe(text)
    expect(safeText('a\r\nb')).toBe('a\nb')
    expect(oneLine(' a\n\tb ')).toBe('a b')
  })

  it('has no control character left, whatever it was', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom(ESC, '[', ']', '\u0007', '\\', '\u009B', 'm', '0', ';', 'P', '\r', 'x'),
        }),
        (text) => {
          // oxlint-disable-next-line no-control-regex
          expect(safeText(text)).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/u)
        },
      ),
    )
  })
})

describe('the width of text', () => {
  it.each([
    ['abc', 3],
    ['日本', 4],
    ['한글', 4],
    ['ＡＢ', 4],
    ['é', 1],
    ['👍', 2],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['…', 1],
    ['✓', 1],
    ['', 0],
  ])('%s takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width)
  })

  it('is never more than asked for, and exactly that when filled up', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', ' ', '日', '👍', 'é', '👩‍👧', '…') })
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 30 }), (text, width) => {
        expect(widthOf(fit(text, width))).toBeLessThanOrEqual(width)
        expect(widthOf(pad(fit(text, width), width))).toBe(width)
      }),
    )
  })

  it('breaks between words', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('無駄 無駄 x', 5)).toEqual(['無駄', '無駄', 'x'])
  })
})

describe('a table', () => {
  const rows = [
    { name: 'impl', task: 'a task that is much too long for a narrow screen', cost: '1.50' },
    { name: '設計者', task: '設計書を読む', cost: '10.00' },
  ]
  const columns = [
    { title: 'AGENT', text: (row: (typeof rows)[0]) => row.name },
    { title: 'TASK', flexible: true, text: (row: (typeof rows)[0]) => row.task },
    { title: 'COST', align: 'right', text: (row: (typeof rows)[0]) => row.cost },
  ] as const
  const paint = paintFor(fakeTerminal().out)

  it('has its columns below each other, in any script', () => {
    const lines = formatTable(rows, columns, { width: 80, paint }).trimEnd().split('\n')
    expect(lines.map(widthOf)).toEqual([63, 63, 63])
    expect(lines[2]).toMatch(/^設計者 {2}設計書を読む +10\.00$/u)
  })

  it('fits the screen by cutting the column that may give way', () => {
    const lines = formatTable(rows, columns, { width: 40, paint }).trimEnd().split('\n')
    expect(Math.max(...lines.map(widthOf))).toBe(40)
    expect(lines[1]).toMatch(/^impl {4}a task that is much too… {4}1\.50$/u)
  })

  it('cuts other columns where that is not enough', () => {
    const lines = formatTable([{ name: 'n'.repeat(90), task: '', cost: '1' }], columns, {
      width: 40,
      paint,
    }).split('\n')
    expect(Math.max(...lines.map(widthOf))).toBeLessThanOrEqual(40)
  })

  it('keeps everything on one line and safe', () => {
    const text = formatTable([{ name: `a\nb${ESC}[2J`, task: 'x', cost: '' }], columns, { width: 80, paint })
    expect(text.split('\n')[1]).toMatch(/^a b {4}x$/u)
  })
})
