/** What stages have brought, read by reference from the items and child runs that made it. */
import type { ItemRow } from '../board/item.ts'
import { jsonIn } from '../json-schema.ts'
import type { Json, StoredText } from '../json.ts'
import type { Reader } from '../store.ts'
import { unpackText } from '../team/context.ts'
import type { StageDefinition } from '../workflow/definition.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { definitionBy, workOf, type KnownDefinition } from './definitions.ts'
import { stageKey } from '../workflow/projection.ts'
import { resultRound } from '../workflow/scope.ts'
import { partId } from './parts.ts'

/** One place in a run: a round of a stage, and of a map one of its elements. */
export interface PartPlace {
  readonly run: string
  readonly stage: string
  readonly round: number
  readonly index: number | null
}

/** The result of a settled stage; undefined where it has none. */
export async function resultOf(
  reader: Reader,
  { definition }: { readonly definition: KnownDefinition },
  row: StageRow | undefined,
): Promise<Json | undefined> {
  const stage = row === undefined ? undefined : definition.stage(row.stage)
  if (row === undefined || stage === undefined) return undefined
  if (stage.kind === 'wait')
    return row.signal === null ? undefined : parsed(await unpackText(reader, row.signal))
  const { run, stage: id } = row
  if (stage.kind !== 'map') {
    return partResult(reader, stage, { run, stage: id, round: resultRound(row), index: null })
  }
  const results: Json[] = []
  for (let index = 0; index < row.size; index++)
    results.push((await partResult(reader, stage, { run, stage: id, round: row.round, index })) ?? null)
  return results
}

/** What one round, or one element, has brought; undefined where it has not, or failed. */
export async function partResult(
  reader: Reader,
  stage: StageDefinition,
  place: PartPlace,
): Promise<Json | undefined> {
  const work = workOf(stage)
  const id = partId(place)
  if (work?.kind === 'workflow') {
    const run = await reader.get('run', id)
    return run === undefined ? undefined : runResult(reader, run)
  }
  const item = await reader.get('item', id)
  if (item?.result == null || item.state !== 'done') return undefined
  return itemResult(reader, stage, item, item.result)
}

async function itemResult(
  reader: Reader,
  stage: StageDefinition,
  _item: ItemRow,
  stored: StoredText,
): Promise<Json> {
  const text = await unpackText(reader, stored)
  const work = workOf(stage)
  switch (work?.kind) {
    case 'fn':
      return parsed(text)
    case 'run':
      return work.output === 'json' ? parsed(text) : text
    case 'agent':
      // A verdict is written by an agent, which may put words around it.
      return stage.kind === 'gate' || work.output !== null ? (jsonIn(text) ?? text) : text
    default:
      return text
  }
}

/** The result of a run: that of the stage that its definition names, or those of all that nothing depends on. */
export async function runResult(reader: Reader, run: RunRow): Promise<Json | undefined> {
  const definition = await definitionBy(reader, run.definition)
  const of = async (stage: string): Promise<Json | undefined> =>
    resultOf(reader, { definition }, await reader.get('stage', stageKey(run.id, stage)))
  const { result, stages } = definition.definition
  if (result !== null) return of(result)
  const needed = new Set(stages.flatMap(({ needs }) => needs))
  const results: Record<string, Json> = {}
  for (const { id } of stages) {
    const value = needed.has(id) ? undefined : await of(id)
    if (value !== undefined) results[id] = value
  }
  return results
}

/** Long inputs of runs by their hash: every step reads them, and they never change. */
const longInputs = new Map<string, Readonly<Record<string, Json>>>()
/** They may be megabytes each. */
const LONG_INPUTS = 16

/** The inputs of a run by name. */
export async function inputsOfRun(
  reader: Pick<Reader, 'blob'>,
  { inputs }: Pick<RunRow, 'inputs'>,
): Promise<Readonly<Record<string, Json>>> {
  const known = typeof inputs === 'string' ? undefined : longInputs.get(inputs.blob)
  if (known !== undefined) return known
  const values = parsed(await unpackText(reader, inputs)) as Readonly<Record<string, Json>>
  if (typeof inputs === 'string') return values
  if (longInputs.size >= LONG_INPUTS) longInputs.clear()
  longInputs.set(inputs.blob, values)
  return values
}

function parsed(text: string): Json {
  return JSON.parse(text) as Json
}
