/** What a run asks a person: an approval, or what becomes of a stage that failed. The answer goes on in the commit that gives it. */
import { decideAsk } from '../inbox/asking.ts'
import { APPROVE, PERSON, REJECT, VERDICTS } from '../inbox/request.ts'
import type { NewEvent } from '../events.ts'
import { packText, type Blob } from '../ids.ts'
import { canonicalJson } from '../json.ts'
import { contentOf } from '../workers/judged.ts'
import type { StageDefinition } from '../workflow/definition.ts'
import { subjectId } from '../workflow/names.ts'
import type { RunRow, StageRow } from '../workflow/run.ts'
import { CHOICES } from '../workflow/status.ts'
import { fillTemplate, isTemplate } from '../workflow/templates.ts'
import type { KnownDefinition } from './definitions.ts'
import { writersBefore } from './writers.ts'
import type { Rows } from './rows.ts'
import { namesOf, variablesOf } from './variables.ts'

/** The request about the failure of what has this id. */
export function escalationId(subject: string): string {
  return `${subject}:failure`
}

/** What a request of a run is about. */
export interface AskedAbout {
  readonly stage: string
  readonly round: number
  /** The content of the changes when it was asked; absent where they had none. */
  readonly began?: string
}

/** The content of the changes that a stage of a run begins with. */
export async function judgedContent(
  rows: Rows,
  run: RunRow,
  definition: KnownDefinition,
  id: string,
): Promise<string | null> {
  const stage = definition.stage(id)
  const dependsOn = stage === undefined ? [] : await writersBefore(rows, run, definition, stage)
  return contentOf(rows, { change: run.change, dependsOn })
}

export interface AskInput {
  readonly run: RunRow
  readonly definition: KnownDefinition
  readonly row: StageRow
  readonly kind: 'approval' | 'escalation'
  readonly now: number
}

/** The events that put the question into the inbox. */
export async function askAbout(
  rows: Rows,
  { run, definition, row, kind, now }: AskInput,
): Promise<{ readonly events: readonly NewEvent[]; readonly blobs: readonly Blob[] }> {
  const whole = subjectId(run.id, row.stage, row.round)
  const id = kind === 'approval' ? whole : escalationId(whole)
  const known = await rows.get('inbox', id)
  if (known?.state === 'open') return { events: [], blobs: [] }
  const stage = definition.stage(row.stage)
  const judge = stage?.kind === 'gate' && stage.judge.by === 'person' ? stage.judge : undefined
  const question = packText(
    kind === 'escalation'
      ? failureOf(run, row)
      : stage === undefined || judge === undefined
        ? row.stage
        : await questionOf(rows, { run, definition, stage, row, text: judge.question }),
  )
  const began = kind === 'approval' ? await judgedContent(rows, run, definition, row.stage) : null
  const about: AskedAbout = {
    stage: row.stage,
    round: row.round,
    ...(began === null ? {} : { began }),
  }
  const onTimeout = kind === 'approval' ? (judge?.onTimeout ?? null) : null
  const asked = decideAsk(
    {
      // A stage that is asked about again in the same round was answered before.
      id: known === undefined ? id : `${id}:${now}`,
      kind: kind === 'approval' ? 'approval' : 'question',
      scope: 'run',
      subject: run.id,
      askedBy: run.id,
      question: question.stored,
      details: canonicalJson(about),
      options: kind === 'approval' ? VERDICTS : CHOICES,
      whoMayAnswer: [PERSON],
      withinMs: kind === 'approval' ? (judge?.timeoutMs ?? null) : null,
      defaultAnswer: onTimeout === null ? null : JSON.stringify(onTimeout === 'approve' ? APPROVE : REJECT),
    },
    [],
    now,
  )
  return { events: asked.events, blobs: question.blobs }
}

interface QuestionInput extends Pick<AskInput, 'run' | 'definition' | 'row'> {
  readonly stage: StageDefinition
  readonly text: string
}

/** The question with its values. What cannot be filled in is asked as it is written, with why: a person can still decide. */
async function questionOf(rows: Rows, { run, definition, stage, row, text }: QuestionInput): Promise<string> {
  if (!isTemplate(text)) return text
  const part = { run: run.id, stage: stage.id, round: row.round, index: null }
  const values = await variablesOf(rows, { run, definition, stage, part, expressions: [namesOf(text)] })
  const filled =
    'refused' in values
      ? { ok: false as const, why: values.refused.message }
      : fillTemplate(text, values.variables)
  return filled.ok ? filled.text : `${text}\n\nNot filled in: ${filled.why}.`
}

function failureOf({ id }: RunRow, { stage, error }: StageRow): string {
  const why = error === null ? 'it has failed' : `${error.message} [${error.code}]`
  return `The stage "${stage}" of ${id} failed: ${why}\nretry: do it again. skip: go on without it. abort: let the run fail.`
}
