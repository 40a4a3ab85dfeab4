/** Changes that a run leaves: what is not wanted of it any more begins nothing, and is kept for people only. */
import { decideClose, type ChangeRow } from '../board/change.ts'
import type { NewEvent } from '../events.ts'
import type { Reader } from '../store.ts'
import type { RunRow } from '../workflow/run.ts'
import { writesDeep, type KnownDefinition } from './definitions.ts'

/** Read at once: few runs have more parallel writers. */
const PAGE = 50

/**
 * Closes what parallel writers left behind once the work of their run is merged: what they made in rounds that count no more.
 * A run whose work has not come to its target keeps them, and so does one that failed: with them it is tried again.
 */
export async function closeWriters(
  reader: Reader,
  run: RunRow,
  { definition }: KnownDefinition,
): Promise<readonly NewEvent[]> {
  // What a child run made is merged with its parent's work.
  if (run.parentRun !== null || !definition.stages.some(writesDeep)) return []
  if ((await reader.get('change', run.change))?.state === 'open') return []
  return (await changesOf(reader, run.id)).flatMap(close)
}

/** Closes all that a run leaves which is forgotten: another run of its name begins anew. */
export async function closeAll(reader: Reader, { id }: RunRow): Promise<readonly NewEvent[]> {
  const own = await reader.get('change', id)
  const others = await changesOf(reader, id)
  return [...(own === undefined ? [] : [own]), ...others].flatMap(close)
}

function close(row: ChangeRow): readonly NewEvent[] {
  return decideClose(row, { change: row.id, head: row.head, commit: null })
}

/** The changes of parts of a run and of the runs within it: they are named after these. */
async function changesOf(reader: Reader, run: string): Promise<readonly ChangeRow[]> {
  const found: ChangeRow[] = []
  const prefix = `${run}/`
  for (let after = prefix; ;) {
    const page = await reader.list('change', { orderBy: 'id', after, limit: PAGE })
    for (const row of page) {
      if (!row.id.startsWith(prefix)) return found
      // An item that somebody posted may have such a name, too.
      const item = await reader.get('item', row.item)
      if (item?.run === run || item?.run?.startsWith(prefix) === true) found.push(row)
      after = row.id
    }
    if (page.length < PAGE) return found
  }
}
