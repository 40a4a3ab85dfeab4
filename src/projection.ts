/** How every event becomes rows: the areas' own functions, joined. */
import {
  agentReads,
  applyAgentCreated,
  applyAgentDismissed,
  applyAgentReset,
  applyMessageCancelled,
  applyMessageFailed,
  applyMessagePosted,
  applyScheduleCancelled,
  applyScheduleCreated,
  applyScheduleTicked,
  applyTurnFinished as applyTurnFinishedToTeam,
  applyTurnLost as applyTurnLostToTeam,
  applyTurnStarted,
} from './agents/projection.ts'
import { applyAccountLimited } from './agents/quota.ts'
import { applyMerge, mergeReads } from './board/merge-projection.ts'
import { applyBoard, boardReads } from './board/projection.ts'
import type { AtelierEvent } from './events.ts'
import { applyInbox, inboxReads } from './inbox/projection.ts'
import { applyContextPut, applyContextRemoved } from './knowledge/context.ts'
import {
  applyBudgetReset,
  applyBudgetSet,
  applyTurnFinished as applyTurnFinishedToMoney,
  applyTurnLost as applyTurnLostToMoney,
  ledgerReads,
} from './money/projection.ts'
import { applyWorkflow, workflowReads } from './workflow/projection.ts'
import type { Projection, RowChange, RowLookup } from './store.ts'

/** The projection that every store of a workshop is opened with. */
export const projection: Projection = {
  reads: (event) => [
    ...agentReads(event),
    ...ledgerReads(event),
    ...boardReads(event),
    ...mergeReads(event),
    ...inboxReads(event),
    ...workflowReads(event),
  ],
  apply,
}

function apply(event: AtelierEvent, rows: RowLookup): readonly RowChange[] {
  switch (event.type) {
    case 'profile.defined': {
      const { profile: name, definition } = event.data
      return [{ table: 'profile', key: name, row: { name, definition, definedAt: event.at } }]
    }
    case 'agent.created':
      return applyAgentCreated(event, rows)
    case 'agent.reset':
      return applyAgentReset(event, rows)
    case 'agent.dismissed':
      return applyAgentDismissed(event, rows)
    case 'message.posted':
      return applyMessagePosted(event, rows)
    case 'message.cancelled':
      return applyMessageCancelled(event, rows)
    case 'message.failed':
      return applyMessageFailed(event, rows)
    case 'turn.started':
      return applyTurnStarted(event, rows)
    case 'turn.finished':
      return [...applyTurnFinishedToTeam(event, rows), ...applyTurnFinishedToMoney(event, rows)]
    case 'turn.lost':
      return [...applyTurnLostToTeam(event, rows), ...applyTurnLostToMoney(event, rows)]
    case 'account.limited':
      return applyAccountLimited(event)
    case 'circuit.changed':
      return [{ table: 'circuit', key: event.data.key, row: event.data }]
    case 'schedule.created':
      return applyScheduleCreated(event)
    case 'schedule.cancelled':
      return applyScheduleCancelled(event, rows)
    case 'schedule.ticked':
      return applyScheduleTicked(event, rows)
    case 'context.put':
      return applyContextPut(event)
    case 'context.removed':
      return applyContextRemoved(event)
    case 'budget.set':
      return applyBudgetSet(event, rows)
    case 'budget.reset':
      return applyBudgetReset(event, rows)
    case 'item.posted':
    case 'item.removed':
    case 'item.path_changed':
    case 'item.readied':
    case 'item.unblocked':
    case 'item.blocked':
    case 'item.deferred':
    case 'item.fell_back':
    case 'item.flagged':
    case 'item.merge_returned':
    case 'item.retried':
    case 'item.claimed':
    case 'item.started':
    case 'item.phase_changed':
    case 'item.progressed':
    case 'item.done':
    case 'item.failed':
    case 'item.cancelled':
    case 'item.skipped':
    case 'attempt.submitted':
    case 'attempt.verifying':
    case 'attempt.refused':
    case 'attempt.ended':
      return applyBoard(event, rows)
    case 'change.advanced':
    case 'change.closed':
    case 'merge.requested':
    case 'merge.taken':
    case 'merge.adopted':
    case 'merge.intended':
    case 'merge.completed':
    case 'merge.rejected':
    case 'merge.held':
    case 'merge.returned':
      return applyMerge(event, rows)
    case 'inbox.asked':
    case 'inbox.answered':
    case 'inbox.expired':
    case 'inbox.withdrawn':
      return applyInbox(event, rows)
    case 'workflow.defined':
    case 'run.started':
    case 'run.paused':
    case 'run.resumed':
    case 'run.reopened':
    case 'run.warned':
    case 'run.checkpointed':
    case 'run.ended':
    case 'run.removed':
    case 'stage.met':
    case 'stage.queued':
    case 'stage.opened':
    case 'stage.posted':
    case 'stage.counted':
    case 'stage.scored':
    case 'stage.escalated':
    case 'stage.done':
    case 'stage.failed':
    case 'stage.skipped':
    case 'stage.cancelled':
    case 'stage.rewound':
    case 'stage.signalled':
      return applyWorkflow(event, rows)
    // Hosts are operational rows; their events are for people and programs that watch.
    case 'host.started':
    case 'host.stop_requested':
    case 'host.stopped':
    case 'host.lost':
      return []
  }
}
