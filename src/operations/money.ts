/** What the team has cost, and what it may cost. */
import { AtelierError } from '../errors.ts'
import { operation, type Operation } from './operation.ts'

const cost: Operation = operation({
  name: 'cost',
  summary: 'Show what the team has cost, in all and by agent',
  details: 'Turns whose cost the backend did not tell are charged at an assumed one, and shown as such.',
  group: 'money',
  needs: 'views',
  rights: 'read',
  params: [],
  examples: ['atelier cost', 'atelier cost --json'],
  library: 'await shop.cost()',
  run: (shop) => shop.cost(),
})

const NO_LIMIT = 'none'

const budget: Operation = operation({
  name: 'budget',
  summary: 'Show a budget, set its limit, or start counting anew',
  details: 'Over the limit the next message is refused as `budget_exceeded`; a running turn is not stopped.',
  group: 'money',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'agent', type: 'string', description: 'Of this agent', default: 'of the whole workshop' },
    {
      name: 'limit',
      type: 'string',
      description: `Limit in USD, or \`${NO_LIMIT}\``,
      placeholder: 'usd|none',
    },
    { name: 'reset', type: 'boolean', description: 'Count from 0 again; costs stay on the bill' },
  ],
  examples: [
    'atelier budget',
    'atelier budget --limit 5',
    'atelier budget --agent impl --limit none --reset',
  ],
  library: 'await shop.setBudget(5)',
  async run(shop, { agent, limit, reset }) {
    if (limit !== undefined) await shop.setBudget(limitUsd(limit), agent)
    return reset === true ? shop.resetBudget(agent) : shop.budget(agent)
  },
})

function limitUsd(limit: string): number | null {
  if (limit === NO_LIMIT) return null
  const usd = Number(limit.replace(/^\$/u, ''))
  if (limit.trim() !== '' && Number.isFinite(usd) && usd >= 0) return usd
  throw new AtelierError(
    'invalid_input',
    `limit "${limit}" is no amount. Give US dollars such as 2.50, or ${NO_LIMIT}.`,
    {
      details: { field: 'limit', value: limit },
    },
  )
}

export const MONEY: readonly Operation[] = [cost, budget]
