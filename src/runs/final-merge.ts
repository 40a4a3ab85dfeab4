/**
 * Brings the work of a run to its target, once, after its last stage: the end of the run waits for that. Where it is refused, the
 * stage that wrote last begins again and is told why.
 */
import { DEFAULT_ESTIMATE_MS, DEFAULT_VALUE, type ItemDefinition } from '../board/definition.ts'
import { isSettled } from '../board/item-lifecycle.ts'
import type { ItemRow } from '../board/item.ts'
import { decidePosting } from '../board/posting.ts'
import { priorityLevel } from '../board/priority.ts'
import type { ErrorCode, ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import { canonicalJson } from '../json.ts'
import type { Reader } from '../store.ts'
import type { StageDefinition } from '../workflow/definition.ts'
import { subjectId } from '../workflow/names.ts'
import type { RunRow } from '../workflow/run.ts'
import { engineType, PLAIN, writesDeep, type KnownDefinition } from './definitions.ts'
import { writersBeside } from './writers.ts'

/** Times that the work of a run is brought to its target, at most. */
const MOST_MERGES = 3

/** Refusals that are about the work, so that its writer can do something about them. */
const ABOUT_WORK: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'gate_rejected',
  'merge_conflict',
  'verification_failed',
])

const DOER = { by: 'merge' } as const
const DEFINITION = canonicalJson({
  ...PLAIN,
  work: { doer: DOER, worktree: true, integrate: 'each', output: null, session: 'fresh' },
} satisfies ItemDefinition)

/** The name of the stage that the merge stands for; a definition may have one like it. */
export function mergeStage({ stage }: Pick<KnownDefinition, 'stage'>): string {
  return stage('merge') === undefined ? 'merge' : 'merge-of-run'
}

/** The merges of a run so far, oldest first. */
export async function mergesOf(
  reader: Reader,
  run: string,
  definition: KnownDefinition,
): Promise<readonly ItemRow[]> {
  const merges: ItemRow[] = []
  for (let round = 1; ; round++) {
    const item = await reader.get('item', subjectId(run, mergeStage(definition), round))
    if (item === undefined) return merges
    merges.push(item)
  }
}

/** What the end of a run waits for: a merge under way, or one that is posted now; undefined where it waits for nothing. */
export async function beforeEnd(
  reader: Reader,
  run: RunRow,
  definition: KnownDefinition,
): Promise<readonly NewEvent[] | undefined> {
  if (run.parentRun !== null || definition.definition.integrate !== 'end') return undefined
  const writers = definition.definition.stages.filter(writesDeep)
  if (writers.length === 0) return undefined
  const last = (await mergesOf(reader, run.id, definition)).at(-1)
  if (last !== undefined && !isSettled(last.state)) return []
  const { items, written } = await workOfRun(reader, run, definition, writers)
  if (!written) return undefined
  const settled = await lastWrite(reader, run, writers)
  if (last?.state === 'done' && (last.postedAt > settled || settled === 0)) return undefined
  const round = last === undefined ? 1 : (last.round ?? 1) + 1
  const stage = mergeStage(definition)
  const facts = { items: new Map(items.map((row) => [row.id, row])), known: [], replace: false }
  const decided = decidePosting(
    [
      {
        id: subjectId(run.id, stage, round),
        title: `Merge the work of ${run.id}`,
        type: engineType(DOER) as string,
        priority: priorityLevel(),
        value: DEFAULT_VALUE,
        deadline: null,
        capability: null,
        definition: DEFINITION,
        dependsOn: items.map(({ id }) => id),
        estimateMs: DEFAULT_ESTIMATE_MS,
        touches: [],
        change: run.change,
        part: { run: run.id, stage, round, index: null },
      },
    ],
    facts,
  )
  return 'events' in decided ? decided.events : undefined
}

/** The parallel writers whose changes are not the run's own, and whether there is anything that no target has. */
async function workOfRun(
  reader: Reader,
  run: RunRow,
  definition: KnownDefinition,
  writers: readonly StageDefinition[],
): Promise<{ readonly items: readonly ItemRow[]; readonly written: boolean }> {
  const ids = writers.map(({ id }) => id)
  const items = await writersBeside(reader, run, definition, ids)
  let written = (await reader.get('change', run.change))?.state === 'open'
  for (const { change } of items) written ||= (await reader.get('change', change))?.state === 'open'
  return { items, written }
}

async function lastWrite(reader: Reader, run: RunRow, writers: readonly StageDefinition[]): Promise<number> {
  let last = 0
  for (const { id } of writers)
    last = Math.max(last, (await reader.get('stage', subjectId(run.id, id, 1)))?.settledAt ?? 0)
  return last
}

/** The stage that does something about a refused merge; undefined where none can, or where it was tried often enough. */
export async function writerAfter(
  reader: Reader,
  run: RunRow,
  definition: KnownDefinition,
  error: ErrorData,
): Promise<string | undefined> {
  if (!ABOUT_WORK.has(error.code)) return undefined
  if ((await mergesOf(reader, run.id, definition)).length >= MOST_MERGES) return undefined
  for (const stage of definition.definition.stages.filter(writesDeep).toReversed()) {
    const row = await reader.get('stage', subjectId(run.id, stage.id, 1))
    if (row?.state === 'done') return stage.id
  }
  return undefined
}
