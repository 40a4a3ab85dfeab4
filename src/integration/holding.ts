/** What becomes of the merges of a host that is gone. */
import type { MergeRow } from '../board/merge.ts'
import { loseMerges } from '../board/merge-queue.ts'
import type { Reader } from '../store.ts'
import type { Holding } from '../team/context.ts'

/** The merges that a host's integrator has. */
async function loadHostMerges(reader: Reader, host: string): Promise<readonly MergeRow[]> {
  return reader.list('merge', { where: { state: 'taken', host } })
}

/** What it had in hand goes back to the queue; its intents wait for the next integrator. */
export const mergesHeld: Holding = {
  async load(reader, host) {
    const rows = await loadHostMerges(reader, host)
    return () => loseMerges(rows, host)
  },
}
