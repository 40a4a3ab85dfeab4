/** A workflow as a drawing of characters: its waves from top to bottom, what each stage needs, and the ways back. */
import type { Outputs } from '../../operations/outputs.ts'
import type { Paint } from '../paint.ts'
import { fit, oneLine, pad, widthOf, wrap } from '../text.ts'
import type { Page } from './view.ts'

type Graph = Outputs['workflow-graph']
type Node = Graph['nodes'][number]

/** Wider names are cut: what they are about stands beside them. */
const WIDEST_ID = 28
const WIDEST_WHO = 30
/** On a page without an end lines are broken here. */
const USUAL_WIDTH = 100

/** The lines of the drawing. */
export function graphLines({ nodes, waves }: Graph, page: Pick<Page, 'paint' | 'width'>): string[] {
  const { paint } = page
  const width = Math.min(page.width, USUAL_WIDTH)
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const idWidth = Math.min(WIDEST_ID, Math.max(...nodes.map((node) => widthOf(shownId(node)))))
  const whoWidth = Math.min(WIDEST_WHO, Math.max(...nodes.map((node) => widthOf(whoOf(node)))))
  const lines: string[] = []
  for (const [index, wave] of waves.entries()) {
    const isLast = index === waves.length - 1
    for (const [place, id] of wave.entries()) {
      const node = byId.get(id) as Node
      const isEnd = isLast && place === wave.length - 1
      const rail = paint.faint(railOf(place, wave.length))
      const below = paint.faint(isEnd ? ' ' : '│')
      const head = `${rail} ${nameOf(node, idWidth, paint)}  ${pad(fit(whoOf(node), whoWidth), whoWidth)}`
      const indent = 3 + idWidth + 2 + whoWidth + 2
      const facts = factsOf(node, index === 0 ? [] : (waves[index - 1] ?? []))
      const room = width - indent
      const isBeside = room >= 24
      const [first = '', ...more] = facts.flatMap((fact) => wrap(fact, isBeside ? room : width - 8))
      if (isBeside) {
        lines.push(`${head}  ${paint.faint(first)}`.trimEnd())
        for (const line of more) lines.push(`${below}${' '.repeat(indent - 1)}${paint.faint(line)}`)
      } else {
        lines.push(head.trimEnd())
        for (const line of [first, ...more].filter(Boolean)) lines.push(`${below}       ${paint.faint(line)}`)
      }
    }
    if (!isLast) lines.push(paint.faint('│'))
  }
  return lines
}

/** Stages of one wave hang together. */
function railOf(place: number, size: number): string {
  if (size === 1) return '●─'
  return place === 0 ? '├┬' : place === size - 1 ? '│└' : '│├'
}

/** With its round where that is not the first. */
function shownId({ id, round }: Node): string {
  return round === null || round === 1 ? id : `${id} #${round}`
}

function nameOf(node: Node, width: number, paint: Paint): string {
  const text = pad(fit(shownId(node), width), width)
  switch (node.status) {
    case 'done':
      return paint.good(text)
    case 'failed':
      return paint.bad(text)
    case 'open':
      return paint.active(text)
    case 'pending':
    case 'queued':
    case 'skipped':
    case 'cancelled':
      return paint.faint(text)
    case null:
      return paint.name(text)
  }
}

function whoOf({ kind, who, status }: Node): string {
  const what =
    kind === 'work' || kind === 'join' || kind === 'wait' ? oneLine(who) : `${kind} by ${oneLine(who)}`
  return status === null ? what : `${status}, ${what}`
}

/** What it needs where that is not exactly the wave before it, and what is special about it. */
function factsOf({ needs, notes }: Node, before: readonly string[]): readonly string[] {
  const isPlain = needs.length === before.length && needs.every((need) => before.includes(need))
  const after = needs.length === 0 || (isPlain && needs.length === 1) ? [] : [`after ${needs.join(', ')}`]
  return [...after, ...notes.map(oneLine)]
}
