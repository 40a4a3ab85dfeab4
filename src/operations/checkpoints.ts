/** The checkpoints of runs. */
import { operation, type Operation, type Param } from './operation.ts'

interface LevelParam extends Param {
  readonly name: 'level'
  readonly type: 'string'
  readonly choices: readonly ['summary', 'context', 'full']
}

/** How much of a checkpoint somebody wants to see. */
export const LEVEL: LevelParam = {
  name: 'level',
  type: 'string',
  choices: ['summary', 'context', 'full'],
  description:
    'How much: summary counts and says what comes next; context adds which stages, and their results; full adds how each stood',
}

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
    {
      name: 'run',
      type: 'string',
      positional: true,
      placeholder: 'run|name',
      description: 'Id of the run, or name of the workflow for its last run',
      default: 'the last run of all',
    },
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
