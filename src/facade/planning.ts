/** The plan of a start, with every reason for which it would be refused. */
import { isAtelierError, type ErrorData } from '../errors.ts'
import type { Json } from '../json.ts'
import { childOf } from '../runs/commands.ts'
import { pathsOf, readFiles } from '../runs/files.ts'
import { planRun, type PlanningContext } from '../runs/planning.ts'
import type { RunPlan } from '../runs/plan-types.ts'
import { noDoer } from '../runs/staffing.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { inputsOf } from '../workflow/inputs.ts'

export async function planStart(
  context: PlanningContext,
  definition: WorkflowDefinition,
  inputs: Readonly<Record<string, Json>>,
): Promise<RunPlan> {
  const problems: ErrorData[] = []
  /** What cannot be found out because of a problem is left empty. */
  const told = async <T>(read: () => T | Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await read()
    } catch (error) {
      if (!isAtelierError(error)) throw error
      problems.push(error.toJSON())
      return otherwise
    }
  }
  const values = await told(() => inputsOf(definition, inputs), undefined)
  const files =
    values === undefined
      ? []
      : await told(async () => [...(await pathsOf(definition, values, childOf(context.team)))], [])
  for (const file of files)
    await told(() => readFiles(context.dir, [file], definition.inputs), { hashes: {}, blobs: [] })
  const missing = await context.team.store.read((reader) => noDoer(reader, definition, context))
  if (missing !== undefined) problems.push(missing)
  return planRun(context, { definition, inputs: values ?? inputs, problems, files })
}
