/**
 * What one stage adds to the row of its run. A change of a stage takes away what it added before and adds what it adds now,
 * so that a run counts right at any time without looking at its stages.
 */
import type { RunRow, StageRow } from './run.ts'
import { isSettled } from './lifecycle.ts'

const COUNTED = [
  'open',
  'busy',
  'escalated',
  'queued',
  'done',
  'failed',
  'skipped',
  'cancelled',
  'unhandled',
  'flawed',
] as const

/** The counters of a run that follow from its stages. */
export type Tally = Pick<RunRow, (typeof COUNTED)[number] | 'checksum'>

/** That of a run of which nothing has begun. */
export const NO_TALLY: Tally = {
  open: 0,
  busy: 0,
  escalated: 0,
  queued: 0,
  done: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
  unhandled: 0,
  flawed: 0,
  checksum: '0'.repeat(16),
}

/** The counters after a stage has changed; `before` is undefined for its first row. */
export function retally(run: Tally, before: StageRow | undefined, after: StageRow): Tally {
  const tally: { -readonly [counter in keyof Tally]: Tally[counter] } = {
    ...NO_TALLY,
    checksum: run.checksum,
  }
  for (const counter of COUNTED) {
    const gone = before === undefined ? 0 : share(before, counter)
    tally[counter] = run[counter] - gone + share(after, counter)
  }
  const removed = before === undefined ? NOTHING : sumOf(before)
  const added = sumOf(after)
  // Most of what happens to a stage does not settle it.
  if (removed !== NOTHING || added !== NOTHING) tally.checksum = checksumOf(run.checksum, removed, added)
  return tally
}

function share(row: StageRow, counter: (typeof COUNTED)[number]): number {
  switch (counter) {
    case 'busy':
      return row.waiting === 'work' ? 1 : 0
    case 'escalated':
      return row.waiting === 'decision' ? 1 : 0
    case 'unhandled':
      return row.state === 'failed' && row.decision !== 'handled' ? 1 : 0
    case 'flawed':
      return row.flawed
    default:
      return row.state === counter ? 1 : 0
  }
}

/** 64 bits as two halves. */
type Sum = readonly [high: number, low: number]
const NOTHING: Sum = [0, 0]

/**
 * The sum of hashes does not depend on the order in which stages are settled. It shows that rows were lost or changed; it is
 * no protection against somebody who wants to deceive.
 */
function checksumOf(checksum: string, removed: Sum, added: Sum): string {
  return [0, 1]
    .map((half) => {
      const before = Number.parseInt(checksum.slice(half * 8, half * 8 + 8), 16)
      const after = (before - (removed[half] as number) + (added[half] as number)) >>> 0
      return after.toString(16).padStart(8, '0')
    })
    .join('')
}

/** The hash of a settled stage in its round; nothing for one that is not settled. */
function sumOf({ stage, round, state, subject }: StageRow): Sum {
  if (!isSettled(state)) return NOTHING
  const text = `${stage}\n${round}\n${state}\n${subject ?? ''}`
  return [fnv1a(text, 0x811c9dc5), fnv1a(text, 0x1b873593)]
}

/** FNV-1a of 32 bits, with the offset as its seed. */
function fnv1a(text: string, offset: number): number {
  let hash = offset
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}
