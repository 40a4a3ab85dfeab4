/** Workflows in TypeScript. Light: what checks them is loaded where they are defined. */
import type { AnyStage, StageInput, StageOptions, WorkflowInput, WorkflowOptions } from './input.ts'

/** A stage by its id: `stage('test', { run: 'npm test', needs: 'implement' })`. */
export function stage(id: string, options: StageOptions): StageInput {
  return { ...options, id }
}

/**
 * A workflow for `shop.workflow(…)` or a configuration, which check it: stages are tuples `[id, agent, title, options]`,
 * `stage(…)`, or objects as in YAML.
 */
export function workflow(
  name: string,
  stages: readonly AnyStage[],
  options: WorkflowOptions = {},
): WorkflowInput {
  return { ...options, name, stages }
}
