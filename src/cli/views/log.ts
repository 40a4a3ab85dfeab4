import type { AtelierEvent } from '../../events.ts'
import type { Json } from '../../json.ts'
import { formatDuration } from '../../time/duration.ts'
import { timeOfDay, usd } from '../format.ts'
import { fit, oneLine, pad } from '../text.ts'
import { isOfRun, runFact, runSubject, type RunLogEvent } from './run-log.ts'
import type { Page, Shown, Views } from './view.ts'

export const LOG_VIEWS: Views<'events' | 'watch'> = {
  events: (events, page) =>
    events.length === 0
      ? { body: '', remark: 'No such events.' }
      : { body: events.map((event) => `${eventLine(event, page)}\n`).join('') },
  watch: (event, page): Shown => ({ body: eventLine(event, page) }),
}

const TYPE_WIDTH = 18

/** One event as one line: number, time, type, whom it is about, and the fact that matters most. */
export function eventLine(
  event: AtelierEvent,
  { paint, width, now }: Pick<Page, 'paint' | 'width' | 'now'>,
): string {
  const seq = String(event.seq).padStart(5)
  const time = timeOfDay(event.at, now)
  const subject = subjectOf(event)
  const used = seq.length + 2 + time.length + 2 + TYPE_WIDTH + 2
  const fact = isOfRun(event) ? runFact(event) : factOf(event)
  const text = [subject, fact].filter((part) => part !== '').join(': ')
  return `${paint.faint(`${seq}  ${time}`)}  ${paintType(event, paint)}  ${fit(oneLine(text), Math.max(20, width - used))}`
}

function paintType({ type }: AtelierEvent, paint: Page['paint']): string {
  const text = pad(type, TYPE_WIDTH)
  if (type === 'turn.finished') return paint.good(text)
  if (type === 'item.done') return paint.good(text)
  return BAD_NEWS.has(type) ? paint.bad(text) : paint.name(text)
}

const BAD_NEWS: ReadonlySet<AtelierEvent['type']> = new Set<AtelierEvent['type']>([
  'turn.lost',
  'message.failed',
  'host.lost',
  'item.failed',
  'item.blocked',
  'merge.rejected',
  'inbox.expired',
  'stage.failed',
  'stage.escalated',
])

function subjectOf(event: AtelierEvent): string {
  if (isOfRun(event)) return runSubject(event)
  const { data } = event
  if ('agent' in data) return data.agent
  if ('item' in data) return data.item
  return 'subject' in data ? data.subject : ''
}

function factOf(event: Exclude<AtelierEvent, RunLogEvent>): string {
  switch (event.type) {
    case 'profile.defined':
      return event.data.profile
    case 'agent.created':
      return [event.data.backend, event.data.model, event.data.replaced ? 'replaced' : '']
        .filter(Boolean)
        .join(' ')
    case 'message.posted':
    case 'schedule.created':
      return headOfText(event.data.prompt)
    case 'message.cancelled':
      return event.data.reason
    case 'message.failed':
      return `${event.data.error.message} [${event.data.error.code}]`
    case 'turn.started':
      return event.data.attempt > 1 ? `attempt ${event.data.attempt}` : ''
    case 'turn.finished': {
      const { outcome, durationMs, costMicros, failure, answer } = event.data
      const facts = `${outcome}, ${formatDuration(durationMs)}, ${usd(costMicros / 1_000_000)}`
      return `${facts}  ${failure?.message ?? (answer === null ? '' : headOfText(answer))}`
    }
    case 'turn.lost':
      return event.data.reason
    case 'circuit.changed':
      return `${event.data.key} ${event.data.state}, ${event.data.failures} failures`
    case 'schedule.ticked':
      return event.data.message === null ? 'skipped: busy' : ''
    case 'context.put':
    case 'context.removed':
      return `${event.data.key} version ${event.data.version}`
    case 'budget.set':
      return `${event.data.scope} ${event.data.limitMicros === null ? 'no limit' : usd(event.data.limitMicros / 1_000_000)}`
    case 'budget.reset':
      return event.data.scope
    case 'host.started':
      return `${event.data.kind}, pid ${event.data.pid}`
    case 'host.stop_requested':
      return `${event.data.host}${event.data.now ? ', now' : ''}`
    case 'host.stopped':
      return event.data.host
    case 'host.lost':
      return `${event.data.host}: ${event.data.reason}`
    case 'account.limited':
      return `${event.data.account}: ${event.data.reason}`
    case 'item.posted':
      return `${event.data.kind}, ${event.data.title}`
    case 'item.claimed':
      return event.data.number > 1 ? `${event.data.owner}, attempt ${event.data.number}` : event.data.owner
    case 'item.phase_changed':
      return event.data.phase
    case 'item.progressed':
      return `${event.data.percent} % ${event.data.step}`
    case 'item.done':
      return event.data.result === null ? '' : headOfText(event.data.result)
    case 'item.failed':
      return `${event.data.error.message} [${event.data.error.code}]`
    case 'item.cancelled':
    case 'item.skipped':
      return event.data.reason
    case 'item.flagged':
      return event.data.flags.join('; ')
    case 'item.blocked':
      return `by ${event.data.causes.join(', ')}`
    case 'item.deferred':
      return `waits for ${event.data.waiting.for}`
    case 'item.merge_returned':
    case 'attempt.refused':
      return `${event.data.error.message} [${event.data.error.code}]`
    case 'attempt.submitted':
      return event.data.head === null ? '' : event.data.head.slice(0, 10)
    case 'attempt.verifying':
      return event.data.host ?? 'its host is gone'
    case 'attempt.ended':
      return event.data.error === null
        ? event.data.outcome
        : `${event.data.outcome}, ${event.data.error.message}`
    case 'change.advanced':
      return `${event.data.change} to ${event.data.head.slice(0, 10)}`
    case 'change.closed':
      return event.data.commit === null
        ? `${event.data.change} is not wanted any more`
        : `${event.data.change} is in ${event.data.commit.slice(0, 10)}`
    case 'merge.requested':
      return `${event.data.title}, for ${event.data.target}`
    case 'merge.taken':
    case 'merge.adopted':
      return `${event.data.merges.length} for ${event.data.target}`
    case 'merge.intended':
      return `${event.data.ref} to ${event.data.new.slice(0, 10)}`
    case 'merge.completed':
      return `${event.data.target} has it in ${event.data.commit.slice(0, 10)}`
    case 'merge.rejected':
      return `${event.data.error.message} [${event.data.error.code}]`
    case 'merge.held':
      return event.data.message
    case 'merge.returned':
      return event.data.reason
    case 'inbox.asked':
      return `${event.data.askedBy} asks: ${headOfText(event.data.question)}`
    case 'inbox.answered':
      return `${event.actor} answers: ${headOfText(event.data.answer)}`
    case 'inbox.expired':
      return event.data.answer === null
        ? 'nobody answered in time'
        : `the default is taken: ${headOfText(event.data.answer)}`
    case 'inbox.withdrawn':
      return headOfText(event.data.reason)
    case 'item.removed':
    case 'item.path_changed':
    case 'item.readied':
    case 'item.unblocked':
    case 'item.fell_back':
    case 'item.retried':
    case 'item.started':
    case 'agent.reset':
    case 'agent.dismissed':
    case 'schedule.cancelled':
      return ''
  }
}

function headOfText(text: Json | { readonly head: string }): string {
  return typeof text === 'string' ? text : (text as { readonly head: string }).head
}
