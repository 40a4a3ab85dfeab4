/** Tables of text that fit the screen. */
import type { Paint } from './paint.ts'
import { fit, oneLine, pad, widthOf } from './text.ts'

export interface Column<Row> {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** The column that gives way first where the screen is narrow. One per table is enough. */
  readonly flexible?: true
  /** Left out where the screen is narrower than this. */
  readonly from?: number
  /** Left out where no row has anything to say. */
  readonly optional?: true
  readonly text: (row: Row) => string
  readonly paint?: (text: string, row: Row) => string
}

const GAP = '  '
/** A narrower cell says nothing. */
const NARROWEST = 8

/** Rows as lines below their titles, none wider than `width`. Cells are single, safe lines. */
export function formatTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paint }: { readonly width: number; readonly paint: Paint },
): string {
  const shown = columns.filter(
    ({ from = 0, optional, text }) =>
      width >= from && (optional !== true || rows.some((row) => text(row) !== '')),
  )
  const cells = rows.map((row) => shown.map(({ text }) => oneLine(text(row))))
  const widths = fitWidths(shown, cells, width)
  const line = (words: readonly string[], finish: (text: string, column: number) => string): string =>
    words
      .map((word, column) => {
        const space = widths[column] as number
        return finish(pad(fit(word, space), space, shown[column]?.align), column)
      })
      .join(GAP)
      .trimEnd()
  const titles = line(
    shown.map(({ title }) => title),
    (text, column) => (column === shown.length - 1 ? paint.faint(text.trimEnd()) : paint.faint(text)),
  )
  const body = rows.map((row, index) =>
    line(cells[index] as string[], (text, column) => {
      const last = column === shown.length - 1
      const cell = last ? text.trimEnd() : text
      return shown[column]?.paint?.(cell, row) ?? cell
    }),
  )
  return [titles, ...body].map((text) => `${text}\n`).join('')
}

/** Natural widths, cut until the line fits: the flexible column first, then whichever is widest. */
function fitWidths<Row>(
  columns: readonly Column<Row>[],
  cells: readonly string[][],
  width: number,
): number[] {
  const widths = columns.map(({ title }, column) =>
    cells.reduce((widest, row) => Math.max(widest, widthOf(row[column] as string)), widthOf(title)),
  )
  const flexible = columns.findIndex((column) => column.flexible === true)
  for (;;) {
    const excess = widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1)) - width
    const first = (widths[flexible] ?? 0) > NARROWEST ? flexible : widths.indexOf(Math.max(...widths))
    const now = widths[first] ?? 0
    if (excess <= 0 || now <= NARROWEST) return widths
    widths[first] = Math.max(NARROWEST, now - excess)
  }
}
