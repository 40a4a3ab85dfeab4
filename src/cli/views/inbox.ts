import type { Json } from '../../json.ts'
import type { Outputs } from '../../operations/outputs.ts'
import { formatDuration } from '../../time/duration.ts'
import { plural } from '../format.ts'
import { fit, hang, oneLine, wrap } from '../text.ts'
import type { Page, Shown, View, Views } from './view.ts'

type Request = Outputs['inbox'][number]

const showSettled: View<'answer' | 'approve' | 'reject' | 'withdraw'> = (request) => ({
  body: '',
  remark: `The ${request.kind} ${request.id} ${outcomeText(request)}.`,
})

export const INBOX_VIEWS: Views<'inbox' | 'answer' | 'approve' | 'reject' | 'request' | 'withdraw'> = {
  inbox: showInbox,
  answer: showSettled,
  approve: showSettled,
  reject: showSettled,
  withdraw: showSettled,
  request: showAsked,
}

/** Characters of an id that are shown at least, behind `ask_`. */
const SHORT_ID = 4
const PREFIX = 'ask_'
const INDENT = '  '
/** Lines of a question or of its details, in the list. */
const LINES = 4

/** What waits, in words: `2 questions and 1 approval wait for an answer`. Empty where nothing does. */
export function waitingText(counts: Outputs['status']['inbox']): string {
  const parts = Object.entries(counts).flatMap(([kind, number]) =>
    number === 0 ? [] : [plural(number, kind)],
  )
  if (parts.length === 0) return ''
  const last = parts.pop() as string
  const isOne = parts.length === 0 && last.startsWith('1 ')
  return `${parts.length === 0 ? last : `${parts.join(', ')} and ${last}`} ${isOne ? 'waits' : 'wait'} for you: atelier inbox`
}

function showInbox(requests: Outputs['inbox'], page: Page): Shown {
  const isFiltered = ['kind', 'item', 'agent'].some((name) => page.input[name] !== undefined)
  if (requests.length === 0) {
    const isAll = page.input['all'] === true
    const remark = isFiltered
      ? 'No such requests.'
      : isAll
        ? 'Nobody has asked anything yet.'
        : 'Nothing waits for an answer.'
    return { body: '', remark }
  }
  const short = shortIds(requests.map(({ id }) => id))
  const open = requests.filter(({ state }) => state === 'open')
  const example = open.find(({ kind }) => kind !== 'question') ?? open[0]
  const body = requests.map((request) => showRequest(request, short(request.id), page)).join('\n')
  return example === undefined ? { body } : { body, remark: nextStep(example, short(example.id)) }
}

function nextStep({ options, kind }: Request, id: string): string {
  if (kind !== 'question') return `Decide with: atelier approve ${id}, or: atelier reject ${id} REASON`
  return `Answer with: atelier answer ${id} ${options === null ? 'TEXT' : (options[0] ?? 'TEXT')}`
}

/** Head line, question, and what there is to know; no line wider than the page. */
function showRequest(request: Request, id: string, page: Page): string {
  const { paint, now, width } = page
  const { kind, state, about, askedBy, askedAt, settledAt, question } = request
  const subject = about.id === askedBy ? '' : ` about ${about.kind} ${about.id}`
  const age = formatDuration(Math.max(0, (settledAt ?? now) - askedAt))
  const wait = state === 'open' ? `waits ${age}` : `${state} after ${age}`
  const head = `${kind} from ${oneLine(askedBy)}${oneLine(subject) === '' ? '' : ` ${oneLine(subject)}`}, ${wait}`
  const lines = [
    `${paint.name(id)}  ${paint.faint(fit(head, room(width, id.length + 2)))}`,
    ...block(question, page).map((line) => `${INDENT}${paint.strong(line)}`),
    ...facts(request, page).flatMap(([text, brush]) =>
      block(text, page).map((line) => `${INDENT}${brush(line)}`),
    ),
  ]
  return `${lines.join('\n')}\n`
}

function facts(request: Request, { paint, now }: Page): (readonly [string, (text: string) => string])[] {
  const { about, details, options, deadline, state, whoMayAnswer } = request
  const found: (readonly [string, (text: string) => string])[] = []
  if (about.title !== null) found.push([`item: ${about.title}`, paint.faint])
  if (details !== null) found.push([valueText(details), paint.faint])
  if (state !== 'open')
    return [...found, [outcomeText(request), state === 'answered' ? paint.good : paint.active]]
  if (options !== null) found.push([`answers: ${options.join(', ')}`, paint.faint])
  if (!whoMayAnswer.some((who) => who === 'anyone' || who === 'person'))
    found.push([`for ${whoMayAnswer.join(', ')} to answer`, paint.faint])
  if (deadline !== null) found.push([deadlineText(request, deadline, now), paint.active])
  return found
}

function deadlineText({ default: answer }: Request, deadline: number, now: number): string {
  const what = answer === null ? 'fails' : `takes "${valueText(answer)}"`
  return deadline > now
    ? `${what} in ${formatDuration(deadline - now)}`
    : `${what} as soon as a host runs: it was due ${formatDuration(now - deadline)} ago`
}

function outcomeText({ state, answer, answeredBy, comment }: Request): string {
  const remark = comment === null || comment === '' ? '' : `: ${oneLine(comment)}`
  switch (state) {
    case 'open':
      return 'waits for an answer'
    case 'answered':
      return `is answered "${oneLine(valueText(answer))}" by ${answeredBy}${remark}`
    case 'expired':
      return answer === null
        ? 'was not answered in time'
        : `was not answered in time: its default "${oneLine(valueText(answer))}" is taken`
    case 'withdrawn':
      return `is withdrawn${remark}`
  }
}

function showAsked(request: Request, page: Page): Shown {
  const { id, state, answer } = request
  if (state === 'answered' || (state === 'expired' && answer !== null))
    return {
      body: `${page.clean(valueText(answer))}\n`,
      remark: `The ${request.kind} ${id} ${outcomeText(request)}.`,
    }
  if (state !== 'open') return { body: '', remark: `The ${request.kind} ${id} ${outcomeText(request)}.` }
  return { body: `${id}\n`, remark: `It waits in the inbox. ${nextStep(request, id)}` }
}

function valueText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Text as a few lines that fit behind the indent. */
function block(text: string, { width, clean }: Page): string[] {
  const space = room(width, INDENT.length)
  const lines = clean(hang(text.trim(), ''))
    .split('\n')
    .flatMap((line) => wrap(line, space))
  const shown = lines.slice(0, LINES).map((line) => fit(line, space))
  return lines.length > LINES
    ? [...shown, `… ${plural(lines.length - LINES, 'more line')}: --json shows all`]
    : shown
}

function room(width: number, used: number): number {
  return Number.isFinite(width) ? Math.max(20, width - used) : 100
}

/** Ids as short as they are told apart, without their prefix; those of runs are names, and stay whole. */
function shortIds(ids: readonly string[]): (id: string) => string {
  const bare = ids.filter((id) => id.startsWith(PREFIX)).map((id) => id.slice(PREFIX.length))
  let length = SHORT_ID
  while (length < 16 && new Set(bare.map((id) => id.slice(0, length))).size < bare.length) length++
  return (id) => (id.startsWith(PREFIX) ? id.slice(PREFIX.length, PREFIX.length + length) : id)
}
