/** Who made what from what in a run, and what said what was to be better. */
import { toError } from '../errors.ts'
import type { ItemRow } from '../board/item.ts'
import type { AtelierEvent } from '../events.ts'
import { headOf, type Json } from '../json.ts'
import type { Reader, StoreView } from '../store.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { fillPlain } from '../workflow/templates.ts'
import { definitionBy, type KnownDefinition } from './definitions.ts'
import { feedbackSource, feedbackText } from './feedback.ts'
import { mergesOf } from './final-merge.ts'
import { costOfItem, itemsOfStage } from './items.ts'
import { inputsOfRun } from './values.ts'
import type { TraceLine } from './view-types.ts'
import { lookUpRun } from './views.ts'

const SHOWN_RESULT = 200

/** Who made what from what in a run. */
export async function viewTrace(store: StoreView, name: string): Promise<readonly TraceLine[]> {
  const sentBack = await store.events({ types: ['stage.rewound'] })
  const trace = await store.read(async (reader) => {
    const run = await lookUpRun(reader, name)
    return run === null ? [] : 'refused' in run ? run : readTrace(reader, run, sentBack)
  })
  if ('refused' in trace) throw toError(trace.refused)
  return trace
}

async function readTrace(
  reader: Reader,
  run: RunRow,
  sentBack: readonly AtelierEvent[],
): Promise<readonly TraceLine[]> {
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
  const feedback = await feedbackIn(reader, run, definition, sentBack)
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
      feedback: await feedback(item),
      result: text === null ? null : headOf(text, SHOWN_RESULT),
      costUsd: await costOfItem(reader, item.id),
      settledAt: item.settledAt,
    }
    // Much happens in one millisecond: then the order of the definition tells.
    lines.push({ at: [item.postedAt, row.position, line.round, item.index ?? 0], line })
  }
  return lines.toSorted((a, b) => inOrder(a.at, b.at)).map(({ line }) => line)
}

/** Where the feedback of the items of a run came from. A row holds the last word only: those before it stand in the log. */
async function feedbackIn(
  reader: Reader,
  run: RunRow,
  definition: KnownDefinition,
  sentBack: readonly AtelierEvent[],
): Promise<(item: ItemRow) => Promise<string | null>> {
  const merges = await mergesOf(reader, run.id, definition)
  const words = sentBack.flatMap(({ type, data }) =>
    type === 'stage.rewound' && data.run === run.id ? [data] : [],
  )
  return async (item) => {
    const { round, index } = item
    const stage = item.stage === null ? undefined : definition.stage(item.stage)
    if (stage === undefined || round === null || round === 1) return null
    const word = words.findLast((each) => each.stage === stage.id && each.round <= round)
    const told =
      word === undefined || word.feedbackStage === null || word.feedbackRound === null
        ? null
        : { stage: word.feedbackStage, round: word.feedbackRound }
    const merge = merges.findLast(({ settledAt }) => settledAt !== null && settledAt <= item.postedAt)
    const source = feedbackSource({ stage, round, told, merge })
    const part = { run: run.id, stage: stage.id, round, index }
    if (source === undefined) return null
    if ((await feedbackText(reader, definition, part, source)) === undefined) return null
    return source.by === 'merge'
      ? `${source.merge.stage}#${source.merge.round}`
      : `${source.stage}#${source.round}`
  }
}

function inOrder(a: readonly number[], b: readonly number[]): number {
  return a.map((value, index) => value - (b[index] as number)).find((difference) => difference !== 0) ?? 0
}

/** The path with the values of inputs in it; none where they leave it blank. */
function filePath(named: string, inputs: Readonly<Record<string, Json>>): readonly string[] {
  const filled = fillPlain(named, { inputs })
  return filled.ok ? [filled.text].filter((path) => path !== '') : [named]
}
