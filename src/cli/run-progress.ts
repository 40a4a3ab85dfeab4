/** How a run goes on, while somebody watches: a table that changes on a terminal, a line for each change elsewhere. */
import { messageOf } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import type { WorkshopViews } from '../facade/contract.ts'
import { repeat } from '../time/clock.ts'
import { backgroundClock } from '../time/system-clock.ts'
import { paintFor } from './paint.ts'
import { note, type Session } from './session.ts'
import { fit, oneLine } from './text.ts'
import { helpLines, nextLine, runHeadline, stageLines, type Run } from './views/run-text.ts'

/** Changes that come together are drawn together. */
const DRAW_INTERVAL_MS = 200
/** Reading a large run takes time: no more than this share of it is spent on that. */
const LONGEST_SHARE = 5

export interface RunProgress {
  /** Ends it, with what has happened last; the table stays on the screen as it stands then. */
  close(): Promise<void>
}

export interface ShownRun {
  readonly run: string
  /** What happened before this event was seen. */
  readonly after: number
}

/** Shows how a run goes on until it is closed. */
export async function showRun(session: Session, shop: WorkshopViews, shown: ShownRun): Promise<RunProgress> {
  const { err } = session.terminal
  return err.isTerminal && session.globals.json !== true
    ? showTable(session, shop, shown)
    : showLines(session, shop, shown)
}

function showTable(session: Session, shop: WorkshopViews, { run }: ShownRun): RunProgress {
  const { err } = session.terminal
  let drawn = 0
  let restUntil = 0
  const draw = async (): Promise<void> => {
    const began = session.clock.now()
    if (began < restUntil) return
    const view = await shop.workflowStatus(run)
    if (view === null) return
    restUntil = began + (session.clock.now() - began) * LONGEST_SHARE
    const lines = tableLines(session, view)
    err.write(`${clear(drawn)}${lines.map((line) => `${line}\n`).join('')}`)
    drawn = lines.length
  }
  let closed = false
  let drawing = draw().catch(() => {})
  const stop = repeat(backgroundClock, DRAW_INTERVAL_MS, () => {
    drawing = draw().catch(() => {})
    return drawing
  })
  return {
    async close() {
      if (closed) return
      closed = true
      stop()
      await drawing
      restUntil = 0
      await draw()
    },
  }
}

/** Goes back to the first line of what was drawn, and takes it away. */
function clear(lines: number): string {
  return lines === 0 ? '' : `\u001B[${lines}A\r\u001B[J`
}

function tableLines({ terminal: { err }, clock }: Session, run: Run): readonly string[] {
  const paint = paintFor(err)
  const page = { paint, width: err.width - 1, now: clock.now() }
  const helps = helpLines(run).map((line) => paint.active(fit(line, page.width)))
  const next = run.settledAt === null ? nextLine(run) : null
  const footer =
    run.settledAt === null
      ? [
          ...helps,
          ...(next === null ? [] : [paint.active(fit(next, page.width))]),
          paint.faint('Ctrl-C stops watching; the run is kept.'),
        ]
      : []
  const height = err.height - footer.length - 5
  return [runHeadline(run, page), '', ...stageLines(run, page, Math.max(4, height)), '', ...footer]
}

async function showLines(
  session: Session,
  shop: WorkshopViews,
  { run, after }: ShownRun,
): Promise<RunProgress> {
  const ended = new AbortController()
  let seen = after
  const told = new Set<string>()
  /** Says of each stage once what it waits for, and what helps. */
  const tellWaits = async (): Promise<void> => {
    const view = await shop.workflowStatus(run)
    for (const { stage, round, status, why, help } of view?.stages ?? []) {
      if (status !== 'open' || help === null || why === null || help.includes('workflow resume')) continue
      const line = `${nameOf({ stage, round })}: ${oneLine(why)}. ${help}`
      if (!told.has(line)) note(session, line)
      told.add(line)
    }
  }
  const show = async (event: AtelierEvent): Promise<void> => {
    if (event.seq <= seen) return
    seen = event.seq
    const line = lineOf(event, run)
    if (line !== null) note(session, line)
    if (waits(event, run)) await tellWaits()
  }
  const follow = async (): Promise<void> => {
    for await (const event of shop.watch({ after, signal: ended.signal })) await show(event)
  }
  const following = follow().catch((error: unknown) => note(session, `warning: ${messageOf(error)}`))
  note(session, `Watching ${run}. Ctrl-C stops watching; the run is kept.`)
  await tellWaits()
  let closed = false
  return {
    async close() {
      if (closed) return
      closed = true
      ended.abort()
      await following
      for (const event of await shop.events({ after: seen })) await show(event)
    },
  }
}

/** True where something has begun to wait for somebody. */
function waits({ type, data }: AtelierEvent, run: string): boolean {
  if (type === 'item.deferred') return data.item.startsWith(`${run}/`)
  if (type === 'stage.escalated') return data.run === run
  return type === 'stage.opened' && data.run === run && data.waiting !== null && data.waiting !== 'work'
}

/** What an event means for a run, in a line; null where that is nothing. */
function lineOf(event: AtelierEvent, run: string): string | null {
  const { data } = event
  if ('item' in data && typeof data.item === 'string') {
    if (event.type !== 'item.claimed' || !data.item.startsWith(`${run}/`)) return null
    const { owner, item } = event.data
    return `${item.slice(run.length + 1)}: started${owner.startsWith(':') ? '' : ` by ${owner}`}`
  }
  if (!('run' in data) || typeof data.run !== 'string') return null
  if (data.run !== run && !data.run.startsWith(`${run}/`)) return null
  const inner = data.run === run ? '' : `${data.run.slice(run.length + 1)}/`
  switch (event.type) {
    case 'stage.done':
    case 'stage.scored': {
      const { score, decision } = event.data
      const name = `${inner}${nameOf(event.data)}`
      const facts = [
        ...(decision === null ? [] : [decision.replaceAll('_', ' ')]),
        ...(score === null ? [] : [`score ${score}`]),
      ]
      if (event.type === 'stage.done') return `${name}: ${['done', ...facts].join(', ')}`
      return `${name}: ${facts.length === 0 ? 'not good enough' : facts.join(', ')}`
    }
    case 'stage.failed':
      return `${inner}${nameOf(event.data)}: failed, ${oneLine(event.data.error.message)} [${event.data.error.code}]`
    case 'stage.skipped':
      return event.data.why === 'not_taken' ? null : `${inner}${nameOf(event.data)}: skipped`
    case 'stage.rewound': {
      const { stage, round, feedbackStage, outdated } = event.data
      if (outdated > 0)
        return `${inner}${stage}: again, round ${round}, as the work changed while it was judged`
      return feedbackStage === null
        ? null
        : `${inner}${stage}: again, round ${round}, for what ${feedbackStage} says`
    }
    case 'run.paused':
      return inner === '' ? `${run} is paused: ${event.data.reason}` : null
    case 'run.resumed':
      return inner === '' ? `${run} goes on` : null
    default:
      return null
  }
}

function nameOf({ stage, round }: { readonly stage: string; readonly round: number }): string {
  return `${stage}${round > 1 ? `#${round}` : ''}`
}
