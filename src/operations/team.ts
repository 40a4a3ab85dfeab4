/** Who is in the team: defining agents and profiles, and seeing what they do. */
import { DEFINITION_PARAMS } from './definition-params.ts'
import { operation, type Operation, type Param } from './operation.ts'

const AGENT = {
  name: 'agent',
  type: 'string',
  required: true,
  positional: true,
  description: 'Name of the agent',
} as const satisfies Param

const ROLE = {
  name: 'role',
  type: 'string',
  positional: true,
  rest: true,
  stdin: 'dash',
  description: 'What it is for, in a sentence or two',
} as const satisfies Param

const agent: Operation = operation({
  name: 'agent',
  summary: 'Create an agent, or replace the one of that name',
  details:
    'The same name with the same definition is the same agent. With another definition the old one is dismissed first: its turn is cancelled and it begins a new session.',
  group: 'team',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'name', type: 'string', required: true, positional: true, description: 'Name of the agent' },
    ROLE,
    { name: 'profile', type: 'string', description: 'Profile that it is made from' },
    ...DEFINITION_PARAMS,
  ],
  examples: [
    'atelier agent impl --profile coder',
    "atelier agent reviewer 'You review code.' --model opus --allowed-tools Read,Bash",
  ],
  library: "shop.agent('impl', { profile: 'coder' })",
  async run(shop, { name, role, ...options }) {
    await (role === undefined ? shop.agent(name, options) : shop.agent(name, role, options)).stored
    return { agent: name }
  },
})

const profile: Operation = operation({
  name: 'profile',
  summary: 'Define a template from which agents are made',
  group: 'team',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'name', type: 'string', required: true, positional: true, description: 'Name of the profile' },
    ROLE,
    { name: 'description', type: 'string', description: 'When to choose it, for whoever picks a profile' },
    ...DEFINITION_PARAMS,
  ],
  examples: ["atelier profile coder 'You write clean, tested code.' --max-turns 15 --timeout 5m"],
  library: "shop.profile('coder', 'You write clean, tested code.', { maxTurns: 15, timeout: '5m' })",
  async run(shop, { name, role, ...options }) {
    await (role === undefined ? shop.profile(name, options) : shop.profile(name, role, options)).stored
    return { profile: name }
  },
})

const profiles: Operation = operation({
  name: 'profiles',
  summary: 'List the profiles',
  group: 'team',
  needs: 'team',
  rights: 'read',
  params: [],
  examples: ['atelier profiles'],
  library: 'await shop.profiles()',
  run: (shop) => shop.profiles(),
})

const agents: Operation = operation({
  name: 'agents',
  summary: 'List the names of the agents',
  group: 'team',
  needs: 'views',
  rights: 'read',
  params: [],
  examples: ['atelier agents'],
  library: 'await shop.agents()',
  run: (shop) => shop.agents(),
})

const info: Operation = operation({
  name: 'info',
  summary: 'Show everything about one agent',
  group: 'team',
  needs: 'views',
  rights: 'read',
  params: [AGENT],
  examples: ['atelier info impl'],
  library: "await shop.info('impl')",
  run: (shop, input) => shop.info(input.agent),
})

const status: Operation = operation({
  name: 'status',
  summary: 'Show who is working, on what, and at which cost',
  group: 'team',
  needs: 'views',
  rights: 'read',
  params: [],
  examples: ['atelier status', 'atelier status --json'],
  library: 'await shop.status()',
  run: (shop) => shop.status(),
})

const dismiss: Operation = operation({
  name: 'dismiss',
  summary: 'Remove an agent from the team',
  details: 'Its turn is cancelled. What it cost stays on the bill. Dismissing nobody is no error.',
  group: 'team',
  needs: 'team',
  rights: 'operate',
  params: [AGENT],
  examples: ['atelier dismiss impl'],
  library: "await shop.dismiss('impl')",
  async run(shop, input) {
    await shop.dismiss(input.agent)
    return { agent: input.agent }
  },
})

const reset: Operation = operation({
  name: 'reset',
  summary: 'Begin a new session for an agent and empty its queue',
  details: 'Role and options stay, and so does what it cost.',
  group: 'team',
  needs: 'team',
  rights: 'operate',
  params: [AGENT],
  examples: ['atelier reset impl'],
  library: "await shop.reset('impl')",
  async run(shop, input) {
    await shop.reset(input.agent)
    return { agent: input.agent }
  },
})

const resetAll: Operation = operation({
  name: 'reset-all',
  summary: 'Begin a new session for every agent',
  group: 'team',
  needs: 'team',
  rights: 'operate',
  params: [],
  examples: ['atelier reset-all'],
  library: 'await shop.resetAll()',
  async run(shop) {
    const names = await shop.agents()
    await shop.resetAll()
    return { agents: names }
  },
})

export const TEAM: readonly Operation[] = [
  status,
  agent,
  agents,
  info,
  profile,
  profiles,
  reset,
  resetAll,
  dismiss,
]
