/** The members about prompts that are repeated. */
import { parsePrompt } from '../agents/definition-schema.ts'
import { AtelierError } from '../errors.ts'
import type { TeamContext } from '../team/context.ts'
import { cancelSchedule, createSchedule } from '../team/defining.ts'
import type { ScheduleView } from '../team/view-types.ts'
import { parseDuration } from '../time/duration.ts'
import type { Workshop, WorkshopViews } from './contract.ts'

/** A shorter interval would only ever find the agent busy. */
const MIN_INTERVAL_MS = 10

export function createSchedules(
  team: TeamContext,
  views: WorkshopViews,
): Pick<Workshop, 'every' | 'cancelSchedule'> {
  return {
    async every(name, prompt, interval) {
      const intervalMs = parseDuration(interval, 'interval')
      if (intervalMs < MIN_INTERVAL_MS) {
        throw new AtelierError(
          'invalid_input',
          `An interval is at least ${MIN_INTERVAL_MS} ms; got ${intervalMs}.`,
          {
            details: { field: 'interval', minimum: MIN_INTERVAL_MS },
          },
        )
      }
      await createSchedule(team, name, parsePrompt(prompt), intervalMs)
      return (await views.schedules()).find((schedule) => schedule.agent === name) as ScheduleView
    },
    cancelSchedule: (name) => cancelSchedule(team, name),
  }
}
