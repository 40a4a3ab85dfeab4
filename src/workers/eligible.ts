/** The ready items that an agent can do, in order of the queue. */
import { canHandle, type RoutingStrategy } from '../agents/routing.ts'
import type { CanHandle, Skill, Task } from '../agents/capability.ts'
import type { ItemRow } from '../board/item.ts'
import type { Reader, RowQuery } from '../store.ts'
import { definitionOf } from './rows.ts'

/** How an agent answers for itself, as far as this process was given a function for it or for its profile. */
export type CanHandleOf = (agent: string, profile: string | null) => CanHandle | undefined

/** How a worker's agents get their items. */
export interface Selection {
  readonly routing: RoutingStrategy
  readonly canHandleOf: CanHandleOf
}

/** What somebody can do: a function of its own, or capabilities. */
export interface Ability {
  readonly skills: readonly Skill[]
  readonly canHandle: CanHandle | undefined
}

/** Rows that are read where those before did not fit; then all are. */
const FURTHER: readonly (number | undefined)[] = [64, 1024, undefined]

/** True if an agent can do an item. What its own function throws is a no: nobody else's item is held up by it. */
export async function isAble(
  reader: Reader,
  item: ItemRow,
  { skills, canHandle: own }: Ability,
): Promise<boolean> {
  if (own === undefined) return canHandle({ capabilities: skills }, { capability: wantedOf(item) })
  try {
    // A promise is no answer, and would pass for one.
    const answer: unknown = own(await taskOf(reader, item))
    return answer === true
  } catch {
    return false
  }
}

/** What an item asks for. */
export function wantedOf({ capability, minExpertise }: ItemRow): Task['capability'] {
  return capability === null ? null : { name: capability, minExpertise }
}

async function taskOf(reader: Reader, item: ItemRow): Promise<Task> {
  const { spec, input, metadata } = await definitionOf(reader, item)
  const { id, title, type } = item
  return { id, title, type, capability: wantedOf(item), spec, input, metadata }
}

/**
 * The first ready items of a type that an agent can do; fewer than the limit only where there are no more. Each
 * capability has a queue of its own in the index, so that items which an agent cannot do are not even looked at.
 */
export async function readyFor(
  reader: Reader,
  type: string,
  ability: Ability,
  limit: number,
): Promise<readonly ItemRow[]> {
  const able = (row: ItemRow): Promise<boolean> => isAble(reader, row, ability)
  const ready = { state: 'ready', type } as const
  if (ability.canHandle !== undefined) return firstOf(reader, ready, able, limit)
  const rows = await firstOf(reader, { ...ready, capability: null }, able, limit)
  if (ability.skills.length === 0) return rows
  const all = [...rows]
  for (const { name } of ability.skills)
    all.push(...(await firstOf(reader, { ...ready, capability: name }, able, limit)))
  return all.toSorted((a, b) => a.rank - b.rank || (a.id < b.id ? -1 : 1)).slice(0, limit)
}

async function firstOf(
  reader: Reader,
  where: NonNullable<RowQuery<ItemRow>['where']>,
  fits: (row: ItemRow) => Promise<boolean>,
  limit: number,
): Promise<readonly ItemRow[]> {
  let found: ItemRow[] = []
  for (const size of [limit, ...FURTHER]) {
    const rows = await reader.list('item', {
      where,
      orderBy: 'rank',
      ...(size === undefined ? {} : { limit: size }),
    })
    found = []
    for (const row of rows) {
      if (await fits(row)) found.push(row)
      if (found.length === limit) return found
    }
    if (size === undefined || rows.length < size) break
  }
  return found
}
