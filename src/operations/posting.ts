/** Posting items on the work board. On a command line each verb is a word after `work`. */
import { AtelierError } from '../errors.ts'
import type { PostedItem, WorkItem, WorkOptions } from '../facade/board-contract.ts'
import { operation, type Operation } from './operation.ts'
import { COMPLEXITY } from './task-params.ts'

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
    name: 'value',
    type: 'number',
    min: 0,
    description: 'How much more it is worth than others, 0.1 to 10',
    default: '1',
  },
  {
    name: 'deadline',
    type: 'string',
    description: 'When it is to be done: 2026-03-01T17:00Z, or 8h from now',
    placeholder: 'time',
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
  {
    name: 'rework',
    type: 'json',
    description: 'Rounds of rework before a person is asked, or { rounds, deadline, default }',
    default: '3',
    placeholder: 'json',
  },
  {
    name: 'capability',
    type: 'json',
    orText: true,
    description: 'What an agent must be able to do, and how well from 1 to 10: review:8',
    placeholder: 'word',
  },
  {
    name: 'task',
    type: 'string',
    description: 'What kind of work it is, in place of a capability: code_review, testing, system_design',
    placeholder: 'word',
  },
  COMPLEXITY,
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
    "atelier work add auth_test 'Test auth' --type code --task testing",
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

const workFromResult: Operation = operation({
  name: 'work-from-result',
  command: 'work from-result',
  summary: 'Post an item whose spec is the last answer of an agent',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'agent', type: 'string', required: true, positional: true, description: 'Name of the agent' },
    {
      name: 'id',
      type: 'string',
      required: true,
      positional: true,
      description: 'Id of the item',
    },
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

export const POSTING: readonly Operation[] = [work, workFromResult]
