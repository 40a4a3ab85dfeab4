/** Workflows in TypeScript: the same as in YAML, checked when it is made. */
import type { WorkflowDefinition } from './definition.ts'
import { parseWorkflow } from './definition-schema.ts'
import type { AnyStage, WorkflowOptions } from './input.ts'

/**
 * A workflow of stages: tuples `[id, agent, title, options]`, `stage(…)`, or objects as in YAML.
 * @throws AtelierError `invalid_definition`, `invalid_stage`, `unknown_dependency` or `circular_dependency`, naming stage and field;
 * `unsupported` for a schema that is no JSON
 */
export function workflow(
  name: string,
  stages: readonly AnyStage[],
  options: WorkflowOptions = {},
): WorkflowDefinition {
  return parseWorkflow({ ...options, name, stages })
}
