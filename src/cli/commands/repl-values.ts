import { inspect } from 'node:util'
import { isAtelierError } from '../../errors.ts'
import type { OperationName } from '../../operations/operation.ts'
import { formatTable } from '../columns.ts'
import { paintFor } from '../paint.ts'
import type { Session } from '../session.ts'
import { oneLine, safeText, widthOf } from '../text.ts'
import { outputText } from '../views/show.ts'

/** More of one value than this is read one by one. */
const WIDEST_CELL = 40

/**
 * A value as the REPL prints it: what an operation gave as the command line shows it, other texts as they
 * are, lists of records as tables, and anything else as JavaScript.
 */
export function showValue(value: unknown, session: Session, origin: OperationName | undefined): string {
  const { out } = session.terminal
  if (typeof value === 'string') return out.isTerminal ? safeText(value) : value
  if (isAtelierError(value)) return `error: ${value.message} [${value.code}]`
  if (origin !== undefined) return outputText(origin, value, session).trimEnd()
  if (isTable(value)) return showRecords(value, session)
  return inspect(value, { colors: out.colour, depth: 4, breakLength: Math.min(out.width, 120) })
}

/** The columns that fit, in the order of the records' own members. */
function showRecords(rows: readonly Row[], { terminal: { out } }: Session): string {
  const titles = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((title) =>
    rows.some((row) => cellText(row[title]) !== ''),
  )
  let left = out.width
  const shown = titles.filter((title) => {
    const widest = Math.max(...rows.map((row) => widthOf(cellText(row[title]))), widthOf(title))
    left -= Math.min(widest, WIDEST_CELL) + 2
    return left >= -2
  })
  const columns = shown.map((title) => ({
    title: title.toUpperCase(),
    text: (row: Row) => cellText(row[title]),
    ...(rows.every((row) => typeof row[title] === 'number') ? { align: 'right' as const } : {}),
  }))
  return formatTable(rows, columns, { width: out.width, paint: paintFor(out) }).trimEnd()
}

type Row = Readonly<Record<string, unknown>>

function isTable(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRow)
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return oneLine(value)
  return typeof value === 'object' ? JSON.stringify(value) : inspect(value)
}
