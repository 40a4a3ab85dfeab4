/** A screen as far as the CLI draws on one: what a person would see of the bytes that a terminal was sent. */
import { widthOf } from '../../src/cli/text.ts'

const ESC = '\u001B'
/** Text, or one of the controls that are drawn with; anything else of a terminal is a surprise. */
// oxlint-disable-next-line no-control-regex
const PIECES = /\u001B\[(\d*)([AJKm])|\u001B\[[\d;]*m|\r|\n|[^\u001B\r\n]+/gu

export class Screen {
  readonly #columns: number
  readonly #height: number
  #lines: string[] = ['']
  #row = 0
  #isAtStart = true
  /** What was sent that is neither text nor a control that is drawn with. */
  readonly surprises: string[] = []
  /** Lines that did not fit, which a terminal breaks. */
  readonly broken: string[] = []
  /** The screen each time before it is drawn anew, and at the end. */
  readonly frames: string[][] = []

  constructor({ columns, height }: { readonly columns: number; readonly height: number }) {
    this.#columns = columns
    this.#height = height
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  write(bytes: string): this {
    const rest = bytes.replaceAll(PIECES, (piece, count: string | undefined, control: string | undefined) => {
      this.#take(piece, Number(count === '' ? 1 : count), control)
      return ''
    })
    if (rest !== '') this.surprises.push(JSON.stringify(rest))
    this.frames.push([...this.#lines])
    return this
  }

  #take(piece: string, count: number, control: string | undefined): void {
    if (piece === '\r') this.#isAtStart = true
    else if (piece === '\n') this.#feed()
    else if (control === 'A') this.#up(count)
    else if (control === 'J') this.#lines.splice(this.#row, Infinity, '')
    else if (control === 'K') this.#lines[this.#row] = ''
    else if (!piece.startsWith(ESC)) this.#put(piece)
  }

  #up(count: number): void {
    this.frames.push([...this.#lines])
    // What has left the screen above cannot be reached any more.
    const top = Math.max(0, this.#lines.length - this.#height)
    if (this.#row - count < top)
      this.surprises.push(`${count} lines up from line ${this.#row - top} of the screen`)
    this.#row = Math.max(top, this.#row - count)
  }

  #feed(): void {
    this.#row++
    if (this.#row === this.#lines.length) this.#lines.push('')
    this.#isAtStart = true
  }

  #put(text: string): void {
    const line = (this.#isAtStart ? '' : (this.#lines[this.#row] ?? '')) + text
    this.#isAtStart = false
    this.#lines[this.#row] = line
    if (widthOf(line) <= this.#columns) return
    this.broken.push(line)
    this.#feed()
  }
}
