import type { Json } from '../../json.ts'
import type { Outputs } from '../../operations/outputs.ts'
import { formatDuration } from '../../time/duration.ts'
import { formatTable } from '../columns.ts'
import { count, timeOfDay, usd, usdColumn } from '../format.ts'
import { formatFacts, type Page, type Shown, type Views } from './view.ts'

export const RECORD_VIEWS: Views<
  | 'cost'
  | 'budget'
  | 'put'
  | 'get'
  | 'keys'
  | 'remove'
  | 'every'
  | 'schedules'
  | 'cancel-schedule'
  | 'git-summary'
  | 'git-diff'
> = {
  cost: showCost,
  budget: showBudget,
  put: ({ key, version }) => ({ body: '', remark: `Stored ${key}, version ${version}.` }),
  get: (value) => ({ body: `${valueText(value as Json)}\n` }),
  keys: (keys) => ({
    body: keys.map((key) => `${key}\n`).join(''),
    ...(keys.length === 0 ? { remark: 'No keys. Store a value: atelier put KEY VALUE' } : {}),
  }),
  remove: ({ key, removed }) => ({ body: '', remark: removed ? `Removed ${key}.` : `There was no ${key}.` }),
  every: ({ agent, intervalMs, nextAt }, { now }) => ({
    body: '',
    remark: `Agent ${agent} gets it every ${formatDuration(intervalMs)}, first at ${timeOfDay(nextAt, now)}, while a host is running (atelier up).`,
  }),
  schedules: showSchedules,
  'cancel-schedule': ({ agent, cancelled }) => ({
    body: '',
    remark: cancelled ? `The schedule of ${agent} has ended.` : `Agent ${agent} had no schedule.`,
  }),
  'git-summary': (summary, { clean }) => ({ body: `${clean(summary).trimEnd()}\n` }),
  'git-diff': (diff, { clean }) =>
    diff === ''
      ? { body: '', remark: 'Nothing has changed since the last commit.' }
      : { body: `${clean(diff).trimEnd()}\n` },
}

function valueText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

function showCost({ total, agents }: Outputs['cost'], page: Page): Shown {
  const rows = [...agents, total]
  const cost = usdColumn(rows.flatMap(({ costUsd, assumedUsd }) => [costUsd, assumedUsd]))
  const { paint } = page
  const body = formatTable(
    rows,
    [
      {
        title: 'AGENT',
        text: ({ name }) => name,
        paint: (text, row) => (row === total ? paint.strong(text) : paint.name(text)),
      },
      { title: 'TURNS', align: 'right', text: ({ turns }) => count(turns) },
      { title: 'TOKENS IN', align: 'right', text: ({ inputTokens }) => count(inputTokens) },
      { title: 'TOKENS OUT', align: 'right', text: ({ outputTokens }) => count(outputTokens) },
      {
        title: 'ASSUMED',
        optional: true,
        align: 'right',
        text: ({ assumedUsd }) => (assumedUsd === 0 ? '' : cost(assumedUsd)),
      },
      { title: 'COST', align: 'right', text: ({ costUsd }) => cost(costUsd) },
    ],
    page,
  )
  if (total.assumedTurns === 0) return { body }
  return {
    body,
    remark: `The backend did not tell the cost of ${count(total.assumedTurns)} of ${count(total.turns)} turns: ${usd(total.assumedUsd)} is assumed.`,
  }
}

function showBudget(
  { scope, limitUsd, usedUsd, reservedUsd, remainingUsd }: Outputs['budget'],
  page: Page,
): Shown {
  const { paint } = page
  return {
    body: formatFacts(
      [
        ['budget', scope === 'global' ? 'whole workshop' : scope.replace(':', ' ')],
        ['limit', limitUsd === null ? 'none' : usd(limitUsd)],
        ['used', usd(usedUsd)],
        ['reserved', reservedUsd === 0 ? null : `${usd(reservedUsd)} for running turns`],
        [
          'remaining',
          remainingUsd === null ? null : (remainingUsd > 0 ? paint.good : paint.bad)(usd(remainingUsd)),
        ],
      ],
      page,
    ),
  }
}

function showSchedules(schedules: Outputs['schedules'], page: Page): Shown {
  if (schedules.length === 0)
    return { body: '', remark: "No schedules. Make one: atelier every AGENT 15m 'what to do'" }
  const { paint, now } = page
  return {
    body: formatTable(
      schedules,
      [
        { title: 'AGENT', text: ({ agent }) => agent, paint: paint.name },
        { title: 'EVERY', align: 'right', text: ({ intervalMs }) => formatDuration(intervalMs) },
        { title: 'NEXT', text: ({ nextAt }) => timeOfDay(nextAt, now) },
        { title: 'TICKS', align: 'right', text: ({ ticks }) => count(ticks) },
        { title: 'SKIPPED', align: 'right', text: ({ skipped }) => count(skipped) },
        { title: 'PROMPT', flexible: true, text: ({ prompt }) => prompt },
      ],
      page,
    ),
  }
}
