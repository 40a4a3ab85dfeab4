/** The members about the shared context. */
import { parseContextKey, parseContextValue } from '../agents/definition-schema.ts'
import { isAtelierError } from '../errors.ts'
import type { Json } from '../json.ts'
import type { TeamContext } from '../team/context.ts'
import { putContext, removeContext } from '../team/defining.ts'
import type { ContextEntry } from '../team/view-types.ts'
import type { PutOptions, Workshop, WorkshopViews } from './contract.ts'

/** How often a merge is tried while others write the same key. */
const MERGE_TRIES = 10

export interface ContextParts {
  readonly team: TeamContext
  readonly views: WorkshopViews
  /** Throws where the workshop is closed. */
  readonly open: () => void
}

export function createContext({ team, views, open }: ContextParts): Pick<Workshop, 'put' | 'remove'> {
  async function merged(key: string, incoming: Json, merge: NonNullable<PutOptions['merge']>): Promise<void> {
    for (let tries = 1; ; tries++) {
      const current = await views.entry(key)
      const value = parseContextValue(key, current === undefined ? incoming : merge(current.value, incoming))
      try {
        await putContext(team, key, value, current?.version ?? 0)
        return
      } catch (error) {
        if (!isAtelierError(error, 'conflict') || tries >= MERGE_TRIES) throw error
      }
    }
  }

  return {
    async put(key, value, { ifVersion, merge } = {}) {
      open()
      parseContextKey(key)
      const snapshot = parseContextValue(key, value)
      if (merge === undefined) await putContext(team, key, snapshot, ifVersion)
      else await merged(key, snapshot, merge)
      return (await views.entry(key)) as ContextEntry
    },
    remove: (key, { ifVersion } = {}) => removeContext(team, key, ifVersion),
  }
}
