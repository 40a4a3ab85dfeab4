/** Every verb of the product, once. */
import { BOARD } from './board.ts'
import { CHECKPOINTS } from './checkpoints.ts'
import { CONTEXT } from './context.ts'
import { DEFINING } from './defining.ts'
import { INBOX } from './inbox.ts'
import { LOG } from './log.ts'
import { MONEY } from './money.ts'
import type { Operation, OperationGroup } from './operation.ts'
import { POSTING } from './posting.ts'
import { REPOSITORY } from './repository.ts'
import { RESULTS } from './results.ts'
import { SCHEDULES } from './schedules.ts'
import { SHIPPED } from './shipped.ts'
import { TALK } from './talk.ts'
import { TEAM } from './team.ts'
import { WORK } from './work.ts'
import { WORKFLOWS } from './workflows.ts'
import { WORKTREES } from './worktrees.ts'

export const OPERATIONS: readonly Operation[] = [
  ...DEFINING,
  ...TEAM,
  ...TALK,
  ...RESULTS,
  ...BOARD,
  ...POSTING,
  ...WORK,
  ...WORKTREES,
  ...WORKFLOWS,
  ...CHECKPOINTS,
  ...SHIPPED,
  ...INBOX,
  ...MONEY,
  ...CONTEXT,
  ...SCHEDULES,
  ...LOG,
  ...REPOSITORY,
]

/** The headings, in the order in which help and reference show them. */
export const GROUP_TITLES: Readonly<Record<OperationGroup, string>> = {
  team: 'The team',
  talk: 'Talking to agents',
  results: 'What they did',
  board: 'The board',
  workflows: 'Workflows',
  inbox: 'What waits for an answer',
  money: 'Money',
  context: 'Shared values',
  schedules: 'Schedules',
  log: 'The log',
  repository: 'The repository',
}
