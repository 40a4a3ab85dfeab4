import type { Outputs } from '../../operations/outputs.ts'
import { formatDuration } from '../../time/duration.ts'
import { formatTable } from '../columns.ts'
import { count, plural, skillsText, timeOfDay, usd } from '../format.ts'
import type { Paint } from '../paint.ts'
import {
  boardLines,
  EMPTY_BOARD,
  ownerText,
  statusText,
  summaryText,
  typeText,
  unstaffedLines,
} from './board-text.ts'
import { formatFacts, type Page, type Shown, type View, type Views } from './view.ts'

type ItemView = Outputs['item']
type Change = 'start' | 'complete' | 'fail' | 'release' | 'cancel' | 'retry' | 'skip'

const showChange: View<Change> = ({ id, status, state, why }) => {
  const what = state === 'skipped' ? 'skipped' : statusText(status)
  return { body: '', remark: `${id} is ${what}${why === null || why === what ? '.' : `: ${withStop(why)}`}` }
}

export const BOARD_VIEWS: Views<
  | 'board'
  | 'workers'
  | 'work'
  | 'work-from-result'
  | 'ready'
  | 'item'
  | 'claim'
  | 'extend'
  | 'remove-item'
  | 'clear-board'
  | Change
> = {
  board: showBoard,
  workers: showWorkers,
  work: showPosted,
  'work-from-result': showPosted,
  ready: showReady,
  item: showItem,
  claim: ({ item, owner, expiresAt }, { now }) => ({
    body: '',
    remark: `${owner} has ${item} until ${timeOfDay(expiresAt, now)}. Read it: atelier work show ${item}. Say when it is done: atelier work complete ${item} 'what came of it'`,
  }),
  extend: ({ item, owner, expiresAt }, { now }) => ({
    body: '',
    remark: `${owner} has ${item} until ${timeOfDay(expiresAt, now)}.`,
  }),
  start: showChange,
  complete: showChange,
  fail: showChange,
  release: showChange,
  cancel: showChange,
  retry: showChange,
  skip: showChange,
  'remove-item': showRemoved,
  'clear-board': showRemoved,
}

function showBoard(board: Outputs['board'], page: Page): Shown {
  const { settled } = board
  if (board.items.length === 0) {
    const isFiltered = ['status', 'type', 'claimedBy'].some((name) => page.input[name] !== undefined)
    return { body: '', remark: isFiltered ? 'No such items on the board.' : EMPTY_BOARD }
  }
  const footer = [summaryText(board), ...unstaffedLines(board)]
  return {
    body: [...boardLines(board, page), '', ...footer].map((line) => `${line}\n`).join(''),
    ...(settled === undefined ? {} : { remark: settledText(settled) }),
  }
}

function settledText({ summary, failed, waiting }: NonNullable<Outputs['board']['settled']>): string {
  if (failed.length === 0 && waiting.length === 0)
    return `Nothing is left to do: ${count(summary.done)} done.`
  const parts = [
    ...(failed.length === 0 ? [] : [`${count(failed.length)} failed`]),
    ...(waiting.length === 0 ? [] : [`${count(waiting.length)} ${waiting.length === 1 ? 'waits' : 'wait'}`]),
  ]
  return `Nothing goes on by itself any more: ${parts.join(', ')}.`
}

function showPosted(items: Outputs['work']): Shown {
  const [only] = items
  if (only !== undefined && items.length === 1) return { body: '', remark: postedText(only) }
  const counts = Map.groupBy(items, ({ status }) => status)
  const parts = [...counts].map(([status, list]) => `${count(list.length)} ${status}`)
  return {
    body: '',
    remark: `Posted ${plural(items.length, 'item')}: ${parts.join(', ')}. Look at them: atelier board`,
  }
}

function postedText({ id, status }: Outputs['work'][number]): string {
  switch (status) {
    case 'ready':
      return `${id} is ready.`
    case 'new':
      return `${id} is on the board; it waits for what it depends on.`
    case 'blocked':
      return `${id} is blocked: something that it depends on has failed. Why: atelier work show ${id}`
  }
}

function showReady(items: Outputs['ready'], page: Page): Shown {
  if (items.length === 0) return { body: '', remark: 'Nothing is ready.' }
  const { paint, now } = page
  return {
    body: formatTable(
      items,
      [
        { title: 'ITEM', text: ({ id }) => id, paint: paint.name },
        { title: 'TYPE', text: ({ type }) => type },
        { title: 'PRIORITY', text: ({ priorityName }) => priorityName },
        {
          title: 'POSTED',
          from: 70,
          align: 'right',
          text: ({ createdAt }) => `${formatDuration(now - createdAt)} ago`,
        },
        { title: 'WHAT', flexible: true, text: ({ title }) => title },
      ],
      page,
    ),
  }
}

function showWorkers(workers: Outputs['workers'], page: Page): Shown {
  if (workers.length === 0) {
    return {
      body: '',
      remark: 'No workers. Start one: atelier board-worker NAME TYPE --profile PROFILE',
    }
  }
  const { paint } = page
  return {
    body: formatTable(
      workers,
      [
        { title: 'WORKER', text: ({ name }) => name, paint: paint.name },
        { title: 'TYPE', text: ({ type }) => type },
        { title: 'AGENTS', align: 'right', text: agentsText },
        { title: 'CAN', optional: true, text: ({ capabilities }) => skillsText(capabilities) },
        { title: 'WORKTREE', from: 70, text: ({ worktree }) => (worktree ? 'yes' : 'no') },
        {
          title: 'HEALTH',
          text: ({ health }) => health,
          paint: (text, { health }) => healthPaint(paint, health)(text),
        },
        { title: 'DONE', align: 'right', text: ({ finished }) => count(finished) },
        { title: 'WORKS ON', flexible: true, text: ({ items }) => items.join(', ') },
      ],
      page,
    ),
  }
}

