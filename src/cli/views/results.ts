import type { Json } from '../../json.ts'
import type { Outputs } from '../../operations/outputs.ts'
import { formatDuration } from '../../time/duration.ts'
import { count, plural, timeOfDay, usd } from '../format.ts'
import { fit, hang, oneLine } from '../text.ts'
import { formatFacts, type Page, type Shown, type Views } from './view.ts'

type FullResult = Exclude<Outputs['result'], string>
type HistoryEntry = Outputs['history'][number]
type TranscriptEntry = Outputs['transcript'][number]

export const RESULT_VIEWS: Views<'result' | 'history' | 'transcript'> = {
  result: (result, page) =>
    typeof result === 'string' ? { body: withNewline(page.clean(result)) } : showFullResult(result, page),
  history: showHistory,
  transcript: showTranscript,
}

function showFullResult(result: FullResult, page: Page): Shown {
  const { paint, clean } = page
  const { usage, error } = result
  const facts = formatFacts(
    [
      ['agent', paint.name(result.agent)],
      ['error', error === null ? null : paint.bad(`${clean(error.message)} [${error.code}]`)],
      ['took', `${formatDuration(result.durationMs)}, ${plural(result.numTurns, 'call')} of the model`],
      ['cost', `${usd(result.costUsd)} ${result.costSource}`],
      [
        'tokens',
        `${count(usage.input)} in, ${count(usage.output)} out, ${count(usage.cacheRead)} from cache`,
      ],
      ['session', result.sessionId],
      ['turn', result.turn],
    ],
    page,
  )
  return { body: result.result === '' ? facts : `${facts}\n${withNewline(clean(result.result))}` }
}

function showHistory(entries: Outputs['history'], page: Page): Shown {
  if (entries.length === 0) return { body: '', remark: 'It was not asked anything yet.' }
  return { body: entries.map((entry) => showMessage(entry, page)).join('\n') }
}

function showMessage(entry: HistoryEntry, { paint, clean, now }: Page): string {
  const { state, kind, from, attempts, costUsd, error, answer } = entry
  const took =
    entry.startedAt === null || entry.settledAt === null
      ? ''
      : `, ${formatDuration(entry.settledAt - entry.startedAt)}`
  const cost = costUsd === null ? '' : `, ${usd(costUsd)}`
  const tries = attempts > 1 ? `, ${attempts} attempts` : ''
  const title = `${timeOfDay(entry.postedAt, now)}  ${kind} from ${oneLine(from)}: ${state}${took}${cost}${tries}`
  const outcome = error === null ? clean(answer ?? '') : paint.bad(`${clean(error.message)} [${error.code}]`)
  return [
    paint.faint(title),
    `${paint.strong('>')} ${clean(entry.prompt).replaceAll('\n', '\n> ')}`,
    ...(outcome === '' ? [] : [outcome]),
    '',
  ].join('\n')
}

function showTranscript(entries: Outputs['transcript'], page: Page): Shown {
  const answer = entries.findLast(({ kind }) => kind === 'answer')
  // The last text of a turn is often its answer, which is shown as such.
  const repeats = ({ kind, body }: TranscriptEntry): boolean =>
    kind === 'text' && answer !== undefined && entryText(body).trim() === entryText(answer.body).trim()
  const shown = entries.filter((entry) => !repeats(entry))
  return { body: shown.map((entry) => showEntry(entry, page)).join('') }
}

function entryText(body: Json): string {
  const fields = isFields(body) ? body : {}
  return textOf(fields['text'] ?? fields['line'] ?? body)
}

function showEntry({ at, kind, body }: TranscriptEntry, { paint, width, clean, now }: Page): string {
  const head = `${paint.faint(timeOfDay(at, now))}  `
  const indent = ' '.repeat(10)
  const block = (label: string, text: string): string =>
    `${head}${label}${text === '' ? '' : ` ${hang(clean(text), indent)}`}\n`
  const short = (label: string, text: string): string =>
    `${head}${label} ${fit(oneLine(text), Math.max(20, width - indent.length - label.length - 1))}\n`
  const fields = isFields(body) ? body : {}
  const text = entryText(body)
  switch (kind) {
    case 'prompt':
      return block(paint.strong('prompt'), text)
    case 'answer':
      return block(paint.strong('answer'), text)
    case 'error':
      return block(paint.bad('error'), text)
    case 'warn':
      return block(paint.active('warning'), text)
    case 'text':
      return block('text', text)
    case 'reasoning':
      return block(paint.faint('thinks'), text)
    case 'tool':
      return short('tool', `${textOf(fields['name'] ?? '')} ${textOf(fields['input'] ?? '')}`)
    case 'tool_result':
      return short(
        fields['ok'] === false ? 'failed' : 'done',
        `${textOf(fields['name'] ?? '')} ${textOf(fields['output'] ?? '')}`,
      )
    case 'file':
      return short('file', `${textOf(fields['path'] ?? '')} (${textOf(fields['change'] ?? '')})`)
    case 'usage':
      return short('usage', usageText(fields))
    case 'retry':
    case 'limit':
    case 'permission':
    case 'system':
    case 'raw':
      return short(kind, text)
  }
}

function usageText({ input, output, costUsd }: Readonly<Record<string, Json | undefined>>): string {
  const cost = typeof costUsd === 'number' ? `, ${usd(costUsd)}` : ''
  return `${count(Number(input))} tokens in, ${count(Number(output))} out${cost}`
}

function isFields(body: Json): body is { readonly [key: string]: Json | undefined } {
  return typeof body === 'object' && body !== null && !Array.isArray(body)
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function withNewline(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
