/** Who is in the team, and what they do. */
import { operation, type Operation, type Param } from './operation.ts'

const AGENT = {
  name: 'agent',
  type: 'string',
  required: true,
  positional: true,
  description: 'Name of the agent',
} as const satisfies Param

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

export const TEAM: readonly Operation[] = [status, agents, info, profiles, reset, resetAll, dismiss]
