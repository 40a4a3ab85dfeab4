/** The log of everything that was decided. */
import type { EventType } from '../events.ts'
import { operation, signalOf, type Operation, type Param } from './operation.ts'

const TYPES = {
  name: 'type',
  type: 'names',
  description: 'Only these types of event, such as turn.finished',
  placeholder: 'types',
} as const satisfies Param

/** The facade refuses a type that it does not know. */
function typesOf(types: readonly string[] | undefined): { readonly types?: readonly EventType[] } {
  return types === undefined ? {} : { types: types as readonly EventType[] }
}

const events: Operation = operation({
  name: 'events',
  summary: 'Show the last events of the log',
  group: 'log',
  needs: 'views',
  rights: 'read',
  params: [
    { name: 'last', type: 'number', integer: true, min: 1, description: 'How many', default: '20' },
    {
      name: 'after',
      type: 'number',
      integer: true,
      min: 0,
      description: 'Only events after this number',
      placeholder: 'seq',
    },
    TYPES,
  ],
  examples: ['atelier events --last 5', 'atelier events --type turn.finished,turn.lost --json'],
  library: 'await shop.events({ last: 5 })',
  run: (shop, { type, ...options }) => shop.events({ ...options, ...typesOf(type) }),
})

const watch: Operation = operation({
  name: 'watch',
  summary: 'Show events as they happen, until Ctrl-C',
  group: 'log',
  needs: 'views',
  rights: 'read',
  params: [
    {
      name: 'after',
      type: 'number',
      integer: true,
      min: 0,
      description: 'Begin after this event',
      default: 'now',
      placeholder: 'seq',
    },
    { name: 'agent', type: 'string', description: 'Only events about this agent' },
    TYPES,
  ],
  examples: ['atelier watch', 'atelier watch --agent impl --json'],
  streams: true,
  library: 'for await (const event of shop.watch()) console.log(event.type)',
  run: (shop, { type, ...options }, context) =>
    shop.watch({ ...options, ...typesOf(type), ...signalOf(context) }),
})

export const LOG: readonly Operation[] = [events, watch]
