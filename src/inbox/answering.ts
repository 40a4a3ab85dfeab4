/** Decides how a request is settled: by an answer, by its deadline, or because nobody needs it any more. */
import { errorData, type ErrorData } from '../errors.ts'
import type { NewEvent } from '../events.ts'
import { headOf, type Json, type StoredText } from '../json.ts'
import { isSameText } from './asking.ts'
import { ANYONE, PERSON, VERDICTS, type RequestRow } from './request.ts'

/** Events, or why not. */
export type Decided = { readonly events: readonly NewEvent[] } | { readonly refused: ErrorData }

/** Who answers. */
export interface Answerer {
  readonly actor: string
  readonly kind: 'person' | 'agent' | 'host'
}

export interface GivenAnswer {
  readonly value: Json
  /** The same as JSON text, as it is stored. */
  readonly stored: StoredText
  readonly comment: StoredText | null
  /** It approves or rejects, so that a question that takes any text is not answered with such a word by mistake. */
  readonly isVerdict: boolean
}

/** Characters of an answer or a question that an error quotes. */
const QUOTED_CHARACTERS = 80

/**
 * Settles a request with an answer. The same answer again by the same actor changes nothing and succeeds, so that
 * whoever does not know whether the first one arrived may repeat it.
 */
export function decideAnswer(row: RequestRow, given: GivenAnswer, by: Answerer): Decided {
  if (row.state === 'answered' && row.answeredBy === by.actor && isSameText(row.answer, given.stored))
    return { events: [] }
  const refused = notOpen(row) ?? notAllowed(row, by) ?? notAnOption(row, given)
  if (refused !== undefined) return { refused }
  const { stored: answer, comment } = given
  return { events: [{ type: 'inbox.answered', data: { ...about(row), answer, comment } }] }
}

/** Takes the default of a request whose deadline has passed; no events where there is nothing to do. */
export function decideExpire(row: RequestRow, now: number): readonly NewEvent[] {
  if (row.state !== 'open' || row.deadline === null || row.deadline > now) return []
  return [{ type: 'inbox.expired', data: { ...about(row), answer: row.defaultAnswer } }]
}

/** Takes a request back; one that is settled stays as it is. */
export function decideWithdraw(row: RequestRow, reason: StoredText): readonly NewEvent[] {
  return row.state === 'open' ? [{ type: 'inbox.withdrawn', data: { ...about(row), reason } }] : []
}

/** True if somebody may answer a request. Nobody decides about what it asked itself, but people and programs do. */
export function mayAnswer({ askedBy, whoMayAnswer }: RequestRow, { actor, kind }: Answerer): boolean {
  if (kind === 'agent' && actor === askedBy) return false
  return whoMayAnswer.some((who) => who === ANYONE || (who === PERSON ? kind === 'person' : who === actor))
}

/** An answer as a person reads it: texts as they are, everything else as JSON. */
export function shownAnswer(answer: StoredText): string {
  if (typeof answer !== 'string') return headOf(answer.head, QUOTED_CHARACTERS)
  const value = JSON.parse(answer) as Json
  return headOf(typeof value === 'string' ? value : answer, QUOTED_CHARACTERS)
}

function about({ id: request, scope, subject }: RequestRow): Pick<RequestRow, 'scope' | 'subject'> & {
  readonly request: string
} {
  return { request, scope, subject }
}

function notOpen({ id, state, answer, answeredBy }: RequestRow): ErrorData | undefined {
  if (state === 'open') return undefined
  const given = answer === null ? null : shownAnswer(answer)
  const how =
    state === 'answered'
      ? `was answered with "${given}" by ${answeredBy}`
      : state === 'withdrawn'
        ? 'was withdrawn, as nobody needs its answer any more'
        : given === null
          ? 'was not answered in time'
          : `was not answered in time, so its default "${given}" was taken`
  return errorData('already_done', `The request ${id} ${how}. Nothing was changed.`, {
    request: id,
    state,
    answer: given,
    answeredBy,
  })
}

function notAllowed(row: RequestRow, by: Answerer): ErrorData | undefined {
  if (mayAnswer(row, by)) return undefined
  const { id, askedBy, whoMayAnswer } = row
  const who = whoMayAnswer.map((each) => (each === PERSON ? 'a person' : each)).join(' or ')
  const why =
    by.actor === askedBy && by.kind === 'agent' ? `${by.actor} asked it` : `it is for ${who} to answer`
  return errorData(
    'forbidden',
    `${by.actor} may not answer the request ${id}: ${why}. Nothing was changed. Leave it in the inbox for ${who}.`,
    { request: id, actor: by.actor, whoMayAnswer },
  )
}

function notAnOption({ id, options }: RequestRow, { value, isVerdict }: GivenAnswer): ErrorData | undefined {
  if (options === null && !isVerdict) return undefined
  if (options === null)
    return errorData(
      'invalid_input',
      `The request ${id} is a question, which is neither approved nor rejected. Answer it with: answer ${id} TEXT`,
      { request: id },
    )
  if (typeof value === 'string' && options.includes(value)) return undefined
  const shown = headOf(typeof value === 'string' ? value : JSON.stringify(value), QUOTED_CHARACTERS)
  const isVerdicts = options.every((option) => VERDICTS.includes(option))
  const next = isVerdicts ? ` Answer with: approve ${id}, or: reject ${id} REASON` : ''
  return errorData(
    'invalid_input',
    `"${shown}" is no answer to the request ${id}, which takes ${options.map((option) => `"${option}"`).join(' or ')}.${next}`,
    { request: id, options },
  )
}
