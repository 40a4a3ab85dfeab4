/** Talking to agents: asking, handing on, waiting, calling off. */
import { AtelierError } from '../errors.ts'
import type { AgentChoice, TeamReplies } from '../facade/contract.ts'
import { operation, signalOf, type Operation, type Param, type ReplyCount } from './operation.ts'
import { COMPLEXITY } from './task-params.ts'

const AGENT = {
  name: 'agent',
  type: 'string',
  required: true,
  positional: true,
  description: 'Name of the agent',
} as const satisfies Param

const PROMPT = {
  name: 'prompt',
  type: 'string',
  required: true,
  positional: true,
  rest: true,
  stdin: 'missing',
  description: 'What it is to do',
} as const satisfies Param

const TURN_TIMEOUT = {
  name: 'timeout',
  type: 'duration',
  description: 'Wall-clock limit of the turn',
  default: "the agent's own",
} as const satisfies Param

const WAIT_TIMEOUT = {
  name: 'timeout',
  type: 'duration',
  description: 'Stop waiting after this long; the work goes on; 0 only looks',
  default: 'no limit',
} as const satisfies Param

/** A look at agents is no reason to run them. */
const onlyLooks = (timeout: unknown): boolean => timeout === 0 || timeout === '0'

function countReplies(replies: TeamReplies): ReplyCount {
  const failures = Object.values(replies).flatMap((reply) => ('error' in reply ? [reply.error] : []))
  return { answered: Object.keys(replies).length - failures.length, failures }
}

const ask: Operation = operation({
  name: 'ask',
  summary: 'Ask an agent and wait for its answer',
  details:
    'With --capability in place of a name it goes to whoever can do it: the least busy, of these the one with the most expertise. --task names the kind of work instead, and asks whoever has its role: system_design above complexity 5 an architect, testing a tester, security_analysis security, performance_optimization performance, code_review a reviewer, workflow_coordination a coordinator, and anything else a developer. Ctrl-C cancels the turn.',
  group: 'talk',
  needs: 'host',
  rights: 'operate',
  params: [
    { ...AGENT, without: ['capability', 'task'] },
    PROMPT,
    {
      name: 'capability',
      type: 'string',
      description: 'Ask whoever can do this, and how well from 1 to 10: review:8',
      placeholder: 'word',
    },
    {
      name: 'task',
      type: 'string',
      description: 'Ask whoever has the role for this kind of work: code_review, testing, system_design',
      placeholder: 'word',
    },
    COMPLEXITY,
    {
      name: 'among',
      type: 'names',
      description: 'With --capability or --task: only these agents',
      placeholder: 'agents',
    },
    TURN_TIMEOUT,
  ],
  examples: [
    "atelier ask impl 'Implement caching'",
    'git diff | atelier ask reviewer -',
    "atelier ask --capability review 'Look for races in src/pool.ts'",
    "atelier ask --task system_design --complexity 8 'Design the cache'",
  ],
  library: "const reply = await shop.ask('impl', 'Implement caching')",
  work: 'call',
  waits: true,
  hosted: ({ agent, among }) => (agent === undefined ? (among ?? 'all') : [agent]),
  run: async (shop, { agent, prompt, capability, task, complexity, among, ...options }, context) => {
    const more = { ...options, ...signalOf(context) }
    const choice = { capability, task, complexity, among }
    const isChoice = Object.values(choice).some((value) => value !== undefined)
    if (agent !== undefined && !isChoice) return await shop.ask(agent, prompt, more)
    // What is missing or too much in a choice, its own check tells.
    if (agent === undefined && isChoice) return await shop.ask(choice as AgentChoice, prompt, more)
    throw new AtelierError(
      'invalid_input',
      'Name an agent, or a capability or task in its place; complexity and among go with these.',
      { details: { field: 'agent' } },
    )
  },
})

const cast: Operation = operation({
  name: 'cast',
  summary: 'Give an agent work and return at once',
  details:
    'A busy agent takes up to five messages in a queue. If no host is running, a background host is started, which ends by itself when it is idle.',
  group: 'talk',
  needs: 'host',
  rights: 'operate',
  params: [AGENT, PROMPT, TURN_TIMEOUT],
  examples: ["atelier cast impl 'Implement the retry module'"],
  library: "shop.cast('impl', 'Implement the retry module')",
  work: 'background',
  waits: false,
  hosted: (input) => [input.agent],
  run: async (shop, { agent, prompt, ...options }) => await shop.cast(agent, prompt, options),
})

