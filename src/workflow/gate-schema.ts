/** Reads a gate: who decides, by what, and what follows a rejection. */
import type { GateStage } from './definition.ts'
import type { GateInput, StageInput } from './input.ts'
import { KIND_SHAPES } from './input-shapes.ts'
import type { StageBase, StageDefaults, StageDraft } from './stage-draft.ts'
import { agentWork, msOf, WHO } from './work-schema.ts'

/** Loops and gates that do not say otherwise end after as many rounds. */
export const DEFAULT_ROUNDS = 3
const DEFAULT_PASS = 'score >= 70'

/** A gate; undefined where it is not clear who decides. */
export function gateStage(
  draft: StageDraft,
  input: StageInput,
  around: StageDefaults,
  base: StageBase,
): GateStage | undefined {
  const gate: GateInput = typeof input.gate === 'string' ? { pass: input.gate } : (input.gate as GateInput)
  const judge = judgeOf(draft, input, gate, around)
  if (judge === undefined) return undefined
  if (gate.onReject !== undefined) draft.link('reject', gate.onReject, draft.at('gate', 'onReject'))
  return {
    ...base,
    kind: 'gate',
    judge,
    onReject: gate.onReject ?? null,
    maxRounds: gate.maxRounds ?? DEFAULT_ROUNDS,
    onExhausted: gate.onExhausted ?? 'fail',
  }
}

/** Fields that only a reviewer has a use for. */
const OF_REVIEWS = Object.keys(KIND_SHAPES.gate).filter((key) => !(key in KIND_SHAPES.join) && key !== 'gate')

function judgeOf(
  draft: StageDraft,
  input: StageInput,
  gate: GateInput,
  around: StageDefaults,
): GateStage['judge'] | undefined {
  const who = WHO.find((key) => input[key] !== undefined)
  const isReview = gate.reviewer !== undefined || who !== undefined
  if (gate.person !== undefined && (isReview || gate.pass !== undefined)) {
    draft.refuse(
      'a gate is decided by a person, by a reviewer, or by an expression; make two gates of it',
      'gate',
    )
    return undefined
  }
  if (gate.reviewer !== undefined && input.agent !== undefined) {
    draft.refuse('gate.reviewer and agent both name the reviewer; leave one out', 'gate', 'reviewer')
    return undefined
  }
  const extra = isReview ? undefined : OF_REVIEWS.find((key) => key in input)
  if (extra !== undefined) {
    draft.refuse(`${extra} is for a reviewer, and this gate has none`, extra)
    return undefined
  }
  if (gate.person === undefined && (gate.timeout !== undefined || gate.onTimeout !== undefined)) {
    draft.refuse('gate.timeout is for a person; of a reviewer, timeout stands beside gate', 'gate', 'timeout')
    return undefined
  }
  if (gate.person !== undefined)
    return personJudge(draft, { title: input.title, question: gate.person, field: ['gate', 'person'] }, gate)
  const text = gate.pass ?? (isReview ? DEFAULT_PASS : undefined)
  if (text === undefined) {
    draft.refuse('gate says neither when it holds nor who decides; give it pass, reviewer or person', 'gate')
    return undefined
  }
  const pass = draft.expression(text, typeof input.gate === 'string' ? ['gate'] : ['gate', 'pass'], 'pass')
  if (!isReview) return { by: 'expression', pass }
  const reviewer = { ...input, agent: gate.reviewer ?? input.agent }
  const work = agentWork(draft, { ...reviewer, access: 'read' }, around, 'work')
  return work && { by: 'reviewer', work, pass }
}

/** A question as it is written: `true` asks for the title. */
interface Question {
  readonly title: string | undefined
  readonly question: string | true
  /** Where the question stands. */
  readonly field: readonly PropertyKey[]
}

/** A question to a person, with values in it like a spec, who has this long. */
export function personJudge(
  draft: StageDraft,
  { title, question, field }: Question,
  { timeout, onTimeout }: Pick<GateInput, 'timeout' | 'onTimeout'>,
): GateStage['judge'] {
  return {
    by: 'person',
    question: question === true ? (title ?? draft.id) : draft.template(question, field, 'stage'),
    timeoutMs: msOf(timeout),
    onTimeout: onTimeout ?? null,
  }
}
