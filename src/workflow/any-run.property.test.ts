import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { anyDefinition, anyInputs, endOf } from '../../test/workflow/any-workflow.ts'
import { RowRun, type OpenItem } from '../../test/workflow/row-run.ts'
import { projection } from '../projection.ts'
import { replay } from '../testing/replay.ts'
import type { Happening } from './advance.ts'
import { hasEnded, isSettled } from './lifecycle.ts'
import { takesFailures } from './plan.ts'
import type { StageRow } from './run.ts'
import { NO_TALLY, retally, type Tally } from './tally.ts'

/** Things that are done to a run from outside, beside ends of what is open. */
const disturbance = fc.constantFrom(
  'none',
  'none',
  'none',
  'pause',
  'resume',
  'stale',
  'signal',
  'skip',
  'retry',
  'cancel',
)
const DISTURBED = fc.array(fc.tuple(fc.nat(), disturbance), { maxLength: 60 })
/** Far more than any of these runs can take. */
const MAX_MOVES = 2000

interface Played {
  readonly seed: number
  /** Of a hundred items, how many fail. */
  readonly failures: number
}

/** Brings one open thing to its end; false where nothing is open. */
function move(run: RowRun, pick: number, { seed, failures }: Played): boolean {
  const timed = run.stages.filter(({ state, wakeAt }) => state === 'open' && wakeAt !== null)
  const many = run.open.length + run.asked.length + timed.length
  if (many === 0) return false
  const chosen = pick % many
  const item = run.open[chosen]
  if (item !== undefined) {
    endItem(run, item, seed, failures)
    return true
  }
  const asked = run.asked[chosen - run.open.length]
  if (asked !== undefined) {
    const says = endOf(seed, `${asked.stage}#${asked.round} asked`, 50).ok
    run.answer(
      asked.stage,
      asked.kind === 'approval' ? (says ? 'approve' : 'reject') : says ? 'skip' : 'abort',
    )
    return true
  }
  const { stage, round } = timed[chosen - run.open.length - run.asked.length] as StageRow
  run.happen({ on: 'woken', stage, round })
  return true
}

function endItem(run: RowRun, { stage, round, index }: OpenItem, seed: number, failures: number): void {
  const end = endOf(seed, `${stage}#${round}.${index}`, failures)
  if (end.ok) run.done(stage, end.result, index)
  else run.failed(stage, 'It broke.', index)
}

function disturb(run: RowRun, what: string, pick: number): void {
  const { stages } = run.plan.definition
  const stage = stages[pick % Math.max(1, stages.length)]?.id ?? 'none'
  if (what === 'pause') run.happen({ on: 'paused', reason: 'A person wants it.' })
  else if (what === 'resume') run.happen({ on: 'resumed' })
  else if (what === 'signal') run.happen({ on: 'signalled', signal: 'go', value: '"now"' })
  else if (what === 'cancel') run.happen({ on: 'cancelled', reason: 'No longer wanted.' })
  else if (what === 'skip') run.happen({ on: 'skipped', stage })
  else if (what === 'retry') run.happen({ on: 'retried', stage })
  else if (what === 'stale')
    for (const happening of staleOf(run, stage)) expect(run.happen(happening)).toEqual([])
}

/** What does not concern a run any more, or not yet. */
function staleOf(run: RowRun, stage: string): Happening[] {
  const row = run.stage(stage)
  const round = (row?.round ?? 1) - (row?.state === 'open' ? 1 : 0)
  const outcome = { ok: true, tree: null, began: null } as const
  return [
    { on: 'settled', stage, round, index: 0, outcome },
    { on: 'answered', stage, round, answer: { choice: 'approve', comment: null, began: null, tree: null } },
    { on: 'woken', stage, round },
    { on: 'settled', stage: 'nowhere', round: 1, index: 0, outcome },
  ]
}

