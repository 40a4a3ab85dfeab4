/** The checkpoints of runs. */
import { operation, type Operation } from './operation.ts'
import { LAST_RUN, LEVEL } from './run-params.ts'

const checkpoints: Operation = operation({
  name: 'checkpoints',
  command: 'workflow checkpoints',
  summary: 'Show the latest checkpoints of a run: how it stood, and what came next',
  details:
    'There is one after each wave, at 80 and 90 % of a budget, and at the end. They are there to be read and handed over: a run goes on from where it stands, and does nothing again that is finished.',
  group: 'workflows',
  needs: 'views',
  rights: 'read',
  params: [
    LAST_RUN,
    {
      name: 'limit',
      type: 'number',
      integer: true,
      min: 1,
      description: 'How many, the newest first',
      default: '5',
    },
    { ...LEVEL, default: 'summary' },
    {
      name: 'all',
      type: 'boolean',
      description:
        'Also those that are of no more use: of waves whose run is over, and the last one after a week',
    },
  ],
  examples: [
    'atelier workflow checkpoints feature',
    'atelier workflow checkpoints feature-1 --limit 1 --level context',
  ],
  library: "await shop.checkpoints('feature-1', { limit: 1, level: 'context' })",
  async run(shop, { run, limit, level, all }) {
    const name = run ?? (await shop.workflowStatus())?.id
    return name === undefined ? [] : shop.checkpoints(name, { limit, level, all })
  },
})

export const CHECKPOINTS: readonly Operation[] = [checkpoints]
