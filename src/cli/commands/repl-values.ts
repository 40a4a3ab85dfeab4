import { inspect } from 'node:util'
import { formatTable } from '../columns.ts'
import { paintFor } from '../paint.ts'
import type { Session } from '../session.ts'
import { safeText } from '../text.ts'

/** A value as the REPL prints it: texts as they are, lists of records as tables, anything else as JavaScript. */
export function showValue(value: unknown, session: Session): string {
  const { out } = session.terminal
  if (typeof value === 'string') return out.isTerminal ? safeText(value) : value
  if (isReply(value)) return showValue(value.text, session)
  if (!isTable(value))
    return inspect(value, { colors: out.colour, depth: 4, breakLength: Math.min(out.width, 120) })
  const titles = [...new Set(value.flatMap((row) => Object.keys(row)))].filter((title) =>
    value.some((row) => hasText(row[title])),
  )
  const widest = titles.at(-1)
  const table = formatTable(
    value,
    titles.map((title) => ({
      title: title.toUpperCase(),
      text: (row) => cellText(row[title]),
      ...(value.every((row) => typeof row[title] === 'number') ? { align: 'right' as const } : {}),
      ...(title === widest ? { flexible: true as const } : {}),
    })),
    { width: out.width, paint: paintFor(out) },
  )
  return table.trimEnd()
}

type Row = Readonly<Record<string, unknown>>

function isTable(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRow)
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isReply(value: unknown): value is { readonly text: string } {
  return isRow(value) && typeof value['text'] === 'string' && 'turn' in value && 'session' in value
}

function hasText(value: unknown): boolean {
  return cellText(value) !== ''
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : inspect(value)
}
