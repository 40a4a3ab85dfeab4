/** A run as lines of text: how far it is, its stages, and what they need. None is wider than the page. */
import type { Outputs } from '../../operations/outputs.ts'
import { formatDuration } from '../../time/duration.ts'
import { formatTable, type Column } from '../columns.ts'
import { count, usd, usdColumn } from '../format.ts'
import type { Paint } from '../paint.ts'
import { fit, oneLine } from '../text.ts'
import type { Page } from './view.ts'

export type Run = NonNullable<Outputs['workflow-status']>
type Stage = Run['stages'][number]
/** On a narrower screen rounds and scores have no columns of their own, and commands are cut. */
const NARROW = 100
/** Columns of an id there: the round behind it, and what the stage is about, shall be seen beside it. */
const NARROW_ID = 24

type LayoutPage = Pick<Page, 'paint' | 'width' | 'now'>

/** The state of a run in words: `partially completed`. */
export function runStatus({ status }: Pick<Run, 'status'>): string {
  return status.replaceAll('_', ' ')
}

/** `feature-1  running   2 of 5 stages · 1 m 20 s · $0.12 · about 3 m 0 s left`. */
export function runHeadline(run: Run, { paint, now, width }: LayoutPage): string {
  const { progress, estimated_completion: left } = run.metrics
  const hasEnded = run.settledAt !== null
  const facts = [
    `${count(progress.completed)} of ${count(progress.total)} stages`,
    ...(progress.failed === 0 ? [] : [`${count(progress.failed)} failed`]),
    formatDuration(Math.max(0, (run.settledAt ?? now) - run.startedAt)),
    ...(run.costUsd === 0 ? [] : [usd(run.costUsd)]),
    ...(hasEnded || left === 0 ? [] : [leftText(left, run.estimatedFrom)]),
  ].join(' · ')
  const status = runStatus(run)
  const rest = fit(facts, Math.max(0, width - run.id.length - status.length - 4))
  return `${paint.name(run.id)}  ${brushOf(run.status, paint)(status)}  ${rest}`
}

/** What rests on an assumption says so. */
function leftText(ms: number, from: Run['estimatedFrom']): string {
  const minutes = Math.ceil(ms / 60_000)
  const about =
    ms < 60_000
      ? `about ${Math.ceil(ms / 1000)} s left`
      : minutes < 60
        ? `about ${minutes} m left`
        : `about ${Math.floor(minutes / 60)} h ${minutes % 60} m left`
  return from === 'assumption' ? `${about} (assumed)` : about
}

/**
 * The stages of a run below their titles.
 * @param height lines that they may take; those that matter least are counted instead
 */
export function stageLines(run: Run, page: LayoutPage, height: number = Number.POSITIVE_INFINITY): string[] {
  const shown = select(run.stages, Math.max(1, height - 1))
  const lines = formatTable(shown, columnsOf(run, page), page).trimEnd().split('\n')
  const hidden = run.stages.length - shown.length
  if (hidden === 0) return lines
  const states = Map.groupBy(
    run.stages.filter((stage) => !shown.includes(stage)),
    ({ status }) => status,
  )
  const parts = [...states].map(([status, stages]) => `${count(stages.length)} ${status}`)
  return [...lines, page.paint.faint(fit(`… ${parts.join(', ')} not shown`, page.width))]
}

/** Of more stages than fit, those where something happens, then what comes next, then what was last. */
function select(stages: readonly Stage[], height: number): readonly Stage[] {
  if (stages.length <= height) return stages
  const rank = ({ status }: Stage): number =>
    status === 'open' ? 0 : status === 'failed' ? 1 : status === 'queued' ? 2 : status === 'pending' ? 3 : 4
  const kept = new Set(stages.toSorted((a, b) => rank(a) - rank(b)).slice(0, Math.max(1, height - 1)))
  return stages.filter((stage) => kept.has(stage))
}

function columnsOf(run: Run, { paint, now, width }: LayoutPage): Column<Stage>[] {
  const cost = usdColumn(run.stages.map(({ costUsd }) => costUsd))
  const isNarrow = width < NARROW
  return [
    {
      title: 'STAGE',
      text: ({ stage, round }) =>
        isNarrow ? `${fit(stage, NARROW_ID)}${round > 1 ? ` #${round}` : ''}` : stage,
      paint: paint.name,
    },
    {
      title: 'STATUS',
      text: (stage) => stageStatus(stage),
      paint: (text, stage) => brushOf(stage.status, paint)(text),
    },
    {
      title: 'ROUND',
      optional: true,
      align: 'right',
      text: ({ round }) => (isNarrow || round === 1 ? '' : String(round)),
    },
    { title: 'WHO', text: (stage) => whoText(stage, isNarrow ? 14 : 28) },
    { title: 'SCORES', optional: true, text: ({ scores }) => (isNarrow ? '' : scoresText(scores)) },
    { title: 'TIME', optional: true, align: 'right', text: (stage) => timeText(stage, run, now) },
    {
      title: 'COST',
      optional: true,
      align: 'right',
      text: ({ costUsd }) => (costUsd === 0 ? '' : cost(costUsd)),
    },
    {
      title: 'WHAT',
      flexible: true,
      text: (stage) =>
        [isNarrow ? scoresText(stage.scores) : '', noteText(stage)].filter(Boolean).join(' · '),
      paint: (text, { status, help }) =>
        status === 'failed' ? paint.bad(text) : help === null ? paint.faint(text) : paint.active(text),
    },
  ]
}

