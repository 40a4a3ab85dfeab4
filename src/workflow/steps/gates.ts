/**
 * What follows the steps of a step file that have a gate: another round of a step before it, or one of two ways on. Both are a stage of
 * their own behind the step, so that a step with a gate may write files as any other.
 */
import type { StageInput } from '../input.ts'
import { readCondition, type ReadCondition } from './condition.ts'
import { shownText } from '../problems.ts'
import type { StepFault } from './fault.ts'
import type { StepLinks, Ways } from './links.ts'
import { PASSED, passingOf, type Members } from './scoring.ts'
import type { Step, StepSettings } from './step-schema.ts'

/** How it is decided about a step. */
export interface Decision {
  /** The id of its stage. */
  readonly id: string
  /** In CEL. */
  readonly holds: string
  /** What the answer of the step must have for it. */
  readonly members: Members
  readonly ways: Ways
  /** The steps that run only where the gate leads to them, by the name of the case. Empty where it leads back. */
  readonly arms: ReadonlyMap<Case, string>
}

type Case = 'pass' | 'fail' | 'else'

export interface Gates {
  /** By the step. */
  readonly decisions: ReadonlyMap<string, Decision>
  readonly faults: readonly StepFault[]
}

/** Whether a step is asked for scores, if it says something about them or has a gate. */
export function isScored({ scoring }: Step, { code_scoring: codeScoring }: StepSettings): boolean {
  return scoring?.enabled !== false && codeScoring !== false
}

/** Reads all gates: which there are must be known before the stages that wait for them are made. */
export function readGates(
  links: StepLinks,
  settings: StepSettings,
  newId: (step: string, word: string) => string,
): Gates {
  const decisions = new Map<string, Decision>()
  const faults: StepFault[] = []
  for (const { step, index } of links.steps) {
    if (step.gate === undefined) continue
    const ways = links.waysOf(step)
    if (settings.quality_gates === false) {
      faults.push(...detour(ways, index))
      continue
    }
    const { condition } = step.gate
    const passing = isScored(step, settings) ? passingOf(step.scoring?.thresholds) : null
    const read = readCondition(condition ?? PASSED, passing)
    if (read.ok) {
      const { expression: holds, members } = read
      decisions.set(step.id, { id: newId(step.id, 'gate'), holds, members, ways, arms: armsOf(links, ways) })
    } else faults.push(undecided(condition, read, index))
  }
  return { decisions, faults }
}

/** Without gates nobody would lead to a step to which only a failure leads, so that it ran at once. */
function detour({ fail, kind }: Ways, index: number): readonly StepFault[] {
  if (kind === 'back') return []
  const why = `settings.quality_gates is false, and on_fail leads on to ${shownText(String(fail))}, which nothing would decide about; leave the gate out`
  return [{ index, path: ['gate', 'on_fail'], code: 'unsupported', why }]
}

function undecided(
  condition: string | undefined,
  { why, offset, nearest }: Extract<ReadCondition, { readonly ok: false }>,
  index: number,
): StepFault {
  if (condition === undefined)
    return { index, path: ['gate'], why: `a gate without a condition asks for ${PASSED}, and ${why}` }
  const said = `the condition ${shownText(condition)} cannot be decided: ${why}`
  return { index, path: ['gate', 'condition'], why: said, offset, nearest }
}

/** What is left out where the gate leads the other way. Where one way comes to the other in the end, that one never is. */
function armsOf(links: StepLinks, { pass, fail, kind }: Ways): ReadonlyMap<Case, string> {
  const arms = new Map<Case, string>()
  if (kind === 'back' || fail === null) return arms
  if (pass !== null && !links.isBefore(fail, pass)) arms.set('pass', pass)
  if (arms.size === 0) arms.set('fail', fail)
  else if (!links.isBefore(pass as string, fail)) arms.set('else', fail)
  return arms
}

/** The stage that decides about a step, without what follows it in any case. */
export function gateStage(step: string, { id, holds, ways, arms }: Decision): StageInput {
  const stage = { id, title: `Gate of ${step}`, needs: step }
  const { fail, kind } = ways
  if (kind === 'back')
    return { ...stage, gate: { pass: holds, ...(fail === null ? {} : { onReject: fail }) } }
  const when = `status != "failed" && ${holds.includes('||') ? `(${holds})` : holds}`
  const [pass, otherwise] = [arms.get('pass'), arms.get('else')]
  if (pass === undefined)
    return { ...stage, branch: [{ name: 'fail', when: `!(${when})`, to: arms.get('fail') as string }] }
  return {
    ...stage,
    branch: [{ name: 'pass', when, to: pass }],
    ...(otherwise === undefined ? {} : { else: otherwise }),
  }
}

/** Where it leads in any case. */
export function openWaysOf({ ways: { pass, fail, kind }, arms }: Decision): readonly string[] {
  const targets = kind === 'back' ? [pass] : [pass, fail]
  const taken = new Set(arms.values())
  return targets.filter((each) => each !== null && !taken.has(each)) as readonly string[]
}
