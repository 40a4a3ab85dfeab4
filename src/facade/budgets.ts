/** The members about budgets. */
import { AtelierError } from '../errors.ts'
import type { TeamContext } from '../team/context.ts'
import { resetBudget, setBudget } from '../team/defining.ts'
import type { Workshop, WorkshopViews } from './contract.ts'

export function createBudgets(
  team: TeamContext,
  views: WorkshopViews,
): Pick<Workshop, 'setBudget' | 'resetBudget'> {
  return {
    async setBudget(limitUsd, name) {
      if (limitUsd !== null && !(Number.isFinite(limitUsd) && limitUsd >= 0)) {
        throw new AtelierError(
          'invalid_input',
          `A budget is a number of USD that is not negative, or null for no limit; got ${limitUsd}.`,
        )
      }
      await setBudget(team, limitUsd, name)
      return views.budget(name)
    },
    async resetBudget(name) {
      await resetBudget(team, name)
      return views.budget(name)
    },
  }
}
