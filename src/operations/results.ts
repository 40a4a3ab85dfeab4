/** What agents answered, and how they got there. */
import { operation, type Operation } from './operation.ts'

const result: Operation = operation({
  name: 'result',
  summary: 'Show the last answer of an agent',
  group: 'results',
  needs: 'views',
  rights: 'read',
  params: [
    { name: 'agent', type: 'string', required: true, positional: true, description: 'Name of the agent' },
    { name: 'full', type: 'boolean', description: 'With session, cost, duration and usage; a failure too' },
  ],
  examples: ['atelier result impl', 'atelier result impl --full --json'],
  library: "await shop.result('impl')",
  run: (shop, { agent, full }) => (full === true ? shop.result(agent, 'full') : shop.result(agent)),
})

const history: Operation = operation({
  name: 'history',
  summary: 'Show what an agent was asked and what it answered',
  group: 'results',
  needs: 'views',
  rights: 'read',
  params: [
    { name: 'agent', type: 'string', required: true, positional: true, description: 'Name of the agent' },
    {
      name: 'last',
      type: 'number',
      integer: true,
      min: 1,
      description: 'Only the last ones',
      default: '20',
    },
  ],
  examples: ['atelier history impl --last 3'],
  library: "await shop.history('impl', { last: 3 })",
  run: (shop, { agent, ...options }) => shop.history(agent, options),
})

const transcript: Operation = operation({
  name: 'transcript',
  summary: 'Show what happened in a turn: prompts, texts, tool calls, files',
  group: 'results',
  needs: 'views',
  rights: 'read',
  params: [
    {
      name: 'turn',
      type: 'string',
      required: true,
      positional: true,
      placeholder: 'turn|agent',
      description: 'Id of the turn, or name of an agent for its last one',
    },
  ],
  examples: ['atelier transcript impl'],
  library: "await shop.transcript('impl')",
  run: (shop, input) => shop.transcript(input.turn),
})

export const RESULTS: readonly Operation[] = [result, history, transcript]
