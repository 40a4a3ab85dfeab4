/** Who is measured: each a `run.mjs` in a folder of its own, with the packages that are pinned beside it. Atelier itself has none. */

export interface Peer {
  /** For `--only` and `--json`. */
  readonly name: string
  /** Heads the column. */
  readonly title: string
  /** Below this one. */
  readonly folder: string
  /** What `run.mjs` is told beside shape and size. */
  readonly words: readonly string[]
  /** There is a package.json with a lockfile to install. */
  readonly hasPackages: boolean
}

/** What nobody can beat: measured with every row, and never left out. */
export const FLOOR: Peer = {
  name: 'floor',
  title: 'SQLite alone',
  folder: 'floor',
  words: [],
  hasPackages: false,
}

/** One more column is one more folder, and one more entry here. */
export const PEERS: readonly Peer[] = [
  { name: 'atelier', title: 'Atelier', folder: 'atelier', words: [], hasPackages: false },
  {
    name: 'langgraph',
    title: 'LangGraph, graph',
    folder: 'langgraph',
    words: ['--form', 'graph'],
    hasPackages: true,
  },
  {
    name: 'langgraph-tasks',
    title: 'LangGraph, tasks',
    folder: 'langgraph',
    words: ['--form', 'tasks'],
    hasPackages: true,
  },
  { name: 'mastra', title: 'Mastra', folder: 'mastra', words: [], hasPackages: true },
  { name: 'openworkflow', title: 'OpenWorkflow', folder: 'openworkflow', words: [], hasPackages: true },
]
