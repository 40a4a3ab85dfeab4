/** Gives the interpreter the rows and values that a step asks for, and no others. */
import { AtelierError } from '../errors.ts'
import type { Json, StoredText } from '../json.ts'
import type { Reader } from '../store.ts'
import { unpackText } from '../team/context.ts'
import {
  advance,
  isNothing,
  newSlice,
  type Command,
  type Happening,
  type Reads,
  type RoundOf,
  type Slice,
} from '../workflow/advance.ts'
import { resultKey } from '../workflow/names.ts'
import { stageKey } from '../workflow/projection.ts'
import type { RunRow } from '../workflow/run.ts'
import type { KnownDefinition } from './definitions.ts'
import { inputsOfRun, partResult, resultOf } from './values.ts'

export interface StepInput {
  readonly run: RunRow
  readonly definition: KnownDefinition
  readonly happening: Happening
  readonly now: number
}

/** What follows from something that happened to a run. */
export async function advanceRun(
  reader: Reader,
  { run, definition, happening, now }: StepInput,
): Promise<readonly Command[]> {
  const slice = newSlice(run, await inputsOfRun(reader, run))
  for (;;) {
    const { reads, commands } = advance(definition.plan, slice, happening, now)
    if (isNothing(reads)) return commands
    const loaded = loadedOf(slice)
    await fill(reader, definition, slice, reads)
    // What is asked for and not there would be asked for again without end, while the store waits.
    if (loadedOf(slice) === loaded) throw incomplete(run)
    if (happening.on === 'signalled') await hear(reader, definition, slice, reads, happening.value)
  }
}

function loadedOf({ stages, results, states, queued }: Slice): number {
  return stages.size + results.size + states.size + queued.length
}

function incomplete({ id, queued }: RunRow): AtelierError {
  return new AtelierError(
    'store_corrupt',
    `The run ${id} counts ${queued} queued stages, and its rows are fewer. Nothing was changed. Start the workflow again as another run, and keep the state folder to have it looked at.`,
    { details: { run: id, queued } },
  )
}

/** A word that comes with this step is the result of the stages that wait for it, and stands in no row yet. */
async function hear(
  reader: Reader,
  definition: KnownDefinition,
  slice: Slice,
  { results }: Reads,
  value: StoredText,
): Promise<void> {
  for (const { stage, round } of results) {
    const key = resultKey(stage, round)
    if (definition.stage(stage)?.kind === 'wait' && slice.results.get(key) === null)
      slice.results.set(key, JSON.parse(await unpackText(reader, value)) as Json)
  }
}

/** Puts into the slice what was asked for. */
export async function fill(
  reader: Reader,
  definition: KnownDefinition,
  slice: Slice,
  { stages, results, queued, states }: Reads,
): Promise<void> {
  const { id: run } = slice.run
  for (const stage of stages)
    slice.stages.set(stage, (await reader.get('stage', stageKey(run, stage))) ?? null)
  for (const { stage, round } of results)
    slice.results.set(resultKey(stage, round), await resultOfRound(reader, definition, run, { stage, round }))
  for (const state of states)
    slice.states.set(state, await reader.list('stage', { where: { run, state }, orderBy: 'position' }))
  if (queued > 0)
    slice.queued = await reader.list('stage', {
      where: { run, state: 'queued' },
      orderBy: 'position',
      limit: queued,
    })
}

async function resultOfRound(
  reader: Reader,
  definition: KnownDefinition,
  run: string,
  { stage: id, round }: RoundOf,
): Promise<Json | null> {
  const stage = definition.stage(id)
  if (stage === undefined) return null
  if (stage.kind !== 'map' && stage.kind !== 'wait')
    return (await partResult(reader, stage, { run, stage: id, round, index: null })) ?? null
  const row = await reader.get('stage', stageKey(run, id))
  return row?.round === round ? ((await resultOf(reader, { definition }, row)) ?? null) : null
}