const awaitOne: Operation = operation({
  name: 'await',
  summary: 'Wait until an agent has nothing left to do',
  details: 'Gives its last answer. Ends with status 3 if the time was up before.',
  group: 'talk',
  needs: 'host',
  rights: 'read',
  params: [AGENT, WAIT_TIMEOUT],
  examples: ['atelier await impl --timeout 10m', 'atelier await impl --timeout 0'],
  library: "await shop.await('impl', { timeout: '10m' })",
  work: 'background',
  waits: true,
  hosted: (input) => (onlyLooks(input.timeout) ? [] : [input.agent]),
  run: async (shop, { agent, ...options }, context) =>
    (await shop.await(agent, { ...options, ...signalOf(context) })) ?? null,
})

const awaitAll: Operation = operation({
  name: 'await-all',
  summary: 'Wait until no agent has anything left to do',
  details:
    'Gives the last answer of each. Ends with status 3 if the time was up before, or if some agents failed.',
  group: 'talk',
  needs: 'host',
  rights: 'read',
  params: [WAIT_TIMEOUT],
  examples: ['atelier await-all', 'atelier await-all --timeout 30m --json'],
  library: 'await shop.awaitAll()',
  work: 'background',
  waits: true,
  hosted: (input) => (onlyLooks(input.timeout) ? [] : 'all'),
  replies: countReplies,
  run: (shop, options, context) => shop.awaitAll({ ...options, ...signalOf(context) }),
})

const pipe: Operation = operation({
  name: 'pipe',
  summary: 'Send the last answer of one agent to another, and wait for its answer',
  details: 'Waits first until the one has nothing left to do. If its work failed, the other is not called.',
  group: 'talk',
  needs: 'host',
  rights: 'operate',
  params: [
    {
      name: 'from',
      type: 'string',
      required: true,
      positional: true,
      description: 'Agent whose answer is sent',
    },
    { name: 'to', type: 'string', required: true, positional: true, description: 'Agent that gets it' },
    {
      name: 'message',
      type: 'string',
      positional: true,
      rest: true,
      stdin: 'dash',
      description: 'What to do with it, put before the answer',
      default: '"Here is the output from the previous step:"',
    },
    TURN_TIMEOUT,
  ],
  examples: ["atelier pipe impl reviewer 'Review for correctness'"],
  library: "await shop.pipe('impl', 'reviewer', 'Review for correctness')",
  work: 'call',
  waits: true,
  hosted: (input) => [input.from, input.to],
  run: async (shop, { from, to, message, ...options }, context) =>
    await shop.pipe(from, to, message, { ...options, ...signalOf(context) }),
})

const fan: Operation = operation({
  name: 'fan',
  summary: 'Send one message to several agents at the same time, and wait for all answers',
  details: 'A failure of one does not stop the others; the exit status is then 3.',
  group: 'talk',
  needs: 'host',
  rights: 'operate',
  params: [
    {
      name: 'message',
      type: 'string',
      required: true,
      positional: true,
      stdin: 'dash',
      description: 'What each of them is to do',
    },
    {
      name: 'agents',
      type: 'names',
      required: true,
      positional: true,
      rest: true,
      description: 'Names of the agents',
    },
    TURN_TIMEOUT,
  ],
  examples: ["atelier fan 'What issues do you see in lib/retry.ts?' impl reviewer"],
  library: "await shop.fan('What issues do you see?', ['impl', 'reviewer'])",
  work: 'call',
  waits: true,
  hosted: (input) => input.agents,
  replies: countReplies,
  run: async (shop, { message, agents, ...options }, context) =>
    await shop.fan(message, agents, { ...options, ...signalOf(context) }),
})

const interrupt: Operation = operation({
  name: 'interrupt',
  summary: 'Cancel what an agent works on and what waits for it',
  group: 'talk',
  needs: 'team',
  rights: 'operate',
  params: [AGENT],
  examples: ['atelier interrupt impl'],
  library: "await shop.interrupt('impl')",
  run: async (shop, input) => ({ agent: input.agent, cancelled: await shop.interrupt(input.agent) }),
})

export const TALK: readonly Operation[] = [ask, cast, awaitOne, awaitAll, pipe, fan, interrupt]