/** An open stage runs, or waits for somebody or something. */
function stageStatus({ status, owner, why, help, kind }: Stage): string {
  if (status !== 'open') return status
  const isAtWork = help === null && why !== null && (owner !== null || kind === 'map')
  return isAtWork ? 'running' : 'waiting'
}

function brushOf(status: Stage['status'] | Run['status'], paint: Paint): Paint[keyof Paint] {
  switch (status) {
    case 'done':
    case 'completed':
      return paint.good
    case 'failed':
      return paint.bad
    case 'open':
    case 'running':
    case 'paused':
    case 'partially_completed':
      return paint.active
    case 'pending':
    case 'queued':
    case 'skipped':
    case 'cancelled':
      return paint.faint
  }
}

/** Who works on it or did, else who will; no engine, whose name nobody gave. */
function whoText({ owner, who }: Stage, width: number): string {
  const shown = oneLine(owner === null || owner.startsWith(':') ? who : owner)
  return fit(shown, width)
}

/** `55 -> 65 -> 72`. */
function scoresText(scores: Stage['scores']): string {
  const known = scores.map((score) => (score === null ? '?' : String(score)))
  return scores.every((score) => score === null) ? '' : known.join(' -> ')
}

function timeText({ startedAt, settledAt, status }: Stage, { settledAt: ended }: Run, now: number): string {
  if (startedAt === null || status === 'pending' || status === 'queued') return ''
  return formatDuration(Math.max(0, (settledAt ?? ended ?? now) - startedAt))
}

const SKIPPED: Readonly<Record<string, string>> = {
  when: 'its condition does not hold',
  not_taken: 'not chosen',
  failed: 'failed, and the run goes on without it',
  needs_failed: 'what it needs has failed',
  by_hand: 'by a person',
}

function noteText(stage: Stage): string {
  const { status, error, decision, elements, title } = stage
  // Who works on it stands beside it.
  const isRunning = stageStatus(stage) === 'running' && stage.why?.includes('%') !== true
  const why = isRunning ? null : stage.why
  const parts = elements === null ? [] : [elementsText(elements)]
  switch (status) {
    case 'failed':
      return oneLine(error?.message ?? 'failed')
    case 'skipped':
      return SKIPPED[decision ?? ''] ?? 'skipped'
    case 'pending':
      return oneLine(why ?? title)
    case 'open':
    case 'queued':
      return [...parts, ...(why === null || elements !== null ? [] : [oneLine(why)]), oneLine(title)].join(
        ' · ',
      )
    case 'done':
    case 'cancelled':
      return [...parts, ...(decision === null ? [] : [decision.replaceAll('_', ' ')]), oneLine(title)].join(
        ' · ',
      )
  }
}

function elementsText({ size, done, failed }: NonNullable<Stage['elements']>): string {
  return `${count(done)} of ${count(size)} done${failed === 0 ? '' : `, ${count(failed)} failed`}`
}

/** What somebody has to do, a line for each stage. */
export function helpLines(run: Run): readonly string[] {
  const lines = run.stages.flatMap(({ stage, help, status }) =>
    help === null || status === 'failed' ? [] : [{ stage, help }],
  )
  const together = Map.groupBy(lines, ({ help }) => help)
  return [...together].map(([help, stages]) => `${stages.map(({ stage }) => stage).join(', ')}: ${help}`)
}

/** How a run that has ended or waits goes on; nothing where it goes on by itself. */
export function nextLine({ id, status, workflow, isHosted, stages, reason }: Run): string | null {
  switch (status) {
    case 'failed':
      return `Go on from what has failed: atelier workflow retry ${id}. Begin anew: atelier workflow run ${workflow}`
    case 'paused':
      return stages.some(({ help }) => help?.includes(' answer ') === true)
        ? null
        : `It is paused${reason === null ? '' : ` (${reason})`}. Go on: atelier workflow resume ${id}`
    case 'running':
      return isHosted || stages.some(({ help }) => help !== null)
        ? null
        : `No host runs. Go on: atelier workflow resume ${id}`
    case 'completed':
    case 'partially_completed':
    case 'cancelled':
      return null
  }
}
