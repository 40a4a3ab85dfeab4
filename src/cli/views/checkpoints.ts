/** Checkpoints of a run as text: a line each, or what somebody needs who goes on with it. */
import type { Outputs } from '../../operations/outputs.ts'
import { formatTable } from '../columns.ts'
import { timeOfDay } from '../format.ts'
import { fit, oneLine } from '../text.ts'
import type { Page, Shown } from './view.ts'

type Checkpoint = Outputs['checkpoints'][number]
type LinePage = Pick<Page, 'paint' | 'width' | 'now' | 'clean'>

/** A table of summaries; of more, each checkpoint below the other. */
export function showCheckpoints(checkpoints: readonly Checkpoint[], page: Page): Shown {
  const [first] = checkpoints
  if (first === undefined)
    return { body: '', remark: 'No checkpoints yet: there is one after each wave of stages.' }
  if (first.level !== 'summary')
    return { body: checkpoints.map((each) => `${checkpointLines(each, page).join('\n')}\n`).join('\n') }
  const { paint, now } = page
  return {
    body: formatTable(
      checkpoints,
      [
        { title: 'NO', align: 'right', text: ({ number }) => String(number) },
        { title: 'AT', text: ({ at }) => timeOfDay(at, now) },
        { title: 'CHECKPOINT', text: ({ name }) => name, paint: paint.name },
        { title: 'STAGES', text: ({ summary }) => summary },
        { title: 'NEXT', optional: true, flexible: true, text: ({ nextActions }) => nextActions.join('; ') },
      ],
      page,
    ),
  }
}

/** What a checkpoint hands over, as lines that fit the page. */
export function checkpointLines(
  checkpoint: Checkpoint,
  { paint, width, now, clean }: LinePage,
): readonly string[] {
  const { name, at, summary, nextActions, tasks, results, stages } = checkpoint
  const row = (label: string, text: string): string =>
    `  ${paint.faint(label.padEnd(LABEL))}  ${fit(oneLine(clean(text)), width - LABEL - 4)}`
  const named = (label: string, ids: readonly string[]): string[] =>
    ids.length === 0 ? [] : [row(label, ids.join(', '))]
  return [
    paint.name(fit(name, width)),
    row('at', `${timeOfDay(at, now)}, ${summary}`),
    ...named('done', tasks?.completed ?? []),
    ...named('running', tasks?.dispatched ?? []),
    ...named('failed', tasks?.failed ?? []),
    ...named('to do', tasks?.pending ?? []),
    ...named('next', nextActions),
    ...Object.entries(results ?? {}).map(([stage, result]) =>
      row('result', `${stage}: ${typeof result === 'string' ? result : JSON.stringify(result)}`),
    ),
    ...(stages ?? []).map(({ stage, status, round, decision }) =>
      row('stage', [stage, status, `round ${round}`, ...(decision === null ? [] : [decision])].join(', ')),
    ),
  ]
}

/** The longest label. */
const LABEL = 'running'.length
