/** What work is told that has to be done again: which review, round or merge says what is to be better, and its words. */
import type { ErrorData } from '../errors.ts'
import type { ItemPart, ItemRow } from '../board/item.ts'
import type { Json } from '../json.ts'
import type { Reader } from '../store.ts'
import type { StageDefinition } from '../workflow/definition.ts'
import { subjectId } from '../workflow/names.ts'
import { judgementOf } from '../workflow/verdict.ts'
import { writes, type KnownDefinition } from './definitions.ts'
import { partResult } from './values.ts'

/** Says what is to be better: the stage that sent it back, in one of its rounds; the round before of a loop; a merge that was refused. */
export type FeedbackSource =
  | { readonly by: 'stage' | 'loop'; readonly stage: string; readonly round: number }
  | { readonly by: 'merge'; readonly merge: ItemRow }

export interface FeedbackOf {
  readonly stage: StageDefinition
  readonly round: number
  /** What its stage was sent back with; null where nothing sent it back. */
  readonly told: { readonly stage: string; readonly round: number } | null
  /** The last merge of the run before this round. */
  readonly merge: ItemRow | undefined
}

/** Where the feedback of a round comes from; undefined where it has none. */
export function feedbackSource({ stage, round, told, merge }: FeedbackOf): FeedbackSource | undefined {
  if (round === 1) return undefined
  if (told !== null) return { by: 'stage', ...told }
  if (writes(stage) && merge?.state === 'failed' && merge.error !== null) return { by: 'merge', merge }
  return stage.kind === 'loop' ? { by: 'loop', stage: stage.id, round: round - 1 } : undefined
}

/** Its words, as a prompt holds them; undefined where it says nothing. */
export async function feedbackText(
  reader: Reader,
  definition: KnownDefinition,
  part: ItemPart,
  source: FeedbackSource,
): Promise<string | undefined> {
  if (source.by === 'merge') return source.merge.error === null ? undefined : refusal(source.merge.error)
  const { by, stage: id, round } = source
  if (by === 'stage') return saidBy(reader, definition, part.run, id, round)
  const stage = definition.stage(id)
  const before = stage === undefined ? undefined : await partResult(reader, stage, { ...part, round })
  return before === undefined ? undefined : issuesOf(before)
}

/** Why work does not hold, with the end of what a command printed: who mends it may not read the log. */
function refusal({ message, details }: ErrorData): string {
  const tail = details?.['tail']
  return typeof tail === 'string' && tail.trim() !== '' ? `${message}\n\n${tail.trimEnd()}` : message
}

async function saidBy(
  reader: Reader,
  definition: KnownDefinition,
  run: string,
  id: string,
  round: number,
): Promise<string | undefined> {
  const stage = definition.stage(id)
  if (stage === undefined) return undefined
  const value = await partResult(reader, stage, { run, stage: id, round, index: null })
  if (value !== undefined) return issuesOf(value) ?? shown(value)
  const request = await reader.get('inbox', subjectId(run, id, round))
  if (request?.comment != null)
    return typeof request.comment === 'string' ? request.comment : request.comment.head
  const item = await reader.get('item', subjectId(run, id, round))
  const error = item?.error ?? (await reader.get('stage', subjectId(run, id, 1)))?.error
  return error == null ? undefined : refusal(error)
}

function issuesOf(value: Json): string | undefined {
  const { issues, feedback } = judgementOf(value)
  const lines = issues.map((issue) => `- ${issueText(issue)}`)
  const parts = [...(feedback === null ? [] : [feedback]), ...(lines.length === 0 ? [] : [lines.join('\n')])]
  return parts.length === 0 ? undefined : parts.join('\n\n')
}

/** `[high] lib/a.ts:12: what is wrong`. */
function issueText(issue: Json): string {
  const { severity, location, text } = issue as { readonly [key: string]: Json | undefined }
  if (typeof text !== 'string') return shown(issue)
  const level = typeof severity === 'string' ? `[${severity}] ` : ''
  return `${level}${typeof location === 'string' ? `${location}: ` : ''}${text}`
}

/** A value as a prompt holds it. */
export function shown(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}
