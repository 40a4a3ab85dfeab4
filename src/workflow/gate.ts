/** Gates: whether the work before them holds. */
import type { Json } from '../json.ts'
import type { Outcome } from './advance.ts'
import type { GateStage } from './definition.ts'
import { ruleOf } from './evaluating.ts'
import { open, openApproval, openWork } from './opening.ts'
import { targetOf } from './plan.ts'
import { alwaysOutdated, neverApproved, noVerdict, rejected, UNKNOWN_FAILURE } from './failures.ts'
import { rewind } from './rewind.ts'
import type { StageRow } from './run.ts'
import { subjectOf } from './scope.ts'
import { completeStage, escalate, failStage, interrupt } from './settling.ts'
import type { Step } from './step.ts'
import { judgementOf, whyNoVerdict } from './verdict.ts'

/** Times that a gate is asked again, in a row, because the work changed while it was judged. */
const MOST_OUTDATED = 3

/** Opens a gate. A failure before it is a rejection; nobody is asked about work that is not there. */
export function openGate(step: Step, row: StageRow, gate: GateStage): void {
  const misses = step.misses
  const subject = subjectOf(step, row)
  if (step.misses > misses) return
  if (row.broken > 0) {
    const { message: why } = subject?.error ?? UNKNOWN_FAILURE
    if (open(step, row, { waiting: null })) reject(step, row, gate, { why, said: subject ?? row })
  } else if (gate.judge.by === 'reviewer') openWork(step, row)
  else if (gate.judge.by === 'person') openApproval(step, row)
  else judge(step, row, gate, { pass: gate.judge.pass, subject })
}

/** Decides by what the judged work says itself. */
function judge(
  step: Step,
  row: StageRow,
  gate: GateStage,
  { pass, subject }: { readonly pass: string; readonly subject: StageRow | undefined },
): void {
  const worked = ruleOf(step, 'pass', pass, { row })
  if (worked === undefined || !open(step, row, { waiting: null })) return
  const opened = step.stage(row.stage)
  const score = subject?.scores.at(-1) ?? null
  const tree = subject?.tree ?? null
  if (!worked.ok) failStage(step, opened, worked.error)
  else if (worked.value) completeStage(step, opened, { decision: 'approve', score, tree })
  else reject(step, opened, gate, { why: `${pass} does not hold`, score, said: subject ?? row })
}

/** A reviewer has answered. */
export function reviewed(step: Step, row: StageRow, gate: GateStage, outcome: Outcome): void {
  if (!outcome.ok) {
    failStage(step, row, outcome.error)
    return
  }
  if (gate.judge.by !== 'reviewer') return
  const misses = step.misses
  const result: Json | null = step.result(row.stage, row.round)
  if (step.misses > misses) return
  const why = whyNoVerdict(result)
  if (why !== undefined) {
    failStage(step, row, noVerdict(row.stage, why))
    return
  }
  const worked = ruleOf(step, 'pass', gate.judge.pass, { row, own: { result } })
  if (worked === undefined) return
  const { verdict, score, feedback } = judgementOf(result)
  const isVeto = verdict === 'veto'
  if (!worked.ok) failStage(step, row, worked.error)
  else if (worked.value && !isVeto) approve(step, row, { score, tree: outcome.tree, began: outcome.began })
  else {
    const decision = isVeto ? 'veto' : 'request_changes'
    reject(step, row, gate, {
      why: feedback ?? `${gate.judge.pass} does not hold`,
      score,
      decision,
      said: row,
    })
  }
}

interface Approval {
  readonly score?: number | null
  /** What the work is now, and what it was when the judge began. */
  readonly tree: string | null
  readonly began: string | null
}

/** Lets work pass that is still what was judged. Of anything else nobody has said that it holds: it is judged again. */
export function approve(step: Step, row: StageRow, { score = null, tree, began }: Approval): void {
  if (began === tree) completeStage(step, row, { decision: 'approve', score, tree })
  else if (step.isDoomed) interrupt(step, row, 'The run has failed.')
  else if (row.outdated >= MOST_OUTDATED) failStage(step, row, alwaysOutdated(row.stage, row.outdated + 1))
  else {
    const reason = `What the gate "${row.stage}" judged has changed meanwhile.`
    rewind(step, [row.stage], { gate: row, feedback: null, reason, isOutdated: true })
  }
}

export interface Rejection {
  readonly why: string
  readonly score?: number | null
  readonly decision?: 'request_changes' | 'veto'
  /** What says what is to be better. */
  readonly said: StageRow
}

/** Sends work back, as often as the gate may. */
export function reject(step: Step, before: StageRow, gate: GateStage, rejection: Rejection): void {
  const { why, score = null, decision = 'request_changes', said } = rejection
  const { stage } = before
  step.tell('stage.scored', step.stage(stage), { score, decision })
  const row = step.stage(stage)
  const target = targetOf(step.plan, gate)
  if (step.isDoomed) interrupt(step, row, 'The run has failed.')
  else if (target === null) failStage(step, row, rejected(stage, why))
  else if (row.tries >= gate.maxRounds) exhausted(step, row, gate)
  else {
    const feedback = { stage: said.stage, round: said.round }
    rewind(step, [target], { gate: row, feedback, reason: `The gate "${stage}" sent the work back.` })
  }
}

function exhausted(step: Step, row: StageRow, gate: GateStage): void {
  const error = neverApproved(row.tries, row.scores.slice(-row.tries))
  if (gate.onExhausted === 'accept_best') {
    completeStage(step, row, { decision: 'accept_best', tree: row.tree, flawed: true })
  } else if (gate.onExhausted === 'escalate') escalate(step, row, error)
  else failStage(step, row, error)
}