/** `2`, or `2 of 1–4` where their number changes. */
function agentsText({ agents, minAgents, maxAgents }: Outputs['workers'][number]): string {
  const now = count(agents.length)
  return minAgents === maxAgents ? now : `${now} of ${count(minAgents)}–${count(maxAgents)}`
}

function healthPaint(paint: Paint, health: Outputs['workers'][number]['health']): (text: string) => string {
  switch (health) {
    case 'healthy':
      return paint.good
    case 'recovering':
    case 'degraded':
      return paint.active
    case 'unhealthy':
    case 'offline':
      return paint.bad
  }
}

function showRemoved({ removed }: Outputs['clear-board']): Shown {
  const what = removed.length === 1 ? removed[0] : plural(removed.length, 'item')
  return { body: '', remark: removed.length === 0 ? 'Nothing was removed.' : `Removed ${what}.` }
}

function showItem(item: ItemView, page: Page): Shown {
  const { paint, now, clean } = page
  const time = (at: number | null): string | null => (at === null ? null : timeOfDay(at, now))
  const facts = formatFacts(
    [
      ['item', paint.name(item.id)],
      ['title', clean(item.title)],
      ['status', item.state === 'skipped' ? 'skipped' : statusText(item.status)],
      ['phase', item.phase],
      ['why', item.why === null ? null : paint.active(clean(item.why))],
      ['progress', item.progress === null ? null : clean(`${item.progress.percent} % ${item.progress.step}`)],
      ['run', partText(item.part)],
      ['type', typeText(item.type)],
      ['priority', item.priorityName],
      ['value', item.value === 1 ? null : String(item.value)],
      ['deadline', deadlineText(item, now)],
      ['claimed by', ownerText(item.claimedBy)],
      ['claim ends', time(item.claimEndsAt)],
      ['depends on', linked(item.dependencies)],
      ['needed by', linked(item.dependents)],
      ['tries', item.attempts === 0 ? null : `${item.attempts} of ${item.maxAttempts}`],
      ['cost', item.costUsd === 0 ? null : usd(item.costUsd)],
      ['cost limit', item.maxCostUsd === null ? null : usd(item.maxCostUsd)],
      ['time limit', item.timeoutMs === null ? null : formatDuration(item.timeoutMs)],
      ['agent', item.agent],
      ['capability', item.capability],
      ['touches', item.touches.join(', ')],
      ['verify', item.verify.map(({ run }) => clean(run)).join('\n')],
      ['flags', item.flags.join('; ')],
      ['verified', item.state === 'done' ? (item.verified ? 'yes' : 'no') : null],
      ['commit', item.commit],
      ['change', item.change === item.id ? null : item.change],
      ['posted', `${timeOfDay(item.createdAt, now)} by ${item.postedBy}`],
      ['claimed', time(item.claimedAt)],
      ['started', time(item.startedAt)],
      ['ended', time(item.completedAt)],
      ['error', item.error === null ? null : paint.bad(`${clean(item.error.message)} [${item.error.code}]`)],
      ['input', item.input === null ? null : clean(JSON.stringify(item.input))],
      ['metadata', item.metadata === null ? null : clean(JSON.stringify(item.metadata))],
      ['spec', item.spec === null ? null : clean(item.spec)],
      ['result', item.result === null ? null : clean(item.result)],
    ],
    page,
  )
  return { body: `${facts}${triesText(item, page)}` }
}

function deadlineText({ deadline, completedAt, dynamicPriority }: ItemView, now: number): string | null {
  if (deadline === null) return null
  const at = timeOfDay(deadline, now)
  if (completedAt !== null) return completedAt > deadline ? `${at}, missed` : `${at}, met`
  const left = deadline - now
  const when = left > 0 ? `in ${formatDuration(left)}` : `${formatDuration(-left)} ago`
  return `${at}, ${when}; dynamic priority ${dynamicPriority.toFixed(1)}`
}

/** `feature-1, stage review, round 2`. */
function partText(part: ItemView['part']): string | null {
  if (part === null) return null
  const { run, stage, round, index } = part
  const facts = [
    `stage ${stage}`,
    ...(round === 1 ? [] : [`round ${round}`]),
    ...(index === null ? [] : [`element ${index}`]),
  ]
  return [run, ...facts].join(', ')
}

function linked(items: ItemView['dependencies']): string {
  return items.map(({ id, status }) => `${id} (${statusText(status)})`).join(', ')
}

function triesText({ tries }: ItemView, page: Page): string {
  if (tries.length === 0) return ''
  const { now } = page
  const table = formatTable(
    tries,
    [
      { title: 'TRY', align: 'right', text: ({ number }) => String(number) },
      { title: 'BY', text: ({ by }) => by },
      { title: 'CAME TO', text: ({ state }) => state },
      {
        title: 'TOOK',
        align: 'right',
        text: ({ startedAt, endedAt }) => formatDuration((endedAt ?? now) - startedAt),
      },
      {
        title: 'COST',
        align: 'right',
        optional: true,
        text: ({ costUsd }) => (costUsd === 0 ? '' : usd(costUsd)),
      },
      { title: 'WHY', optional: true, flexible: true, text: ({ error }) => error?.message ?? '' },
    ],
    page,
  )
  return `\n${table}`
}

function withStop(text: string): string {
  return /[.!?]$/u.test(text) ? text : `${text}.`
}