/** Everything that must hold of a run at any time, and does not. */
function broken(run: RowRun): string[] {
  const { plan, stages, run: row } = run
  const found: string[] = []
  const say = (isBroken: boolean, what: string): void => void (isBroken && found.push(what))
  let tally: Tally = NO_TALLY
  for (const stage of stages) tally = retally(tally, undefined, stage)
  for (const [counter, count] of Object.entries(tally))
    say(
      row[counter as keyof Tally] !== count,
      `${counter} is ${row[counter as keyof Tally]}, and ${count} counted`,
    )
  say(row.busy > plan.definition.concurrency, `${row.busy} work at the same time`)
  say(new Set(run.posted).size < run.posted.length, 'something was posted twice')
  for (const stage of stages) {
    const { definition, needs } = plan.stages.get(stage.stage) as NonNullable<
      ReturnType<typeof plan.stages.get>
    >
    const inFlight = stage.posted - stage.succeeded - stage.failures
    if (definition.kind === 'map') say(inFlight > definition.limit, `${inFlight} of ${stage.stage} at a time`)
    const isByHand = stage.decision === 'by_hand'
    const needed = needs.map((need) => run.stage(need))
    const unsettled = needed.filter((need) => need === undefined || !isSettled(need.state))
    const begun = stage.state !== 'pending' && !isByHand
    say(
      begun && unsettled.length > 0,
      `${stage.stage} is ${stage.state} before ${unsettled.length} that it needs`,
    )
    const failed = needed.filter((need) => need?.state === 'failed')
    const ran = stage.state === 'open' || stage.state === 'done'
    say(ran && failed.length > 0 && !takesFailures(definition), `${stage.stage} runs after a failure`)
    const isDead = needed.length > 0 && needed.every((need) => isNotTaken(need))
    const isOff =
      definition.arm !== null && run.stage(definition.arm.branch)?.decision !== definition.arm.case
    say(ran && (isDead || isOff), `${stage.stage} runs on an arm that was not taken`)
    say(stage.decision === 'not_taken' && !(isDead || isOff), `${stage.stage} is not taken for nothing`)
  }
  return found
}

function isNotTaken(row: StageRow | undefined): boolean {
  return row?.state === 'skipped' && (row.decision === 'not_taken' || row.decision === 'needs_failed')
}

/** Plays a run to its end. */
function play(
  run: RowRun,
  played: Played,
  picks: readonly (readonly [number, string])[],
  check: (run: RowRun) => void = () => {},
): void {
  for (let moves = 0; ; moves++) {
    expect(moves).toBeLessThan(MAX_MOVES)
    const [pick, what] = picks[moves] ?? [moves, 'none']
    disturb(run, what, pick)
    check(run)
    if (move(run, pick, played)) check(run)
    else if (moves >= picks.length) {
      if (hasEnded(run.run.state)) return
      run.happen({ on: 'resumed' })
      if (run.stages.some(({ waiting }) => waiting === 'signal'))
        run.happen({ on: 'signalled', signal: 'go', value: '1' })
    }
  }
}

describe('any workflow with any outcomes', () => {
  it('ends, never blocked, and keeps every promise at every step', () => {
    fc.assert(
      fc.property(
        anyDefinition({ isCalm: false }),
        anyInputs,
        fc.record({ seed: fc.nat(), failures: fc.constantFrom(0, 15, 50) }),
        DISTURBED,
        (definition, inputs, played, picks) => {
          const run = new RowRun(definition, inputs)
          play(run, played, picks, () => expect(broken(run)).toEqual([]))
          expect(run.run.error?.message ?? '').not.toContain('blocked')
          expect(run.open).toEqual([])
          expect(run.asked).toEqual([])
          const rows = replay(run.log, projection)
          expect(rows.run).toEqual([run.run])
          expect([...(rows.stage ?? [])]).toEqual(run.stages.toSorted((a, b) => (a.id < b.id ? -1 : 1)))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('ends the same in whatever order its items end, and where it was paused in between', () => {
    fc.assert(
      fc.property(
        anyDefinition({ isCalm: true }),
        anyInputs,
        fc.record({ seed: fc.nat(), failures: fc.constantFrom(0, 30) }),
        fc.array(fc.tuple(fc.nat(), fc.constantFrom('none', 'pause', 'resume')), { maxLength: 60 }),
        (definition, inputs, played, picks) => {
          const first = new RowRun(definition, inputs)
          play(first, played, [])
          const second = new RowRun(definition, inputs)
          play(second, played, picks)
          const facts = (run: RowRun): unknown => [
            run.run.state,
            run.stages.map(({ stage, state, round, decision, scores }) => [
              stage,
              state,
              round,
              decision,
              scores,
            ]),
          ]
          expect(facts(second)).toEqual(facts(first))
        },
      ),
      { numRuns: 300 },
    )
  })
})
