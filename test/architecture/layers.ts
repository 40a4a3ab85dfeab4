/**
 * Who may import whom: the layers of ARCHITECTURE.md as data. A folder or file directly under `src` is an area.
 * `type:x` allows only `import type`. An area may always import itself, except the adapter folders, whose members
 * are siblings that must not know each other.
 */
const LEAVES = 'errors ids json time failpoints'
const PURE_TYPES = 'type:board type:agents type:money type:knowledge type:workflow type:patterns'
const PURE_VALUES = 'board agents money knowledge workflow patterns'
const LOG_TYPES = 'type:events type:tables'
const SEAMS = 'type:store type:agent-backend type:workspace'
const PURE_NEEDS = `${LOG_TYPES} errors json type:time time/duration`
const EFFECTS = 'team workers runs integration'
const ABOVE_SEAMS = `${LEAVES} ${PURE_VALUES} events tables store agent-backend workspace git`
const SURFACE = `operations ${LEAVES} events type:tables type:facade type:team`

export const PURE_AREAS: readonly string[] = PURE_VALUES.split(' ')

/** Areas in which every member is an adapter of its own, with the members that its siblings share. */
export const ADAPTER_AREAS: Readonly<Record<string, readonly string[]>> = {
  stores: ['sql'],
  // Every adapter checks its own settings, and all in the same words.
  'agent-backends': ['settings'],
  workspaces: [],
}

export const MAY_IMPORT: Readonly<Record<string, string>> = {
  errors: '',
  json: '',
  failpoints: '',
  ids: 'json',
  time: 'errors',
  board: PURE_NEEDS,
  agents: PURE_NEEDS,
  money: PURE_NEEDS,
  knowledge: PURE_NEEDS,
  workflow: `${PURE_NEEDS} board`,
  patterns: `${PURE_NEEDS} workflow`,
  tables: `${PURE_TYPES} type:errors type:json`,
  'table-specs': 'type:tables',
  events: `${PURE_TYPES} type:tables ${LEAVES}`,
  projection: `${PURE_VALUES} events tables ${SEAMS} errors`,
  store: `${PURE_TYPES} events type:tables ${LEAVES}`,
  'agent-backend': `${PURE_TYPES} events type:tables ${LEAVES}`,
  workspace: `${PURE_TYPES} events type:tables ${LEAVES}`,
  processes: LEAVES,
  git: `processes ${LEAVES}`,
  loading: `workflow agents type:agent-backend type:facade ${LEAVES}`,
  stores: `store ${PURE_TYPES} events tables table-specs ${LEAVES}`,
  'agent-backends': `agent-backend ${PURE_TYPES} events type:tables processes ${LEAVES}`,
  workspaces: `workspace ${PURE_TYPES} events type:tables git processes ${LEAVES}`,
  team: ABOVE_SEAMS,
  workers: ABOVE_SEAMS,
  runs: ABOVE_SEAMS,
  integration: ABOVE_SEAMS,
  facade: `${ABOVE_SEAMS} ${EFFECTS} processes loading`,
  workshop: `${ABOVE_SEAMS} ${EFFECTS} processes loading facade projection stores agent-backends workspaces`,
  operations: `type:facade type:team ${PURE_TYPES} type:events type:tables ${LEAVES}`,
  mcp: SURFACE,
  http: SURFACE,
  cli: `${SURFACE} workshop mcp http demo doctor`,
  // What `atelier doctor` looks at. It works where no workshop opens, so it stands beside it.
  doctor: `processes loading agent-backends/claude ${LEAVES}`,
  // What `atelier demo` shows: a user of the library, with the scripted agents it ships.
  demo: `${LEAVES} workshop type:facade type:team type:agent-backend type:events agent-backends/scripted`,
  dashboard: 'type:http',
  testing: `${LEAVES} ${PURE_VALUES} events tables table-specs store agent-backend workspace projection processes workshop stores/memory agent-backends/scripted`,
  // The public entry: the only file that hands on what others define.
  index: `${LEAVES} ${PURE_VALUES} events type:tables type:team store agent-backend workspace loading facade workshop agent-backends stores`,
}

/** Packages are named once, where they are used; `*` is everywhere but in the leaves. */
export const PACKAGES: Readonly<Record<string, string>> = {
  zod: `${PURE_VALUES} agent-backends loading operations facade mcp http`,
  yaml: 'loading',
  vitest: 'testing',
}

/** Files that hand on names of other files: the public entries. */
export const ENTRIES: readonly string[] = ['index.ts', 'testing/index.ts']
