/** Items of the work board, from claiming to done. On a command line each is a word after `work`. */
import { operation, type Operation, type Param } from './operation.ts'

const ID = {
  name: 'id',
  type: 'string',
  required: true,
  positional: true,
  description: 'Id of the item',
} as const satisfies Param

const AS = {
  name: 'as',
  type: 'string',
  description: 'The agent that it was claimed for',
  default: 'you',
  placeholder: 'agent',
} as const satisfies Param

const REASON = {
  name: 'reason',
  type: 'string',
  positional: true,
  rest: true,
  description: 'Why, for the log',
} as const satisfies Param

const ready: Operation = operation({
  name: 'ready',
  command: 'work ready',
  summary: 'List what can be claimed now, in the order in which workers take it',
  group: 'board',
  needs: 'views',
  rights: 'read',
  params: [{ name: 'type', type: 'string', description: 'Only items of this type' }],
  examples: ['atelier work ready', 'atelier work ready --type code --json'],
  library: "await shop.ready('code')",
  run: (shop, { type }) => shop.ready(type),
})

const item: Operation = operation({
  name: 'item',
  command: 'work show',
  summary: 'Show everything about one item, also why it does not run',
  group: 'board',
  needs: 'views',
  rights: 'read',
  params: [ID],
  examples: ['atelier work show auth'],
  library: "await shop.item('auth')",
  run: (shop, { id }) => shop.item(id),
})

const claim: Operation = operation({
  name: 'claim',
  command: 'work claim',
  summary: 'Claim a ready item, to work on it yourself or for an agent',
  details:
    'Exactly one of several claims succeeds. It holds for 30 minutes: extend it, or the item is given back. Only who has claimed an item can start, complete or fail it.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [ID, { ...AS, description: 'The agent to claim it for' }],
  examples: ['atelier work claim auth', 'atelier work claim auth --as impl'],
  library: "await shop.claim('auth')",
  run: (shop, { id, as }) => shop.claim(id, as),
})

const start: Operation = operation({
  name: 'start',
  command: 'work start',
  summary: 'Say that work on a claimed item has begun',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [ID, AS],
  examples: ['atelier work start auth'],
  library: "await shop.start('auth')",
  run: (shop, { id, ...options }) => shop.start(id, options),
})

const complete: Operation = operation({
  name: 'complete',
  command: 'work complete',
  summary: 'Say that a claimed item is finished, with its result',
  details:
    'An item with commands to verify, or whose work is on a branch or in a commit that you name, is verified and merged first: by a running host, or with --wait by this command. What does not hold comes back to you with the facts, and you keep the item.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [
    ID,
    {
      name: 'result',
      type: 'string',
      positional: true,
      rest: true,
      stdin: 'dash',
      description: 'What came of it, for the items that depend on it',
    },
    AS,
    {
      name: 'branch',
      type: 'string',
      description: 'Branch that holds the work',
      default: 'what is checked out',
    },
    { name: 'commit', type: 'string', description: 'Commit that holds the work', placeholder: 'commit' },
    { name: 'wait', type: 'boolean', description: 'Wait until it is verified and merged' },
    { name: 'timeout', type: 'duration', description: 'How long to wait', default: 'for ever' },
  ],
  hosts: ({ wait }) => wait === true,
  examples: [
    "atelier work complete auth 'Login and logout work'",
    'git log -1 | atelier work complete auth -',
    'atelier work complete auth --branch my-auth --wait',
  ],
  library: "await shop.complete('auth', 'Login and logout work')",
  run: (shop, { id, result, ...options }) => shop.complete(id, result, options),
})

const fail: Operation = operation({
  name: 'fail',
  command: 'work fail',
  summary: 'Say that a claimed item has failed; what depends on it is blocked',
  details:
    'It is not tried again by itself: `work retry` gives it another try, `work release` gives it back instead.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [ID, { ...REASON, name: 'error', stdin: 'dash', description: 'What went wrong' }, AS],
  examples: ["atelier work fail auth 'The API has no login'"],
  library: "await shop.fail('auth', 'The API has no login')",
  run: (shop, { id, error, ...options }) => shop.fail(id, error, options),
})

const release: Operation = operation({
  name: 'release',
  command: 'work release',
  summary: 'Give a claimed item back, for others to take',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [ID, AS],
  examples: ['atelier work release auth'],
  library: "await shop.release('auth')",
  run: (shop, { id, ...options }) => shop.release(id, options),
})

const extend: Operation = operation({
  name: 'extend',
  command: 'work extend',
  summary: 'Let your claim of an item end only after this long from now',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [
    ID,
    {
      name: 'duration',
      type: 'duration',
      required: true,
      positional: true,
      description: 'How long from now',
    },
    AS,
  ],
  examples: ['atelier work extend auth 30m'],
  library: "await shop.extend('auth', '30m')",
  run: (shop, { id, duration, ...options }) => shop.extend(id, duration, options),
})

const cancel: Operation = operation({
  name: 'cancel',
  command: 'work cancel',
  summary: 'Cancel an item that is not done; what depends on it is blocked',
  details: 'Whoever runs it is stopped. `work retry` brings it back.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [ID, REASON],
  examples: ["atelier work cancel auth 'We use the other library'"],
  library: "await shop.cancel('auth')",
  run: (shop, { id, reason }) => shop.cancel(id, reason),
})

const retry: Operation = operation({
  name: 'retry',
  command: 'work retry',
  summary: 'Give a failed or cancelled item another try, and free what it blocked',
  details: 'An item of a run is refused: `workflow retry` does its stage again, with which the run goes on.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [ID],
  examples: ['atelier work retry auth'],
  library: "await shop.retry('auth')",
  run: (shop, { id }) => shop.retry(id),
})

const skip: Operation = operation({
  name: 'skip',
  command: 'work skip',
  summary: 'Let what depends on an item go on without it',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [ID, REASON],
  examples: ["atelier work skip docs 'Written by hand'"],
  library: "await shop.skip('docs')",
  run: (shop, { id, reason }) => shop.skip(id, reason),
})

const removeItem: Operation = operation({
  name: 'remove-item',
  command: 'work remove',
  summary: 'Take an item off the board that neither runs nor is needed by others',
  details: 'The log keeps what it was.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [ID],
  examples: ['atelier work remove auth'],
  library: "await shop.removeItem('auth')",
  async run(shop, { id }) {
    await shop.removeItem(id)
    return { removed: [id] }
  },
})

const clearBoard: Operation = operation({
  name: 'clear-board',
  command: 'work clear',
  summary: 'Take everything off the board but what runs, and what that rests on',
  details: 'The log keeps what they were.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [],
  examples: ['atelier work clear'],
  library: 'await shop.clearBoard()',
  run: async (shop) => ({ removed: await shop.clearBoard() }),
})

export const WORK: readonly Operation[] = [
  ready,
  item,
  claim,
  start,
  complete,
  fail,
  release,
  extend,
  cancel,
  retry,
  skip,
  removeItem,
  clearBoard,
]
