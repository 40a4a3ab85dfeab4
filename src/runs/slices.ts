/** Gives the interpreter the rows and values that a step asks for, and no others. */
import type { Json } from '../json.ts'
import type { Reader } from '../store.ts'
import {
  advance,
  isNothing,
  newSlice,
  readsOf,
  type Command,
  type Happening,
  type Reads,
  type Slice,
} from '../workflow/advance.ts'
import { resultKey, subjectId } from '../workflow/names.ts'
import type { RunRow } from '../workflow/run.ts'
import { definitionBy, type KnownDefinition } from './definitions.ts'
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
    const reads = readsOf(definition.plan, slice, happening)
    if (isNothing(reads)) return advance(definition.plan, slice, happening, now)
    await fill(reader, definition, slice, reads)
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
    slice.stages.set(stage, (await reader.get('stage', subjectId(run, stage, 1))) ?? null)
  for (const { stage, round } of results) {
    const key = resultKey(stage, round)
    slice.results.set(key, await resultUnder(reader, definition, run, key))
  }
  for (const state of states)
    slice.states.set(state, await reader.list('stage', { where: { run, state }, orderBy: 'position' }))
  if (queued > 0)
    slice.queued = await reader.list('stage', {
      where: { run, state: 'queued' },
      orderBy: 'position',
      limit: queued,
    })
}

/** The result of a stage, or with `#n` behind it that of its round n; null where there is none. */
async function resultUnder(
  reader: Reader,
  definition: KnownDefinition,
  run: string,
  key: string,
): Promise<Json | null> {
  const id = definition.stage(key) === undefined ? key.slice(0, key.lastIndexOf('#')) : key
  const stage = definition.stage(id)
  if (stage === undefined) return null
  if (id !== key) {
    const round = Number(key.slice(id.length + 1))
    return (await partResult(reader, stage, { run, stage: id, round, index: null })) ?? null
  }
  const row = await reader.get('stage', subjectId(run, id, 1))
  return (await resultOf(reader, { definition }, row)) ?? null
}

/** The definition that a run is pinned to. */
export function definitionOfRun(reader: Reader, run: RunRow): Promise<KnownDefinition> {
  return definitionBy(reader, run.definition)
}
