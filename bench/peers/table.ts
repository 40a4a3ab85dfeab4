/** How the comparison is shown: for people, and as JSON. */
import type { Cell } from './cell.ts'
import type { Task } from './choice.ts'
import type { Peer } from './peers.ts'

export interface Row {
  readonly task: Task
  /** By the peer's name. */
  readonly cells: ReadonlyMap<string, Cell>
}

/** Milliseconds a step and in all; then what the figures stand for, and why others are missing. */
export function tableOf(peers: readonly Peer[], rows: readonly Row[]): string {
  const notes: string[] = []
  const header = ['shape', 'steps', 'sync', ...peers.map(({ title }) => title)]
  const lines = rows.map(({ task, cells }) => [
    task.shape,
    String(task.size),
    task.sync,
    ...peers.map(({ name }) => textOf(cells.get(name), notes)),
  ])
  const widths = header.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => (line[column] ?? '').length)),
  )
  const legend = peers.map((peer) => `${peer.title}: ${factsOf(peer, rows)}`)
  return [
    ...[header, ...lines].map((line) => padded(line, widths)),
    '',
    'ms a step (in all), median; sync: PRAGMA synchronous of every connection',
    ...legend,
    ...notes.map((why, index) => `[${index + 1}] ${why}`),
    '',
  ].join('\n')
}

function padded(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((text, column) => text.padEnd(widths[column] ?? 0))
    .join('  ')
    .trimEnd()
}

/** @param notes gets the reason of a figure that is missing; the same one stands there once */
function textOf(cell: Cell | undefined, notes: string[]): string {
  if (cell === undefined) return '-'
  if ('over' in cell) return `over ${durationOf(cell.over)}`
  if ('error' in cell) {
    if (!notes.includes(cell.error)) notes.push(cell.error)
    return `none [${notes.indexOf(cell.error) + 1}]`
  }
  return `${rounded(cell.msPerStep)} (${durationOf(cell.ms)})`
}

/** The version, and the modes with which the steps really ran. */
function factsOf({ name }: Peer, rows: readonly Row[]): string {
  const facts = new Map<string, string>()
  for (const { task, cells } of rows) {
    const cell = cells.get(name)
    if (cell === undefined || !('version' in cell)) continue
    facts.set('', cell.version)
    facts.set(task.sync, `${task.sync} = ${cell.fsync}`)
  }
  return facts.size === 0 ? 'nothing was measured' : [...facts.values()].join('; ')
}

function durationOf(ms: number): string {
  return ms < 1000 ? `${rounded(ms)} ms` : `${rounded(ms / 1000)} s`
}

export function jsonOf(rows: readonly Row[]): string {
  const all = rows.map(({ task, cells }) => ({ ...task, peers: Object.fromEntries(cells) }))
  return `${JSON.stringify(all, null, 2)}\n`
}

/** Three digits are more than any of these can be repeated to. */
function rounded(value: number): string {
  return String(Number(value.toPrecision(3)))
}
