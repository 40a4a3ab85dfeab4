/** Work that comes round again. */
import { operation, type Operation } from './operation.ts'

const every: Operation = operation({
  name: 'every',
  summary: 'Give an agent the same work again and again',
  details:
    'Replaces the schedule of that agent. The first tick comes after one interval; a tick is skipped while the agent is busy. Schedules tick while a host is running: `atelier up`.',
  group: 'schedules',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'agent', type: 'string', required: true, positional: true, description: 'Name of the agent' },
    {
      name: 'interval',
      type: 'duration',
      required: true,
      positional: true,
      description: 'Time between two ticks',
    },
    {
      name: 'prompt',
      type: 'string',
      required: true,
      positional: true,
      rest: true,
      stdin: 'missing',
      description: 'What it is to do each time',
    },
  ],
  examples: ["atelier every monitor 15m 'Check the build and report what broke'"],
  library: "await shop.every('monitor', 'Check the build', '15m')",
  run: (shop, { agent, interval, prompt }) => shop.every(agent, prompt, interval),
})

const schedules: Operation = operation({
  name: 'schedules',
  summary: 'List the schedules',
  group: 'schedules',
  needs: 'views',
  rights: 'read',
  params: [],
  examples: ['atelier schedules'],
  library: 'await shop.schedules()',
  run: (shop) => shop.schedules(),
})

const cancelSchedule: Operation = operation({
  name: 'cancel-schedule',
  summary: 'End the schedule of an agent',
  group: 'schedules',
  needs: 'team',
  rights: 'operate',
  params: [
    { name: 'agent', type: 'string', required: true, positional: true, description: 'Name of the agent' },
  ],
  examples: ['atelier cancel-schedule monitor'],
  library: "await shop.cancelSchedule('monitor')",
  run: async (shop, { agent }) => ({ agent, cancelled: await shop.cancelSchedule(agent) }),
})

export const SCHEDULES: readonly Operation[] = [every, schedules, cancelSchedule]
