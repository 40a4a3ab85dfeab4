/** The fact that matters most of an event of a workflow. */
import type { AtelierEvent } from '../../events.ts'

export type RunLogEvent = Extract<
  AtelierEvent,
  { readonly type: `workflow.${string}` | `run.${string}` | `stage.${string}` }
>

export function isOfRun(event: AtelierEvent): event is RunLogEvent {
  return ['workflow', 'run', 'stage'].includes(event.type.slice(0, event.type.indexOf('.')))
}

/** `feature-1/build#2`, `feature-1` or `feature`. */
export function runSubject({ data }: RunLogEvent): string {
  if (!('run' in data)) return data.workflow
  return 'position' in data ? `${data.run}/${data.stage}${data.round > 1 ? `#${data.round}` : ''}` : data.run
}

export function runFact(event: RunLogEvent): string {
  switch (event.type) {
    case 'run.started':
      return `${event.data.workflow}, ${event.data.total} stages`
    case 'run.paused':
      return event.data.reason
    case 'run.reopened':
      return `from ${event.data.stage}`
    case 'run.warned':
      return event.data.message
    case 'run.checkpointed':
      return `checkpoint ${event.data.number}`
    case 'run.ended': {
      const { state, error } = event.data
      return error === null ? state : `${state}, ${error.message} [${error.code}]`
    }
    case 'stage.opened':
      return event.data.waiting === null ? '' : `waits for ${event.data.waiting}`
    case 'stage.posted':
      return `${event.data.posted} posted`
    case 'stage.counted':
      return event.data.succeeded ? 'one done' : 'one failed'
    case 'stage.scored':
    case 'stage.done': {
      const { decision, score } = event.data
      return [decision ?? '', score === null ? '' : `score ${score}`].filter(Boolean).join(', ')
    }
    case 'stage.escalated':
    case 'stage.failed':
      return `${event.data.error.message} [${event.data.error.code}]`
    case 'stage.skipped':
      return event.data.why
    case 'stage.rewound':
      return event.data.feedbackStage === null ? '' : `sent back by ${event.data.feedbackStage}`
    case 'workflow.defined':
    case 'run.resumed':
    case 'run.removed':
    case 'stage.met':
    case 'stage.queued':
    case 'stage.cancelled':
    case 'stage.signalled':
      return ''
  }
}
