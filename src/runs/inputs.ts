/** What an item of a run is told: everything that it is to know is read when its attempt begins, and stands nowhere twice. */
import type { ItemDefinition } from '../board/definition.ts'
import type { ItemRow } from '../board/item.ts'
import type { PromptFile, UpstreamResult } from '../board/prompt.ts'
import { AtelierError, errorData, toError } from '../errors.ts'
import type { Json } from '../json.ts'
import type { Reader } from '../store.ts'
import type { StageInputs } from '../workers/context.ts'
import type { StageDefinition } from '../workflow/definition.ts'
import { evaluate } from '../workflow/expressions.ts'
import { subjectId } from '../workflow/names.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { fillPlain, fillTemplate, isTemplate } from '../workflow/templates.ts'
import { definitionBy, workOf, type KnownDefinition } from './definitions.ts'
import { feedbackSource, feedbackText, shown } from './feedback.ts'
import { FILES } from './files.ts'
import { mergesOf } from './final-merge.ts'
import { inputsOfRun, partResult, resultOf } from './values.ts'
import { namesOf, variablesOf } from './variables.ts'

/** A part of a run with all that says what it is. */
interface Place {
  readonly reader: Reader
  readonly run: RunRow
  readonly definition: KnownDefinition
  readonly stage: StageDefinition
  readonly row: StageRow | undefined
  readonly part: {
    readonly run: string
    readonly stage: string
    readonly round: number
    readonly index: number | null
  }
}

/**
 * Reads what an item of a run is told.
 * @throws AtelierError `expression_failed`
 */
export async function readInputs(
  reader: Reader,
  item: ItemRow,
  { spec }: Pick<ItemDefinition, 'spec'>,
): Promise<StageInputs & { readonly env: Readonly<Record<string, string>> }> {
  const place = await placeOf(reader, item)
  const { stage } = place
  const { files, results, named } = await sourcesOf(place)
  const { variables, hasElement } = await valuesOf(place, stage, spec)
  const filled = spec === null || !isTemplate(spec) ? spec : textOf(spec, variables)
  const values = named.map(({ name, value }) => [name, valueOf(value, variables)] as const)
  const element = hasElement ? [['item', variables['item'] as Json] as const] : []
  const input = [...element, ...values]
  const previous = await previousOf(place)
  const feedback = await feedbackOf(place)
  return {
    title: item.title,
    spec: filled,
    input: input.length === 0 ? null : Object.fromEntries(input),
    results,
    files,
    env: Object.fromEntries(envOf(stage).map(([name, value]) => [name, shown(valueOf(value, variables))])),
    ...(previous === undefined ? {} : { previous }),
    ...(feedback === undefined ? {} : { feedback }),
  }
}

/** The stage that an item is a part of, with the row of it. */
export async function placeOf(reader: Reader, item: ItemRow): Promise<Place> {
  const { run: runId, stage: stageId, round, index } = item
  const run = runId === null ? undefined : await reader.get('run', runId)
  const definition = run === undefined ? undefined : await definitionBy(reader, run.definition)
  const stage = stageId === null ? undefined : definition?.stage(stageId)
  if (run === undefined || definition === undefined || stage === undefined)
    throw new AtelierError('not_found', `The run of "${item.id}" is gone.`, {
      details: { item: item.id, run: runId },
    })
  const row = await reader.get('stage', subjectId(run.id, stage.id, 1))
  return {
    reader,
    run,
    definition,
    stage,
    row,
    part: { run: run.id, stage: stage.id, round: round ?? 1, index },
  }
}

