/** Questions, permissions and approvals that wait for somebody. */
import { operation, signalOf, type Operation, type Param } from './operation.ts'

const ID = {
  name: 'id',
  type: 'string',
  required: true,
  positional: true,
  description: 'Id of the request, or the beginning of it',
} as const satisfies Param

const KINDS = ['question', 'permission', 'approval', 'merge'] as const

const inbox: Operation = operation({
  name: 'inbox',
  summary: 'Show the questions and approvals that wait for an answer',
  group: 'inbox',
  needs: 'views',
  rights: 'read',
  params: [
    { name: 'all', type: 'boolean', description: 'Also those that are settled' },
    { name: 'kind', type: 'string', choices: KINDS, description: 'Only requests of this kind' },
    { name: 'item', type: 'string', description: 'Only requests about this item' },
    { name: 'agent', type: 'string', description: 'Only requests about this agent' },
  ],
  examples: ['atelier inbox', 'atelier inbox --all --json'],
  library: 'await shop.inbox()',
  run: (shop, filter) => shop.inbox(filter),
})

const answer: Operation = operation({
  name: 'answer',
  summary: 'Answer a question',
  details: 'The first answer counts. The same answer again changes nothing.',
  group: 'inbox',
  needs: 'team',
  rights: 'operate',
  params: [
    ID,
    {
      name: 'answer',
      type: 'string',
      required: true,
      positional: true,
      rest: true,
      stdin: 'missing',
      description: 'The answer',
    },
    { name: 'comment', type: 'string', description: 'What else to say' },
  ],
  examples: ['atelier answer 7k3m Use Postgres', 'atelier answer 7k3m staging --comment "until Friday"'],
  library: "await shop.answer('ask_7k3m', 'Use Postgres')",
  run: (shop, { id, answer: text, ...options }) => shop.answer(id, text, options),
})

const approve: Operation = operation({
  name: 'approve',
  summary: 'Approve what waits for it',
  group: 'inbox',
  needs: 'team',
  rights: 'operate',
  params: [
    ID,
    { name: 'comment', type: 'string', positional: true, rest: true, description: 'What else to say' },
  ],
  examples: ['atelier approve 7k3m', 'atelier approve 7k3m Looks good'],
  library: "await shop.approve('ask_7k3m')",
  run: (shop, { id, comment }) => shop.approve(id, comment),
})

const reject: Operation = operation({
  name: 'reject',
  summary: 'Reject what waits for approval',
  details: 'An item that waits for it fails with the reason; retry it when that is mended.',
  group: 'inbox',
  needs: 'team',
  rights: 'operate',
  params: [
    ID,
    { name: 'reason', type: 'string', required: true, positional: true, rest: true, description: 'Why' },
  ],
  examples: ['atelier reject 7k3m The migration has no way back'],
  library: "await shop.reject('ask_7k3m', 'The migration has no way back')",
  run: (shop, { id, reason }) => shop.reject(id, reason),
})

const request: Operation = operation({
  name: 'request',
  summary: 'Ask a person, or another agent, and wait for the answer if told so',
  details:
    'The same question again, while it is open, is the same request. With --wait it prints the answer, and ends with status 3 if that is a rejection, or if nobody answered before the deadline.',
  group: 'inbox',
  needs: 'team',
  rights: 'operate',
  params: [
    {
      name: 'question',
      type: 'string',
      required: true,
      positional: true,
      rest: true,
      stdin: 'missing',
      description: 'What you want to know',
    },
    {
      name: 'kind',
      type: 'string',
      choices: KINDS,
      description: 'All but a question are approved or rejected',
      default: 'question',
    },
    { name: 'item', type: 'string', description: 'The item that it is about' },
    { name: 'agent', type: 'string', description: 'The agent that it is about', default: 'you' },
    { name: 'options', type: 'names', description: 'The only answers that it takes', placeholder: 'answers' },
    {
      name: 'whoMayAnswer',
      type: 'names',
      description: 'Names of agents or people, or person or anyone',
      default: 'anyone for a question, else person',
      placeholder: 'names',
    },
    {
      name: 'deadline',
      type: 'duration',
      description: 'How long somebody may take to answer',
      default: 'no limit',
    },
    {
      name: 'default',
      type: 'string',
      description: 'The answer that is taken at the deadline',
      placeholder: 'answer',
    },
    { name: 'details', type: 'json', orText: true, description: 'What helps to answer it' },
    {
      name: 'hold',
      type: 'boolean',
      description:
        'Keep the item until it is answered: it must be ready, or is suspended where a worker runs it',
    },
    { name: 'wait', type: 'boolean', description: 'Wait for the answer' },
    {
      name: 'timeout',
      type: 'duration',
      description: 'With --wait: stop waiting after this long; the request stays open',
      default: 'no limit',
    },
  ],
  examples: [
    "atelier request 'Which database?' --options postgres,sqlite --wait",
    "atelier request 'Deploy to production?' --kind approval --item deploy --hold --deadline 1h --default reject",
  ],
  library: "await shop.request('Deploy to production?', { kind: 'approval', item: 'deploy', hold: true })",
  isIncomplete: ({ kind, state, answer: given }) =>
    state === 'withdrawn' ||
    (state === 'expired' && given === null) ||
    (state !== 'open' && kind !== 'question' && given === 'reject'),
  async run(shop, { question, wait, timeout, ...options }, context) {
    const asked = await shop.request(question, options)
    if (wait !== true) return asked
    return shop.answered(asked.id, { ...(timeout === undefined ? {} : { timeout }), ...signalOf(context) })
  },
})

const withdraw: Operation = operation({
  name: 'withdraw',
  summary: 'Take a request back that nobody needs answered any more',
  details: 'An item that waits for it goes on.',
  group: 'inbox',
  needs: 'team',
  rights: 'operate',
  params: [
    ID,
    { name: 'reason', type: 'string', positional: true, rest: true, description: 'Why, for the log' },
  ],
  examples: ['atelier withdraw 7k3m'],
  library: "await shop.withdraw('ask_7k3m')",
  run: (shop, { id, reason }) => shop.withdraw(id, reason),
})

export const INBOX: readonly Operation[] = [inbox, answer, approve, reject, request, withdraw]
