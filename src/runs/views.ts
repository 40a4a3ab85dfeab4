/** What people and programs see of workflows and runs. */
import { errorData, nearestNames, toError, type ErrorData } from '../errors.ts'
import type { ItemRow } from '../board/item.ts'
import { headOf, type Json } from '../json.ts'
import type { Reader, StoreView } from '../store.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { stageKey } from '../workflow/projection.ts'
import { fillPlain } from '../workflow/templates.ts'
import { runsOf, unknownRun, unknownStage } from './commands.ts'
import { definitionBy } from './definitions.ts'
import { costOfItem, itemsOfStage } from './items.ts'
import { inputsOfRun, resultOf, runResult } from './values.ts'
import type { TraceLine, WorkflowLine } from './view-types.ts'

const SHOWN_RESULT = 200

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

/** Who made what from what in a run. */
export async function viewTrace(store: StoreView, name: string): Promise<readonly TraceLine[]> {
  const trace = await store.read(async (reader) => {
    const run = await lookUpRun(reader, name)
    return run === null ? [] : 'refused' in run ? run : readTrace(reader, run)
  })
  if ('refused' in trace) throw toError(trace.refused)
  return trace
}

async function readTrace(reader: Reader, run: RunRow): Promise<readonly TraceLine[]> {
  const definition = await definitionBy(reader, run.definition)
  const rows = await reader.list('stage', { where: { run: run.id } })
  const inputs = await inputsOfRun(reader, run)
  const made: { readonly row: StageRow; readonly item: ItemRow }[] = []
  for (const row of rows)
    for (const id of await itemsOfStage(reader, row)) {
      const item = await reader.get('item', id)
      if (item !== undefined) made.push({ row, item })
    }
  // The items of a stage are in the order of their rounds.
  const byStage = Map.groupBy(made, ({ row }) => row.stage)
  /** The round of a stage whose result an item was given: the last that had ended when it was posted. */
  const roundFor = (stage: string, { postedAt }: ItemRow): number => {
    const ended = (byStage.get(stage) ?? []).findLast(
      ({ item }) => item.settledAt !== null && item.settledAt <= postedAt,
    )
    return ended?.item.round ?? rows.find((row) => row.stage === stage)?.round ?? 1
  }
  const lines: { readonly at: readonly number[]; readonly line: TraceLine }[] = []
  for (const { row, item } of made) {
    const from = (definition.stage(row.stage)?.from ?? []).flatMap((source) =>
      'file' in source
        ? filePath(source.file, inputs)
        : 'stage' in source
          ? [`${source.stage}#${roundFor(source.stage, item)}`]
          : [],
    )
    const text =
      item.result === null ? null : typeof item.result === 'string' ? item.result : item.result.head
    const line = {
      item: item.id,
      stage: row.stage,
      round: item.round ?? 1,
      owner: item.owner,
      status: item.state,
      from,
      result: text === null ? null : headOf(text, SHOWN_RESULT),
      costUsd: await costOfItem(reader, item.id),
      settledAt: item.settledAt,
    }
    // Much happens in one millisecond: then the order of the definition tells.
    lines.push({ at: [item.postedAt, row.position, line.round, item.index ?? 0], line })
  }
  return lines.toSorted((a, b) => inOrder(a.at, b.at)).map(({ line }) => line)
}

function inOrder(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - (b[index] as number)).find((difference) => difference !== 0) ?? 0
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

/** The path with the values of inputs in it; none where they leave it blank. */
function filePath(named: string, inputs: Readonly<Record<string, Json>>): readonly string[] {
  const filled = fillPlain(named, { inputs })
  return filled.ok ? [filled.text].filter((path) => path !== '') : [named]
}
