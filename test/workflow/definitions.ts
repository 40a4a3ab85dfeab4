/** What tests of definitions share. */
import type { StageDefinition, WorkflowDefinition } from '../../src/workflow/definition.ts'
import { readWorkflow } from '../../src/workflow/definition-schema.ts'
import type { WorkflowProblem } from '../../src/workflow/problems.ts'

/** Reads stages as YAML gives them. */
export function read(stages: unknown, top: object = {}): ReturnType<typeof readWorkflow> {
  return readWorkflow({ stages, ...top }, { name: 'w', fields: 'snake' })
}

export function problems(stages: unknown, top: object = {}): readonly WorkflowProblem[] {
  const made = read(stages, top)
  if (made.ok) throw new Error('it was read')
  return made.problems
}

export function definition(stages: unknown, top: object = {}): WorkflowDefinition {
  const made = read(stages, top)
  if (!made.ok) throw new Error(made.problems.map((problem) => problem.sentence).join('\n'))
  return made.definition
}

export function stageOf(written: object): StageDefinition {
  return definition([written]).stages[0] as StageDefinition
}

export function sentence(stages: unknown, top: object = {}): string {
  return problems(stages, top)
    .map(({ code, sentence: said }) => `${code}: ${said}`)
    .join('\n')
}

export const A: { readonly id: string; readonly noop: true } = { id: 'a', noop: true }
export const B: { readonly id: string; readonly noop: true } = { id: 'b', noop: true }
