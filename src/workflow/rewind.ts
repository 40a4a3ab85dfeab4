/** Sends a run back to a stage: it begins again in a further round, and what rests on it is pending again. */
import type { StageRow } from './run.ts'
import { countsFor, withdraw } from './settling.ts'
import type { Step } from './step.ts'

export interface Rewinding {
  /** The gate that sends it back; null: a person. */
  readonly gate: StageRow | null
  /** What says what is to be better. */
  readonly feedback: { readonly stage: string; readonly round: number } | null
  readonly reason: string
  /** The gate itself is asked again, as its verdict was about work that has changed meanwhile. */
  readonly isOutdated?: boolean
}

/** Rewinds stages, and everything that rests on them as far as it was touched. */
export function rewind(step: Step, targets: readonly string[], rewinding: Rewinding): void {
  const misses = step.misses
  const rows = touchedFrom(step, targets, rewinding.gate)
  if (step.misses > misses) return
  const gone = goneFrom(step, rows)
  for (const row of rows.values()) {
    const isTarget = targets.includes(row.stage)
    const less = gone.get(row.stage) ?? NOTHING_GONE
    withdraw(step, row, rewinding.reason)
    step.tell('stage.rewound', row, {
      // What has not begun in its round has left nothing behind: it may have the same.
      round: row.state === 'pending' ? row.round : row.round + 1,
      unmet: row.unmet + less.met,
      live: row.live - less.live,
      broken: row.broken - less.broken,
      tries: triesAfter(step, row, rewinding.gate),
      keepsSkip: !isTarget && row.decision === 'by_hand',
      feedbackStage: isTarget ? (rewinding.feedback?.stage ?? null) : null,
      feedbackRound: isTarget ? (rewinding.feedback?.round ?? null) : null,
      outdated: isTarget && rewinding.isOutdated === true ? row.outdated + 1 : 0,
    })
    if (row.unmet + less.met === 0) step.ready.push(row.stage)
  }
}

function touchedFrom(step: Step, targets: readonly string[], gate: StageRow | null): Map<string, StageRow> {
  const rows = new Map<string, StageRow>()
  const open = [...targets]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (rows.has(id)) continue
    const misses = step.misses
    const isTouched = step.isTouched(id) || targets.includes(id)
    const row = step.stage(id)
    // What stands before the gate has most likely run: all of it is asked for at once, instead of one after the other.
    const isLikely = step.misses > misses && (gate === null || row.position < gate.position)
    if (!isTouched && !isLikely) continue
    rows.set(id, row)
    open.push(...step.plannedOf(row).successors)
  }
  return new Map([...rows].toSorted(([, a], [, b]) => a.position - b.position))
}

interface Gone {
  readonly met: number
  readonly live: number
  readonly broken: number
}
const NOTHING_GONE: Gone = { met: 0, live: 0, broken: 0 }

/** What each stage loses of what it was told, as those that told it begin again. */
function goneFrom(step: Step, rows: ReadonlyMap<string, StageRow>): Map<string, Gone> {
  const gone = new Map<string, Gone>()
  for (const row of rows.values()) {
    for (const id of step.plannedOf(row).successors) {
      const successor = rows.get(id)
      const counts = successor === undefined ? undefined : countsFor(step, row, successor)
      if (counts === undefined) continue
      const { met, live, broken } = gone.get(id) ?? NOTHING_GONE
      gone.set(id, {
        met: met + 1,
        live: live + (counts.live ? 1 : 0),
        broken: broken + (counts.broken ? 1 : 0),
      })
    }
  }
  return gone
}

/**
 * Rounds that count against `maxRounds`. A loop begins anew. So does a gate that lies before the one that sends work back; those
 * beside and behind it go on counting, so that gates cannot send work to and fro without end.
 */
function triesAfter(step: Step, row: StageRow, gate: StageRow | null): number {
  if (gate === null || step.plannedOf(row).definition.kind !== 'gate') return 0
  return step.plan.descendants(row.stage).has(gate.stage) ? 0 : row.tries
}
