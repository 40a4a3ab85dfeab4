/** What people and programs see of workflows and runs. */
import { errorData, nearestNames, type ErrorData } from '../errors.ts'
import { headOf, type Json } from '../json.ts'
import type { Reader, StoreView } from '../store.ts'
import type { RunRow } from '../workflow/run.ts'
import { stageKey } from '../workflow/projection.ts'
import { runsOf, unknownRun, unknownStage } from './commands.ts'
import { definitionBy } from './definitions.ts'
import { resultOf, runResult } from './values.ts'
import type { WorkflowLine } from './view-types.ts'

/** All workflows by name. */
export function viewWorkflows(store: StoreView): Promise<readonly WorkflowLine[]> {
  return store.read(async (reader) => {
    const lines: WorkflowLine[] = []
    for (const { name, definition: hash, runs, definedAt } of await reader.list('workflow')) {
      const { definition } = await definitionBy(reader, hash)
      const last = (await runsOf(reader, name)).at(-1)
      lines.push({
        name,
        description: definition.description,
        status: last?.state ?? 'defined',
        stages: definition.stages.length,
        runs,
        run: last?.id ?? null,
        definedAt,
        source: 'defined',
        file: null,
        problem: null,
      })
    }
    return lines
  })
}

/**
 * A run by its id, or the last run of a workflow by its name; null where the workflow has none yet.
 * @throws AtelierError `not_found`
 */
export async function lookUpRun(
  reader: Reader,
  name: string,
): Promise<RunRow | null | { readonly refused: ErrorData }> {
  const run = await reader.get('run', name)
  if (run !== undefined) return run
  if ((await reader.get('workflow', name)) !== undefined) return (await runsOf(reader, name)).at(-1) ?? null
  const known = [...(await reader.list('workflow')).map((row) => row.name)]
  const near = nearestNames(name, known)
  if (near.length === 0) return { refused: await unknownRun(reader, name) }
  return {
    refused: errorData(
      'not_found',
      `There is no workflow or run "${headOf(name, 80)}". Did you mean ${near.map((each) => `"${each}"`).join(' or ')}?`,
      { workflow: name, nearest: near },
    ),
  }
}

/** How a run ended, once it has. */
export type RunEnding =
  | { readonly ok: true; readonly result: Json }
  | { readonly ok: false; readonly error: ErrorData }

/** The result of a run that has ended, or why it has none; undefined while it runs. */
export async function endingOf(reader: Reader, id: string): Promise<RunEnding | undefined> {
  const run = await reader.get('run', id)
  if (run === undefined) return { ok: false, error: await unknownRun(reader, id) }
  switch (run.state) {
    case 'running':
    case 'paused':
      return undefined
    case 'completed':
    case 'partially_completed':
      return { ok: true, result: (await runResult(reader, run)) ?? null }
    case 'cancelled':
      return {
        ok: false,
        error: run.error ?? errorData('cancelled', `The run ${id} was cancelled.`, { run: id }),
      }
    case 'failed':
      return {
        ok: false,
        error: run.error ?? errorData('turn_failed', `The run ${id} has failed.`, { run: id }),
      }
  }
}

/** The result of one stage of a run that has ended, or why it has none. */
export async function stageResult(reader: Reader, id: string, stage: string): Promise<RunEnding> {
  const run = await reader.get('run', id)
  if (run === undefined) return { ok: false, error: await unknownRun(reader, id) }
  const unknown = await unknownStage(reader, run, stage)
  if (unknown !== undefined) return { ok: false, error: unknown }
  const row = await reader.get('stage', stageKey(id, stage))
  const definition = await definitionBy(reader, run.definition)
  const result = await resultOf(reader, { definition }, row)
  if (result !== undefined) return { ok: true, result }
  const said = `The stage "${stage}" of ${id} has no result; it is ${row?.state ?? 'not begun'}. Look at it with: workflow status ${id}`
  return { ok: false, error: errorData('no_result', said, { run: id, stage }) }
}
