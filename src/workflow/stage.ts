/** Workflows in TypeScript. Light: what checks them is loaded where they are defined. */
import type { AnyStage, StageOptions, WorkflowOptions } from './input.ts'
import type { OnlyKnown, ResultOf, ResultsOf, RunResult, TypedStage, TypedWorkflow } from './typed.ts'

/** A stage by its id: `stage('test', { run: 'npm test', needs: 'implement' })`. Its type knows what it brings. */
export function stage<
  const Id extends string,
  Field extends keyof StageOptions,
  const Output extends StageOptions['output'] = undefined,
>(
  id: Id,
  options: Pick<StageOptions, Field> & { readonly output?: Output },
): TypedStage<Id, ResultOf<Field, Output>> {
  return { ...options, id }
}

/**
 * A workflow for `shop.runWorkflow(…)`, `shop.workflow(…)` or a configuration, which check it: stages are tuples `[id, agent, title, options]`,
 * `stage(…)`, or objects as in YAML.
 */
export function workflow<const Stages extends readonly AnyStage[], const Named extends string = never>(
  name: string,
  stages: Stages & OnlyKnown<Stages>,
  options: WorkflowOptions & { readonly result?: Named | undefined } = {},
): TypedWorkflow<ResultsOf<Stages>, RunResult<ResultsOf<Stages>, Named>> {
  return { ...options, name, stages }
}