async function sourcesOf({ reader, run, definition, stage }: Place): Promise<{
  readonly files: readonly PromptFile[]
  readonly results: readonly UpstreamResult[]
  readonly named: readonly { readonly name: string; readonly value: string }[]
}> {
  const files: PromptFile[] = []
  const results: UpstreamResult[] = []
  const named: { readonly name: string; readonly value: string }[] = []
  for (const source of stage.from) {
    if ('value' in source) named.push(source)
    else if ('file' in source) {
      const file = await fileOf(reader, run, source.file)
      if (file !== undefined) files.push(file)
    } else {
      const row = await reader.get('stage', subjectId(run.id, source.stage, 1))
      const value = await resultOf(reader, { definition }, row)
      if (value !== undefined) results.push({ item: source.stage, text: shown(value) })
    }
  }
  // A reviewer without sources is shown what it judges.
  if (stage.kind === 'gate' && stage.from.length === 0)
    for (const need of stage.needs) {
      const row = await reader.get('stage', subjectId(run.id, need, 1))
      const value = await resultOf(reader, { definition }, row)
      if (value !== undefined) results.push({ item: need, text: shown(value) })
    }
  return { files, results, named }
}

/** Undefined where the inputs of the run leave the path blank. */
async function fileOf(reader: Reader, run: RunRow, named: string): Promise<PromptFile | undefined> {
  const inputs = await inputsOfRun(reader, run)
  const filled = fillPlain(named, { inputs })
  const path = filled.ok ? filled.text : named
  if (path === '') return undefined
  const read = inputs[FILES] as Readonly<Record<string, string>> | undefined
  const hash = read?.[path]
  const text = hash === undefined ? undefined : await reader.blob(hash)
  if (text === undefined)
    throw toError(
      errorData(
        'not_found',
        `The file ${path} was not read when the run began: that ${run.id} takes from it was not known then. Give its path by an input of the outermost workflow, or let the agent read the file itself.`,
        { run: run.id, path },
      ),
    )
  return { path, text }
}

async function valuesOf(
  { reader, run, definition, part }: Place,
  stage: StageDefinition,
  spec: string | null,
): Promise<{ readonly variables: Readonly<Record<string, Json | undefined>>; readonly hasElement: boolean }> {
  const expressions = stage.from.flatMap((source) => ('value' in source ? [source.value] : []))
  if (spec !== null && isTemplate(spec)) expressions.push(namesOf(spec))
  for (const [, value] of envOf(stage)) expressions.push(value)
  const hasElement = stage.kind === 'map' && part.index !== null
  if (expressions.length === 0 && !hasElement) return { variables: {}, hasElement }
  const found = await variablesOf(reader, { run, definition, stage, part, expressions })
  if ('refused' in found) throw toError(found.refused)
  return { variables: found.variables, hasElement }
}

/** The variables of a command, by name. */
function envOf(stage: StageDefinition): readonly (readonly [string, string])[] {
  const work = workOf(stage)
  return work?.kind === 'run' ? Object.entries(work.env) : []
}

function textOf(spec: string, variables: Readonly<Record<string, Json | undefined>>): string {
  const filled = fillTemplate(spec, variables)
  if (filled.ok) return filled.text
  throw new AtelierError('expression_failed', `The spec cannot be filled in: ${filled.why}.`)
}

function valueOf(expression: string, variables: Readonly<Record<string, Json | undefined>>): Json {
  const value = evaluate(expression, variables)
  if (value.ok) return value.value
  throw new AtelierError('expression_failed', `The expression ${expression} failed: ${value.why}.`)
}

/** What the round before brought: rounds of a loop go on from it, and so does work that was sent back. */
async function previousOf({ reader, definition, stage, part }: Place): Promise<string | undefined> {
  if (part.round === 1 || part.index !== null || stage.kind === 'gate') return undefined
  if (workOf(stage) === undefined || definition.stage(stage.id) === undefined) return undefined
  const value = await partResult(reader, stage, { ...part, round: part.round - 1 })
  return value === undefined ? undefined : shown(value)
}

/** The issues of the round, the gate or the merge that asked for another round. */
async function feedbackOf({ reader, definition, row, stage, part }: Place): Promise<string | undefined> {
  if (row === undefined || part.round === 1) return undefined
  const { feedbackStage, feedbackRound } = row
  const told =
    feedbackStage === null || feedbackRound === null ? null : { stage: feedbackStage, round: feedbackRound }
  const merge = (await mergesOf(reader, row.run, definition)).at(-1)
  const source = feedbackSource({ stage, round: part.round, told, merge })
  return source === undefined ? undefined : feedbackText(reader, definition, part, source)
}
