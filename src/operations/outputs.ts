/** What every operation gives, by its name: JSON, or for `watch` a stream of it. */
import type { AtelierEvent } from '../events.ts'
import type { PostedItem } from '../facade/board-contract.ts'
import type { Reply, TeamReplies, Workshop } from '../facade/contract.ts'
import type { RunHandle } from '../facade/workflow-contract.ts'
import type { Json } from '../json.ts'

/** What a member of the workshop resolves to. */
type Given<Member extends keyof Workshop> = Workshop[Member] extends (...inputs: never) => infer Result
  ? Awaited<Result>
  : never

/** A run with its result, where it was waited for. */
type RunOutcome = Awaited<ReturnType<RunHandle['ended']>>

export interface Outputs {
  agent: { readonly agent: string }
  profile: { readonly profile: string }
  profiles: Given<'profiles'>
  agents: Given<'agents'>
  info: Given<'info'>
  status: Given<'status'>
  dismiss: { readonly agent: string }
  reset: { readonly agent: string }
  'reset-all': { readonly agents: readonly string[] }

  ask: Reply
  cast: { readonly agent: string; readonly message: string }
  /** Null if the agent has not answered anything yet. */
  await: Reply | null
  'await-all': TeamReplies
  pipe: Reply
  fan: TeamReplies
  interrupt: { readonly agent: string; readonly cancelled: number }

  /** The text alone, or everything with `full`. */
  result: string | Given<'result'>
  history: Given<'history'>
  transcript: Given<'transcript'>

  /** With `wait` also how the board came to rest. */
  board: Given<'board'> & { readonly settled?: Given<'boardSettled'> }
  workers: Given<'workers'>
  worktrees: Given<'worktrees'> | Given<'pruneWorktrees'>
  work: readonly PostedItem[]
  'work-from-result': readonly PostedItem[]
  ready: Given<'ready'>
  item: Given<'item'>
  claim: Given<'claim'>
  start: Given<'start'>
  complete: Given<'complete'>
  fail: Given<'fail'>
  release: Given<'release'>
  extend: Given<'extend'>
  cancel: Given<'cancel'>
  retry: Given<'retry'>
  skip: Given<'skip'>
  'remove-item': { readonly removed: readonly string[] }
  'clear-board': { readonly removed: readonly string[] }

  /** With `dryRun` what the run would do. */
  'run-workflow': RunOutcome | Given<'planWorkflow'>
  'validate-workflows': Given<'validateWorkflows'>
  workflows: Given<'workflows'>
  'workflow-status': Given<'workflowStatus'>
  'workflow-graph': Given<'workflowGraph'>
  checkpoints: Given<'checkpoints'>
  trace: Given<'trace'>
  'pause-run': Given<'pauseRun'>
  /** With `level` also what was handed over. */
  'resume-run': RunOutcome & { readonly handover?: Given<'checkpoints'>[number] | null }
  'cancel-run': Given<'cancelRun'>
  'skip-stage': Given<'skipStage'>
  'retry-stage': RunOutcome
  'signal-run': Given<'signalRun'>
  'export-workflow': Given<'exportWorkflow'>
  'reset-workflow': { readonly workflow: string; readonly forgotten: Given<'resetWorkflow'> }

  inbox: Given<'inbox'>
  answer: Given<'answer'>
  approve: Given<'approve'>
  reject: Given<'reject'>
  request: Given<'request'>
  withdraw: Given<'withdraw'>

  cost: Given<'cost'>
  budget: Given<'budget'>

  put: Given<'put'>
  /** The value alone, or with its version with `entry`. */
  get: Json | NonNullable<Given<'entry'>>
  keys: Given<'keys'>
  remove: { readonly key: string; readonly removed: boolean }

  every: Given<'every'>
  schedules: Given<'schedules'>
  'cancel-schedule': { readonly agent: string; readonly cancelled: boolean }

  events: readonly AtelierEvent[]
  watch: AsyncIterable<AtelierEvent>

  'git-summary': string
  'git-diff': string
}
