/** Making agents, and the templates that they are made from. */
import { DEFINITION_PARAMS } from './definition-params.ts'
import { operation, type Operation, type Param } from './operation.ts'

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

export const DEFINING: readonly Operation[] = [agent, profile]
