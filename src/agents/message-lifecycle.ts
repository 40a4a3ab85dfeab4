/**
 * The lifecycle of a message. A test derives this table from {@link nextMessageState}:
 *
 * | from      | turn.started | turn.finished: completed | failed | cancelled | deferred | turn.lost | message.failed | message.cancelled |
 * |-----------|--------------|--------------------------|--------|-----------|----------|-----------|----------------|-------------------|
 * | queued    | delivered    | -                        | -      | -         | -        | -         | failed         | cancelled         |
 * | delivered | -            | answered                 | failed | cancelled | queued   | queued    | -              | cancelled         |
 * | answered  | -            | -                        | -      | -         | -        | -         | -              | -                 |
 * | failed    | -            | -                        | -      | -         | -        | -         | -              | -                 |
 * | cancelled | -            | -                        | -      | -         | -        | -         | -              | -                 |
 */
import type { MessageRow } from '../tables.ts'

export type MessageState = MessageRow['state']

export type MessageStep =
  | 'turn.started'
  | 'turn.completed'
  | 'turn.failed'
  | 'turn.cancelled'
  | 'turn.deferred'
  | 'turn.lost'
  | 'message.failed'
  | 'message.cancelled'

const STEPS: Readonly<Record<MessageState, Partial<Record<MessageStep, MessageState>>>> = {
  queued: { 'turn.started': 'delivered', 'message.failed': 'failed', 'message.cancelled': 'cancelled' },
  delivered: {
    'turn.completed': 'answered',
    'turn.failed': 'failed',
    'turn.cancelled': 'cancelled',
    'turn.deferred': 'queued',
    'turn.lost': 'queued',
    'message.cancelled': 'cancelled',
  },
  answered: {},
  failed: {},
  cancelled: {},
}

/** The state after a step; undefined where the step is not allowed. */
export function nextMessageState(state: MessageState, step: MessageStep): MessageState | undefined {
  return STEPS[state][step]
}

/** True once nothing can change the message any more. */
export function isSettled(state: MessageState): boolean {
  return Object.keys(STEPS[state]).length === 0
}
