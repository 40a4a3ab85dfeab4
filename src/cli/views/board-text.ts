/** The board as lines of text: a section for each place where items stand, none wider than the page. */
import type { Outputs } from '../../operations/outputs.ts'
import { formatDuration } from '../../time/duration.ts'
import { formatTable, type Column } from '../columns.ts'
import { count, usd, usdColumn } from '../format.ts'
import type { Paint } from '../paint.ts'
import type { Page } from './view.ts'

type Board = Outputs['board']
type Line = Board['items'][number]
type Place = Line['column']

interface Section {
  readonly place: Place
  readonly title: string
  readonly paint: (paint: Paint) => Paint[keyof Paint]
}

/** In the order in which they matter to whoever looks. */
const SECTIONS: readonly Section[] = [
  { place: 'working', title: 'Working', paint: ({ good }) => good },
  { place: 'needs_you', title: 'Needs you', paint: ({ bad }) => bad },
  { place: 'in_review', title: 'In review', paint: ({ active }) => active },
  { place: 'ready_to_merge', title: 'Ready to merge', paint: ({ active }) => active },
  { place: 'waiting', title: 'Waiting', paint: ({ strong }) => strong },
  { place: 'done', title: 'Done', paint: ({ strong }) => strong },
]

/** What a board without items says. */
export const EMPTY_BOARD = "The board is empty. Post the first item: atelier work add ID 'what is to be done'"

type LayoutPage = Pick<Page, 'paint' | 'width' | 'now'>

/**
 * The items by section.
 * @param height lines that they may take; what does not fit is counted. Without it all are shown
 */
export function boardLines(
  { items, unstaffed }: Board,
  page: LayoutPage,
  height: number = Number.POSITIVE_INFINITY,
): string[] {
  const { paint } = page
  const groups = SECTIONS.map((section) => ({
    ...section,
    lines: inOrder(
      section.place,
      items.filter(({ column }) => column === section.place),
    ),
  })).filter(({ lines }) => lines.length > 0)
  const shown = shares(
    groups.map(({ lines }) => lines.length),
    // The titles, and for each section its own title and the blank line above it.
    height - 1 - groups.length * 2,
  )
  const rows = groups.flatMap(({ lines }, index) => lines.slice(0, shown[index]))
  const [titles = '', ...texts] = formatTable(rows, columnsOf(items, unstaffed, page), page)
    .trimEnd()
    .split('\n')
  const text: string[] = [titles]
  let next = 0
  for (const [index, { title, lines, paint: brush }] of groups.entries()) {
    const some = shown[index] as number
    const more = lines.length - some
    const total = paint.faint(
      more === 0 ? count(lines.length) : `${count(lines.length)}, ${count(more)} not shown`,
    )
    text.push('', `${brush(paint)(title)} ${total}`, ...texts.slice(next, next + some))
    next += some
  }
  return text
}

/** `2 in progress, 1 ready, 4 done, $0.52`. */
export function summaryText({ summary, costUsd }: Pick<Board, 'summary' | 'costUsd'>): string {
  const counts = Object.entries(summary).filter(([, number]) => number > 0)
  const parts = counts.map(([status, number]) => `${count(number)} ${statusText(status)}`)
  return [...parts, ...(costUsd > 0 ? [usd(costUsd)] : [])].join(', ')
}

/** What to do about types that nobody takes. */
export function unstaffedLines({ unstaffed }: Pick<Board, 'unstaffed'>): string[] {
  return unstaffed.map(({ type, capability }) =>
    capability === null
      ? `No worker for type ${type} yet: atelier board-worker NAME ${type} --profile PROFILE`
      : `No worker for capability ${capability} yet: atelier board-worker NAME ${type} --capabilities ${capability} --profile PROFILE`,
  )
}

/** `in progress`. */
export function statusText(status: string): string {
  return status.replaceAll('_', ' ')
}

/** Items of runs that a certain agent does, and those that no agent does, have types that nobody writes. */
export function typeText(type: string): string {
  return type.replace(/^agent:.*$/u, 'agent').replace(/^engine:(?:fn:)?/u, '')
}

/** The engine has no name. */
export function ownerText(owner: string | null): string {
  return owner === null || owner.startsWith(':') ? '' : owner
}

/** The latest first where it is over. */
function inOrder(place: Place, lines: readonly Line[]): readonly Line[] {
  return place === 'done' ? lines.toSorted((a, b) => (b.completedAt ?? 0) - (a.completedAt ?? 0)) : lines
}

/** How many lines of each section fit into a height: each gets at least one, and the first ones come first. */
function shares(wanted: readonly number[], height: number): number[] {
  let left = Math.max(wanted.length, height) - wanted.length
  return wanted.map((number) => {
    const more = Math.min(number - 1, left)
    left -= more
    return more + 1
  })
}

function columnsOf(
  items: readonly Line[],
  unstaffed: Board['unstaffed'],
  { paint, now }: LayoutPage,
): Column<Line>[] {
  const cost = usdColumn(items.map(({ costUsd }) => costUsd))
  return [
    { title: 'ITEM', text: ({ id }) => id, paint: paint.name },
    { title: 'STATUS', from: 100, text: ({ status }) => statusText(status) },
    { title: 'TYPE', from: 70, text: ({ type }) => typeText(type) },
    { title: 'WHO', optional: true, text: ({ claimedBy }) => ownerText(claimedBy) },
    { title: 'FOR', optional: true, align: 'right', text: (line) => timeText(line, now) },
    {
      title: 'COST',
      optional: true,
      align: 'right',
      text: ({ costUsd }) => (costUsd === 0 ? '' : cost(costUsd)),
    },
    {
      title: 'WHAT',
      flexible: true,
      text: (line) => noteText(line, unstaffed),
      paint: (text, { column }) => (column === 'done' ? paint.faint(text) : text),
    },
  ]
}

/** How long it has been worked on, or was. */
function timeText({ claimedAt, completedAt, state }: Line, now: number): string {
  if (claimedAt === null || state === 'waiting' || state === 'ready') return ''
  return formatDuration(Math.max(0, (completedAt ?? now) - claimedAt))
}

/** What keeps it, or how far it is; then what it is. */
function noteText(line: Line, unstaffed: Board['unstaffed']): string {
  // The footer says what to do about it.
  const isTold = unstaffed.some(
    ({ type, capability }) => type === line.type && (capability === null || capability === line.capability),
  )
  const note = line.state === 'ready' && isTold ? 'no worker yet' : noteOf(line)
  return [note, line.title].filter((part) => part !== '').join(' · ')
}

function noteOf(line: Line): string {
  const note = standingOf(line)
  // A green result means less then, which whoever looks at it before it is merged should know.
  const isShown = line.waiting?.for === 'merge' || line.phase === 'merging'
  return isShown ? [note, ...line.flags].filter((part) => part !== '').join('; ') : note
}

function standingOf({ state, progress, why, verified, phase }: Line): string {
  if (state === 'done') return verified ? 'verified' : 'unverified'
  if (state === 'cancelled') return `cancelled: ${why ?? ''}`
  if (state !== 'running' || why !== null) return why ?? ''
  if (progress !== null) return `${progress.percent} % ${progress.step}`.trim()
  return phase === 'claimed' ? 'claimed' : ''
}
