/**
 * Who may import whom: the layers of ARCHITECTURE.md as data. A folder or file directly under `src` is an area.
 * `type:x` allows only `import type`. An area may always import itself, except the adapter folders, whose members
 * are siblings that must not know each other.
 */
const LEAVES = 'errors ids json time failpoints'
const PURE_TYPES = 'type:board type:agents type:money type:knowledge type:inbox type:workflow type:patterns'
const PURE_VALUES = 'board agents money knowledge inbox workflow patterns'
const LOG_TYPES = 'type:events type:tables'
const SEAMS = 'type:store type:agent-backend type:workspace'
const PURE_NEEDS = `${LOG_TYPES} errors json type:time time/duration time/instant`
const EFFECTS = 'team workers runs integration'
const ABOVE_SEAMS = `${LEAVES} ${PURE_VALUES} events tables store agent-backend workspace git verification`
const SURFACE = `operations ${LEAVES} events type:tables type:facade type:team type:workers`

export const PURE_AREAS: readonly string[] = PURE_VALUES.split(' ')

/** Areas in which every member is an adapter of its own, with the members that its siblings share. */
export const ADAPTER_AREAS: Readonly<Record<string, readonly string[]>> = {
  stores: ['sql'],
  // Every adapter checks its own settings, and all in the same words.
  'agent-backends': ['settings'],
  // Every workspace has ports, and says in the same way what lies in it.
  workspaces: ['ports', 'state'],
}

export const MAY_IMPORT: Readonly<Record<string, string>> = {
  errors: '',
  json: '',
  failpoints: '',
  ids: 'json',
  // Agents answer by schemas that users and workflows give, whichever backend they run on.
  'json-schema': 'errors json',
  time: 'errors',
  // What users post is checked and told like what they define: in the words and by the schemas of agents.
  board: `${PURE_NEEDS} type:agents agents/capability agents/capability-schemas agents/field-schemas agents/json-snapshot agents/parsing agents/shown-values`,
  agents: PURE_NEEDS,
  money: PURE_NEEDS,
  knowledge: PURE_NEEDS,
  // What users ask is checked in the same words as what they define.
  inbox: `${PURE_NEEDS} agents`,
  // Definitions of workflows are checked in the words of agents and items, and hold what items are made of.
  workflow: `${PURE_NEEDS} board agents`,
  // The roles of ready-made workflows are profiles.
  patterns: `${PURE_NEEDS} type:agents workflow`,
  tables: `${PURE_TYPES} type:errors type:json`,
  'table-specs': 'type:tables',
  'row-selection': 'type:store type:tables table-specs errors',
  events: `${PURE_TYPES} type:tables ${LEAVES}`,
  projection: `${PURE_VALUES} events tables ${SEAMS} errors`,
  store: `${PURE_TYPES} events type:tables ${LEAVES}`,
  'agent-backend': `${PURE_TYPES} events type:tables ${LEAVES}`,
  // A workspace speaks of changed files as git does.
  workspace: `${PURE_TYPES} events type:tables type:git ${LEAVES}`,
  processes: LEAVES,
  git: `processes ${LEAVES}`,
  // Verify commands are run by workers on a change and by the integrator on what it merged.
  verification: `processes ${LEAVES}`,
  loading: `workflow agents type:agent-backend type:facade ${LEAVES}`,
  stores: `store ${PURE_TYPES} events tables table-specs row-selection ${LEAVES}`,
  'agent-backends': `agent-backend ${PURE_TYPES} events type:tables processes json-schema ${LEAVES}`,
  workspaces: `workspace ${PURE_TYPES} events type:tables git processes ${LEAVES}`,
  team: ABOVE_SEAMS,
  // An attempt at an item is made of turns, and its work is verified and brought to the target.
  workers: `${ABOVE_SEAMS} team integration verification json-schema`,
  // The work of a run is items, and their attempts are those of every item; commands are run by the engine.
  runs: `${ABOVE_SEAMS} table-specs row-selection team workers integration processes json-schema`,
  // An integrator is a part of a host.
  integration: `${ABOVE_SEAMS} team verification`,
  folders: 'errors',
  facade: `${ABOVE_SEAMS} ${EFFECTS} processes loading`,
  // The composition root's own: what a host is made of.
  'host-parts': `${LEAVES} type:agent-backend type:loading type:team type:workspace folders processes git workspaces`,
  workshop: `${ABOVE_SEAMS} ${EFFECTS} folders host-parts verification processes loading facade projection stores agent-backends workspaces`,
  operations: `type:facade type:team type:workers ${PURE_TYPES} type:events type:tables ${LEAVES}`,
  mcp: SURFACE,
  http: SURFACE,
  // A file of items that a command line names is read there.
  cli: `${SURFACE} folders host-parts workshop mcp http demo doctor loading/yaml-source`,
  // What `atelier doctor` looks at. It works where no workshop opens, so it stands beside it.
  doctor: `processes loading agent-backends/claude ${LEAVES}`,
  // A model that follows a script, for real agents: users test with it, and the demo runs on it.
  'model-server': `type:tables ${LEAVES}`,
  // What `atelier demo` shows: a user of the library, with the agents it ships. It writes to a terminal as the CLI does.
  demo: `${LEAVES} workshop type:facade type:team type:workers type:agent-backend type:events agent-backends/scripted agent-backends/claude model-server cli/text cli/paint cli/views`,
  dashboard: 'type:http',
  testing: `${LEAVES} ${PURE_VALUES} events tables table-specs store agent-backend workspace projection processes workshop model-server stores/memory agent-backends/scripted`,
  // The public entry: the only file that hands on what others define.
  index: `${LEAVES} ${PURE_VALUES} events type:tables type:team type:runs type:workers store agent-backend workspace loading facade workshop agent-backends stores`,
}

/** Packages are named once, where they are used; `*` is everywhere but in the leaves. */
export const PACKAGES: Readonly<Record<string, string>> = {
  zod: `${PURE_VALUES} json-schema agent-backends loading operations facade mcp http`,
  '@marcbachmann/cel-js': 'workflow',
  yaml: 'loading',
  vitest: 'testing',
}

/** Files that hand on names of other files: the public entries. */
export const ENTRIES: readonly string[] = ['index.ts', 'testing/index.ts']
