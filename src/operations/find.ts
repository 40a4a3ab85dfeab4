/** Finds one operation without loading the others: a command line that only looks is to start in milliseconds. */
import type { Operation, OperationName } from './operation.ts'

type Load = () => Promise<readonly Operation[]>

const defining: Load = async () => (await import('./defining.ts')).DEFINING
const team: Load = async () => (await import('./team.ts')).TEAM
const talk: Load = async () => (await import('./talk.ts')).TALK
const results: Load = async () => (await import('./results.ts')).RESULTS
const board: Load = async () => (await import('./board.ts')).BOARD
const posting: Load = async () => (await import('./posting.ts')).POSTING
const work: Load = async () => (await import('./work.ts')).WORK
const inbox: Load = async () => (await import('./inbox.ts')).INBOX
const workflows: Load = async () => (await import('./workflows.ts')).WORKFLOWS
const worktrees: Load = async () => (await import('./worktrees.ts')).WORKTREES
const money: Load = async () => (await import('./money.ts')).MONEY
const context: Load = async () => (await import('./context.ts')).CONTEXT
const schedules: Load = async () => (await import('./schedules.ts')).SCHEDULES
const log: Load = async () => (await import('./log.ts')).LOG
const repository: Load = async () => (await import('./repository.ts')).REPOSITORY

/** Where each operation is described; complete by its type. */
const PLACES: Readonly<Record<OperationName, Load>> = {
  agent: defining,
  agents: team,
  profile: defining,
  profiles: team,
  info: team,
  status: team,
  dismiss: team,
  reset: team,
  'reset-all': team,
  ask: talk,
  cast: talk,
  await: talk,
  'await-all': talk,
  pipe: talk,
  fan: talk,
  interrupt: talk,
  result: results,
  history: results,
  transcript: results,
  board,
  workers: board,
  work: posting,
  'work-from-result': posting,
  ready: work,
  item: work,
  claim: work,
  start: work,
  complete: work,
  fail: work,
  release: work,
  extend: work,
  cancel: work,
  retry: work,
  skip: work,
  'remove-item': work,
  'clear-board': work,
  'run-workflow': workflows,
  'validate-workflows': workflows,
  workflows,
  'workflow-status': workflows,
  'workflow-graph': workflows,
  checkpoints: async () => (await import('./checkpoints.ts')).CHECKPOINTS,
  trace: workflows,
  'pause-run': workflows,
  'resume-run': workflows,
  'cancel-run': workflows,
  'skip-stage': workflows,
  'retry-stage': workflows,
  'signal-run': workflows,
  'reset-workflow': workflows,
  'export-workflow': async () => (await import('./shipped.ts')).SHIPPED,
  inbox,
  answer: inbox,
  approve: inbox,
  reject: inbox,
  request: inbox,
  withdraw: inbox,
  worktrees,
  cost: money,
  budget: money,
  put: context,
  get: context,
  keys: context,
  remove: context,
  every: schedules,
  schedules,
  'cancel-schedule': schedules,
  events: log,
  watch: log,
  'git-summary': repository,
  'git-diff': repository,
}

/** Operations whose words on a command line are not their name. */
const COMMANDS: Readonly<Record<string, OperationName>> = {
  'work add': 'work',
  'work from-result': 'work-from-result',
  'work ready': 'ready',
  'work show': 'item',
  'work claim': 'claim',
  'work start': 'start',
  'work complete': 'complete',
  'work fail': 'fail',
  'work release': 'release',
  'work extend': 'extend',
  'work cancel': 'cancel',
  'work retry': 'retry',
  'work skip': 'skip',
  'work remove': 'remove-item',
  'work clear': 'clear-board',
  'workflow run': 'run-workflow',
  'workflow validate': 'validate-workflows',
  'workflow list': 'workflows',
  'workflow status': 'workflow-status',
  'workflow graph': 'workflow-graph',
  'workflow checkpoints': 'checkpoints',
  'workflow trace': 'trace',
  'workflow pause': 'pause-run',
  'workflow resume': 'resume-run',
  'workflow cancel': 'cancel-run',
  'workflow skip': 'skip-stage',
  'workflow retry': 'retry-stage',
  'workflow signal': 'signal-run',
  'workflow reset': 'reset-workflow',
  'workflow export': 'export-workflow',
}

/** First words of command lines that need a second one. */
export const NOUNS: ReadonlySet<string> = new Set(
  Object.keys(COMMANDS).map((command) => command.split(' ')[0] as string),
)

/** The operation with these words on a command line; undefined if there is none. */
export async function findByCommand(command: string): Promise<Operation | undefined> {
  if (Object.hasOwn(COMMANDS, command)) return findOperation(COMMANDS[command] as OperationName)
  const found = await findOperation(command)
  return found?.command === undefined ? found : undefined
}

/** The operation of that name, in kebab-case; undefined if there is none. */
export async function findOperation(name: string): Promise<Operation | undefined> {
  if (!Object.hasOwn(PLACES, name)) return undefined
  const operations = await PLACES[name as OperationName]()
  return operations.find((one) => one.name === name)
}
