/** The board as a whole: what there is to do, who does it, and when it is over. */
import { operation, signalOf, type Operation } from './operation.ts'

const board: Operation = operation({
  name: 'board',
  summary: 'Show the work board: what is worked on, what needs you, what waits and what is done',
  details:
    'On a terminal it changes as the work goes on, until q or Ctrl-C. With --wait it waits until nothing goes on by itself any more, and ends with status 3 if something has failed or is blocked.',
  group: 'board',
  needs: 'views',
  rights: 'read',
  changes: true,
  isIncomplete: ({ settled }) =>
    settled !== undefined && (settled.failed.length > 0 || settled.waiting.length > 0),
  params: [
    {
      name: 'status',
      type: 'string',
      choices: ['new', 'ready', 'claimed', 'in_progress', 'done', 'failed', 'blocked', 'cancelled'],
      description: 'Only items with this status',
    },
    { name: 'type', type: 'string', description: 'Only items of this type' },
    {
      name: 'claimedBy',
      type: 'string',
      description: 'Only items of this agent or person',
      placeholder: 'who',
    },
    {
      name: 'wait',
      type: 'boolean',
      description: 'Wait until no item is ready or runs, and none waits for a time',
    },
    {
      name: 'timeout',
      type: 'duration',
      description: 'With --wait: stop waiting after this long; the work goes on; 0 only looks',
      default: 'no limit',
    },
    { name: 'once', type: 'boolean', only: 'cli', description: 'Print it once, also on a terminal' },
  ],
  examples: ['atelier board', 'atelier board --status ready --json', 'atelier board --wait --timeout 30m'],
  library: "await shop.board({ status: 'ready' })",
  async run(shop, { wait, timeout, once: _once, ...filter }, context) {
    if (wait !== true) return shop.board(filter)
    const settled = await shop.boardSettled({
      ...(timeout === undefined ? {} : { timeout }),
      ...signalOf(context),
    })
    return { ...(await shop.board(filter)), settled }
  },
})

const workers: Operation = operation({
  name: 'workers',
  summary: 'List the workers of the board: what they take, and what they work on',
  group: 'board',
  needs: 'views',
  rights: 'read',
  params: [],
  examples: ['atelier workers', 'atelier workers --json'],
  library: 'await shop.workers()',
  run: (shop) => shop.workers(),
})

export const BOARD: readonly Operation[] = [board, workers]
