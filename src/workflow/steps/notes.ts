/** What a step file says that has no effect here. It is told, so that nobody relies on it. */
import { fieldName } from '../../agents/shown-values.ts'
import type { PlacedStep } from './links.ts'
import type { Step, StepWorkflow } from './step-schema.ts'

export interface StepNote {
  readonly path: readonly PropertyKey[]
  /** Null: it is about the workflow. */
  readonly stage: string | null
  readonly field: string
  readonly sentence: string
}

const TIERS = 'agents read what they need of the project themselves'
/** Fields of the metadata of a step that say how it runs. */
const KNOWN_METADATA = ['retry', 'skip_on_fail']

/** Each field once, where it stands first. */
export function notesOf(top: StepWorkflow, steps: readonly PlacedStep[]): readonly StepNote[] {
  const { settings = {}, auto_detect: detect, metadata } = top
  const notes: StepNote[] = []
  const told = new Set<string>()
  const tell = (
    field: string,
    path: readonly PropertyKey[],
    why: string,
    stage: string | null = null,
  ): void => {
    if (told.has(field)) return
    told.add(field)
    const at = ['workflow', ...path]
    notes.push({ path: at, stage, field: fieldName(at), sentence: `${field} has no effect here: ${why}.` })
  }
  const chosen = 'a workflow is run by its name, and never chosen by what a project looks like'
  if (detect !== undefined) tell('auto_detect', ['auto_detect'], chosen)
  if (settings.auto_detect !== undefined) tell('auto_detect', ['settings', 'auto_detect'], chosen)
  if (settings.context_tier_default !== undefined)
    tell('context_tier_default', ['settings', 'context_tier_default'], TIERS)
  if (metadata !== undefined && Object.keys(metadata).length > 0)
    tell('metadata', ['metadata'], 'it is for people, and there is no place for it')
  for (const { step, index } of steps)
    for (const [field, why, path = [field]] of ofStep(step))
      tell(field, ['steps', index, ...path], why, step.id)
  return notes
}

function ofStep(
  step: Step,
): readonly (readonly [field: string, why: string, path?: readonly PropertyKey[]])[] {
  const { context_tier: tier, metadata = {}, scoring, gate } = step
  const unknown = Object.keys(metadata).filter((key) => !KNOWN_METADATA.includes(key))
  const decidesNothing = gate === undefined && scoring?.enabled !== false && scoring?.thresholds !== undefined
  return [
    ...(tier === undefined ? [] : [['context_tier', TIERS] as const]),
    ...unknown.map((key) => [`metadata.${key}`, 'it is for people', ['metadata', key]] as const),
    ...(decidesNothing
      ? [
          [
            'thresholds',
            'a step without a gate decides nothing; its scores are asked for all the same',
            ['scoring', 'thresholds'],
          ] as const,
        ]
      : []),
  ]
}
