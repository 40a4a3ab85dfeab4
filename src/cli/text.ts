/** Text on a terminal: what is safe to show, how wide it is, where to cut it. */

/** CSI, then OSC and its kin with their terminator, then any other escape, in their 7-bit and 8-bit forms. */
const ESCAPES =
  // oxlint-disable-next-line no-control-regex
  /(?:\u001B\[|\u009B)[0-?]*[ -/]*[@-~]|(?:\u001B[\]PX^_]|[\u009D\u0090\u0098\u009E\u009F])[^\u0007\u001B\u009C]*(?:\u0007|\u001B\\|\u009C)|\u001B[ -/]*[0-~]?/gu

/** Control characters but tab and newline, and marks that turn the direction of text around. */
// oxlint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/gu

/**
 * Text of an agent or a tool as a terminal may show it: without anything that moves the cursor, sets
 * the title or the clipboard, hides text or rewrites what stands above.
 */
export function safeText(text: string): string {
  return text.replaceAll('\r\n', '\n').replaceAll(ESCAPES, '').replaceAll(CONTROLS, '')
}

/** Text as one safe line, for a cell or a status line. */
export function oneLine(text: string): string {
  return safeText(text).replaceAll(/\s+/gu, ' ').trim()
}

/** East Asian wide and full-width characters (UAX #11), by their blocks. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{1B000}-\u{1B2FF}\u{20000}-\u{3FFFD}]/u
/** What is drawn as a picture: by default, by a variation selector, as a flag, as a key cap (UTS #51). */
const EMOJI = /^(?:\p{Emoji_Presentation}|\p{Emoji}\uFE0F|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3)/u
const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]+$/u
const PLAIN = /^[\u0020-\u007E]*$/u

let segmenter: Intl.Segmenter | undefined

/** What a person takes for one character each. */
function graphemes(text: string): string[] {
  if (PLAIN.test(text)) return Array.from(text)
  segmenter ??= new Intl.Segmenter()
  return [...segmenter.segment(text)].map(({ segment }) => segment)
}

function graphemeWidth(grapheme: string): number {
  if (ZERO.test(grapheme)) return 0
  return EMOJI.test(grapheme) || WIDE.test(grapheme) ? 2 : 1
}

/** How many columns a line of text takes. */
export function widthOf(line: string): number {
  if (PLAIN.test(line)) return line.length
  return graphemes(line).reduce((sum, grapheme) => sum + graphemeWidth(grapheme), 0)
}

/** The beginning of a line that fits into `width` columns; `…` stands for what was cut. */
export function fit(line: string, width: number): string {
  if (widthOf(line) <= width) return line
  let used = 0
  let kept = ''
  for (const grapheme of graphemes(line)) {
    used += graphemeWidth(grapheme)
    if (used > width - 1) break
    kept += grapheme
  }
  return width < 1 ? '' : `${kept.trimEnd()}…`
}

/** A line filled up with blanks to `width` columns. */
export function pad(line: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(line)))
  return align === 'left' ? line + blanks : blanks + line
}

/** Text whose lines after the first begin with blanks; empty ones stay empty. */
export function hang(text: string, indent: string): string {
  return text.trimEnd().replaceAll(/\n(?=[^\n])/gu, `\n${indent}`)
}

/** Text as a stream shows it: safe and broken between words on a terminal, as it is elsewhere. */
export function readable(
  text: string,
  sink: { readonly isTerminal: boolean; readonly width: number },
): string {
  if (!sink.isTerminal) return text
  const lines = safeText(text).split('\n')
  return lines.flatMap((line) => (widthOf(line) > sink.width ? wrap(line, sink.width) : [line])).join('\n')
}

/** Breaks text between words into lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/u)) {
    if (line !== '' && widthOf(line) + 1 + widthOf(word) > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
