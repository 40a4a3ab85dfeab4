/** What an item is about, as far as it lies in changes: a verdict counts for that and for nothing else. */
import type { ItemRow } from '../board/item.ts'
import { hashText } from '../ids.ts'
import type { Reader } from '../store.ts'

/** A line of work, and the items whose work it takes up. */
export type Judged = Pick<ItemRow, 'change' | 'dependsOn'>

/** The git tree of the change, or the hash of several trees where the work of others is taken up; null where nothing has one. */
export async function contentOf(reader: Reader, { change, dependsOn }: Judged): Promise<string | null> {
  const changes = new Set([change])
  for (const id of dependsOn) {
    const item = await reader.get('item', id)
    if (item !== undefined) changes.add(item.change)
  }
  const trees: (readonly [change: string, tree: string])[] = []
  for (const id of changes) {
    const row = await reader.get('change', id)
    if (row !== undefined) trees.push([id, row.tree])
  }
  const [first] = trees
  if (first === undefined) return null
  return trees.length === 1 ? first[1] : hashText(JSON.stringify(trees))
}
