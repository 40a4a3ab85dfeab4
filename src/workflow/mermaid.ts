/** A workflow as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html), which GitHub and most editors draw. */
import type { StageKind } from './definition.ts'
import type { Graph, GraphEdge, GraphNode } from './graph.ts'
import type { StageState } from './run.ts'

/** How a stage stands in the run that is drawn. */
export interface DrawnState {
  readonly state: StageState
  readonly round: number
}

/** A shape for each kind: what does work is a box, what decides is not. */
const SHAPES: Readonly<Record<StageKind, readonly [string, string]>> = {
  work: ['[', ']'],
  loop: ['(', ')'],
  map: ['[[', ']]'],
  gate: ['{{', '}}'],
  branch: ['{', '}'],
  wait: ['([', '])'],
  join: ['[/', '\\]'],
}

const CLASSES: Readonly<Record<StageState, string>> = {
  pending: 'fill:#f8f9fa,stroke:#adb5bd,color:#495057',
  queued: 'fill:#f8f9fa,stroke:#495057,color:#212529',
  open: 'fill:#fff3bf,stroke:#f08c00,color:#212529',
  done: 'fill:#d3f9d8,stroke:#2b8a3e,color:#212529',
  failed: 'fill:#ffe3e3,stroke:#c92a2a,color:#212529',
  skipped: 'fill:#f1f3f5,stroke:#adb5bd,color:#868e96,stroke-dasharray:4 3',
  cancelled: 'fill:#f1f3f5,stroke:#868e96,color:#868e96',
}

/**
 * The flowchart of a workflow; of a run, each stage in the colour of its state.
 * @param states by stage; null for a definition alone
 */
export function mermaidOf({ nodes, edges }: Graph, states: ReadonlyMap<string, DrawnState> | null): string {
  const ids = new Map(nodes.map(({ id }, index) => [id, `s${index}`]))
  const idOf = (stage: string): string => ids.get(stage) as string
  const lines = [
    'flowchart TD',
    ...nodes.map((node) => `  ${idOf(node.id)}${shapeOf(node, states?.get(node.id))}`),
    ...edges.map((edge) => `  ${idOf(edge.from)} ${arrowOf(edge)} ${idOf(edge.to)}`),
    ...(states === null ? [] : classesOf(nodes, states, idOf)),
  ]
  return `${lines.join('\n')}\n`
}

function shapeOf({ id, kind, who, notes }: GraphNode, drawn: DrawnState | undefined): string {
  const [open, close] = SHAPES[kind]
  const round = drawn === undefined || drawn.round === 1 ? '' : ` #35;${drawn.round}`
  const text = [`<b>${escaped(id)}</b>${round}`, escaped(who), ...notes.map(escaped)].join('<br/>')
  return `${open}"${text}"${close}`
}

function arrowOf({ kind, label }: GraphEdge): string {
  const text = label === null ? '' : `|"${escaped(label)}"|`
  return `${kind === 'reject' ? '-.->' : '-->'}${text}`
}

function classesOf(
  nodes: readonly GraphNode[],
  states: ReadonlyMap<string, DrawnState>,
  idOf: (stage: string) => string,
): readonly string[] {
  const groups = Map.groupBy(nodes, ({ id }) => states.get(id)?.state ?? 'pending')
  return [...groups].flatMap(([state, members]) => [
    `  classDef ${state} ${CLASSES[state]}`,
    `  class ${members.map(({ id }) => idOf(id)).join(',')} ${state}`,
  ])
}

/** Nothing of a text is markup, and none of it ends the quotes: Mermaid takes characters by their numbers. */
function escaped(text: string): string {
  const line = text.replaceAll(/\s+/gu, ' ').trim()
  return line.replaceAll(/[#"<>&;`\\]/gu, (character) => `#${character.codePointAt(0)};`)
}
