/** Step files for tests, and what is made of them. */
import { expect } from 'vitest'
import { fieldName } from '../../src/agents/shown-values.ts'
import type { StageDefinition } from '../../src/workflow/definition.ts'
import { readSteps } from '../../src/workflow/steps/read.ts'

export type Read = Extract<ReturnType<typeof readSteps>, { readonly ok: true }>
export type Fields = Readonly<Record<string, unknown>>

/** A step; its agent and action are those of any. */
export function step(id: string, fields: Fields = {}): Fields {
  return { id, agent: 'worker', action: 'do_it', ...fields }
}

export function file(steps: unknown, top: Fields = {}): unknown {
  return { workflow: { id: 'w', ...top, steps } }
}

export function read(steps: unknown, top: Fields = {}): Read {
  const made = readSteps(file(steps, top))
  if (!made.ok) throw new Error(made.problems.map(({ sentence }) => sentence).join('\n'))
  return made
}

export function stagesOf(steps: unknown, top: Fields = {}): ReadonlyMap<string, StageDefinition> {
  return new Map(read(steps, top).definition.stages.map((stage) => [stage.id, stage]))
}

/** What each stage needs, by its id. */
export function needs(steps: unknown, top: Fields = {}): Fields {
  return Object.fromEntries([...stagesOf(steps, top)].map(([id, stage]) => [id, stage.needs.toSorted()]))
}

export function work(stage: StageDefinition | undefined): Fields {
  if (stage?.kind !== 'work') throw new Error('it is no work')
  return stage.work as unknown as Fields
}

export function problems(
  written: unknown,
): readonly { code: string; field: unknown; stage: unknown; said: string; offset: number | null }[] {
  const made = readSteps(written)
  if (made.ok) throw new Error('it was read')
  return made.problems.map(({ code, details, sentence, path, offset }) => {
    expect(details['field']).toBe(fieldName(path))
    return { code, field: details['field'], stage: details['stage'], said: sentence, offset }
  })
}

export const GATE = { condition: 'scoring.passed == true' }
export const SCORING = { enabled: true, thresholds: { overall_min: 70, security_min: 7 } }
