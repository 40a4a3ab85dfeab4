/** How the parts of a run are named: items, child runs and changes, each known by its place, so that nothing is doubled. */
import type { ItemPart } from '../board/item.ts'
import { subjectId } from '../workflow/names.ts'

/** The id of an item or child run: `feature-1/plan`, of a later round `feature-1/plan#2`, of an element `feature-1/each#2.7`. */
export function partId({ run, stage, round, index }: ItemPart): string {
  return subjectId(run, stage, round, index)
}

/** Who claims what no agent does; no agent can have this name. */
export const ENGINE_OWNER = ':engine'

/** True for the id of what may be part of a run. Other items may have such ids, too. */
export function mayBePart(item: string): boolean {
  return item.includes('/')
}
