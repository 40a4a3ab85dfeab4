/** Items of the work board, from posting to done. On a command line each is a word after `work`. */
import { AtelierError } from '../errors.ts'
import type { PostedItem, WorkItem, WorkOptions } from '../facade/board-contract.ts'
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

/** What an item may have beside its id and title. */
const OPTIONS = [
  { name: 'type', type: 'string', description: 'Which workers take it: any word', default: 'custom' },
  {
    name: 'priority',
    type: 'json',
    orText: true,
    description: '1 (most urgent) to 5, or emergency, critical, high, normal, low, lowest',
    default: 'normal',
    placeholder: 'priority',
  },
  {
    name: 'dependsOn',
    type: 'names',
    description: 'Items that must be done before',
    placeholder: 'ids',
  },
  { name: 'input', type: 'json', description: 'JSON for the agent', placeholder: 'json' },
  {
    name: 'verify',
    type: 'texts',
    description: 'Command that must succeed on its work',
    placeholder: 'command',
  },
  {
    name: 'retry',
    type: 'json',
    orText: true,
    description: 'exponential, hub, none, or a number of further tries',
    default: 'exponential',
    placeholder: 'policy',
  },
  { name: 'fallback', type: 'names', description: 'Profiles that try it when every try has failed' },
  { name: 'timeout', type: 'duration', description: 'Wall-clock limit of one try' },
  { name: 'estimate', type: 'duration', description: 'How long it takes, about; longer ways begin first' },
  {
    name: 'touches',
    type: 'names',
    description: 'Files that it will change; items on the same files do not run together',
    placeholder: 'globs',
  },
  {
    name: 'access',
    type: 'string',
    choices: ['write', 'read'],
    description: 'read: what it writes is discarded',
    default: 'write',
  },
  {
    name: 'merge',
    type: 'string',
    choices: ['auto', 'pr-branch', 'manual'],
    description: 'How its work comes to the target',
    default: 'auto',
  },
  { name: 'agent', type: 'string', description: 'Agent or profile that is preferred' },
  { name: 'capability', type: 'string', description: 'What an agent must be able to do' },
  { name: 'change', type: 'string', description: 'Line of work that it extends', default: 'its own' },
  { name: 'maxCostUsd', type: 'number', min: 0, description: 'Limit of all its tries', placeholder: 'usd' },
  { name: 'metadata', type: 'json', description: 'Facts of your own', placeholder: 'json' },
  { name: 'replace', type: 'boolean', description: 'Take the place of an item that nobody has claimed' },
] as const

const work: Operation = operation({
  name: 'work',
  command: 'work add',
  summary: 'Post an item on the board, or several at once',
  details:
    'Several are posted from a file or from `items`: all of them, or none. Posting never fails for want of a worker: the item is ready, and the board says that nobody takes it yet.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'id', type: 'string', positional: true, description: 'Its name on the board' },
    {
      name: 'title',
      type: 'string',
      positional: true,
      rest: true,
      description: 'What is to be done, in a line',
    },
    { name: 'spec', type: 'string', description: 'What is to be done, in full', placeholder: 'text' },
    {
      name: 'specFile',
      type: 'string',
      only: 'cli',
      reads: { into: 'spec', as: 'text' },
      description: 'Read the spec from this file; - is standard input',
      placeholder: 'file',
    },
    ...OPTIONS,
    {
      name: 'items',
      type: 'json',
      description: 'Several items, each an object like this input',
      placeholder: 'json',
    },
    {
      name: 'file',
      type: 'string',
      only: 'cli',
      reads: { into: 'items', as: 'data' },
      description: 'Read several items from this YAML or JSON file; - is standard input',
    },
  ],
  examples: [
    "atelier work add auth 'Implement auth' --type code --priority high --verify 'npm test'",
    "atelier work add auth_review 'Review auth' --type review --depends-on auth",
    'atelier work add --file items.yaml',
  ],
  library: "await shop.work('auth', 'Implement auth', { type: 'code', verify: ['npm test'] })",
  async run(shop, { id, title, items, specFile: _specFile, file: _file, ...options }) {
    if (items !== undefined)
      return postBatch(items, id ?? title, async (batch) => shop.work(batch, { replace: options.replace }))
    if (id === undefined || title === undefined) throw incomplete()
    return [await shop.work(id, title, options as WorkOptions)]
  },
})

/** A list, or a document whose `items` are one. */
async function postBatch(
  items: unknown,
  single: string | undefined,
  post: (batch: readonly WorkItem[]) => Promise<readonly PostedItem[]>,
): Promise<readonly PostedItem[]> {
  if (single !== undefined) {
    throw new AtelierError(
      'invalid_input',
      `Give one item by its id and title, or several by a file or \`items\`; "${single}" is one too many.`,
      { details: { field: 'items' } },
    )
  }
  const isDocument = typeof items === 'object' && items !== null && 'items' in items
  return post((isDocument ? items.items : items) as readonly WorkItem[])
}

function incomplete(): AtelierError {
  return new AtelierError(
    'invalid_input',
    "An item needs an id and a title: work add auth 'Implement auth'. Several come from a file: work add --file items.yaml",
    { details: { field: 'id' } },
  )
}

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
  ],
  examples: [
    "atelier work complete auth 'Login and logout work'",
    'git log -1 | atelier work complete auth -',
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

const workFromResult: Operation = operation({
  name: 'work-from-result',
  command: 'work from-result',
  summary: 'Post an item whose spec is the last answer of an agent',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'agent', type: 'string', required: true, positional: true, description: 'Name of the agent' },
    ID,
    {
      name: 'title',
      type: 'string',
      description: 'What is to be done, in a line',
      default: '"From <agent> result"',
    },
    ...OPTIONS.filter(({ name }) => name !== 'agent'),
  ],
  examples: ['atelier work from-result planner feature --type code'],
  library: "await shop.workFromResult('planner', 'feature', { type: 'code' })",
  run: async (shop, { agent, id, ...options }) => [
    await shop.workFromResult(agent, id, options as Parameters<typeof shop.workFromResult>[2]),
  ],
})

export const WORK: readonly Operation[] = [
  work,
  workFromResult,
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
