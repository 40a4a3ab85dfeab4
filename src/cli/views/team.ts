import type { Outputs } from '../../operations/outputs.ts'
import { formatDuration } from '../../time/duration.ts'
import { formatTable, type Column } from '../columns.ts'
import { count, plural, skillsText, timeOfDay, usd, usdColumn } from '../format.ts'
import type { Paint } from '../paint.ts'
import { oneLine } from '../text.ts'
import { waitingText } from './inbox.ts'
import { formatFacts, type Page, type Shown, type Views } from './view.ts'

type Status = Outputs['status']
type Line = Status['agents'][number]

export const TEAM_VIEWS: Views<
  'agent' | 'agents' | 'info' | 'status' | 'profile' | 'profiles' | 'dismiss' | 'reset' | 'reset-all'
> = {
  status: showStatus,
  agents: (names) => ({
    body: names.map((name) => `${name}\n`).join(''),
    ...(names.length === 0 ? { remark: NO_AGENTS } : {}),
  }),
  info: showInfo,
  profiles: showProfiles,
  agent: ({ agent }) => ({
    body: '',
    remark: `Agent ${agent} is ready. Give it work: atelier ask ${agent} '…'`,
  }),
  profile: ({ profile }) => ({
    body: '',
    remark: `Profile ${profile} is stored. Make an agent of it: atelier agent NAME --profile ${profile}`,
  }),
  dismiss: ({ agent }) => ({ body: '', remark: `Agent ${agent} is not in the team any more.` }),
  reset: ({ agent }) => ({ body: '', remark: `Agent ${agent} begins a new session.` }),
  'reset-all': ({ agents }) => ({
    body: '',
    remark: `${plural(agents.length, 'agent')} began a new session.`,
  }),
}

const NO_AGENTS = "No agents yet. Create one: atelier agent NAME 'what it is for'"

function showStatus({ agents, circuits, hosts, inbox, costUsd, assumedUsd }: Status, page: Page): Shown {
  const { paint } = page
  const waiting = waitingText(inbox)
  const inboxLines = waiting === '' ? [] : [paint.active(waiting)]
  if (agents.length === 0)
    return {
      body: [...inboxLines, ...hosts.map((host) => hostText(host, paint))]
        .map((line) => `${line}\n`)
        .join(''),
      remark: NO_AGENTS,
    }
  const assumed = assumedUsd > 0 ? ` (${usd(assumedUsd)} of it assumed)` : ''
  const footer = [
    `${plural(agents.length, 'agent')}, ${usd(costUsd)}${assumed}`,
    ...inboxLines,
    ...quotaLines(agents, page),
    ...circuitLines(circuits, page),
    ...hosts.map((host) => hostText(host, paint)),
    ...(hosts.length === 0 ? [`${paint.faint('no host is running')}${waitingHint(agents)}`] : []),
  ]
  const errors = agents.flatMap(({ name, error }) =>
    error === null ? [] : [`${paint.bad(name)}: ${oneLine(error.message)}\n`],
  )
  return {
    body: `${formatTable(agents, statusColumns(agents, page), page)}\n${errors.join('')}${footer.join('\n')}\n`,
  }
}

/** Which accounts have used up their quota, and when their agents go on. */
function quotaLines(agents: readonly Line[], { paint, now }: Page): string[] {
  const waiting = Map.groupBy(
    agents.filter(({ waitingFor }) => waitingFor !== null),
    ({ waitingFor }) => waitingFor?.quota ?? '',
  )
  return [...waiting].map(([account, lines]) => {
    const until = Math.max(...lines.map(({ waitingFor }) => waitingFor?.until ?? 0))
    const rest = formatDuration(Math.max(0, until - now))
    return `${paint.active(`quota of ${account} is used up`)}: ${plural(lines.length, 'agent')} ${lines.length === 1 ? 'goes' : 'go'} on in ${rest}, at ${timeOfDay(until, now)}`
  })
}

/** To what nothing is sent after failures in a row, and when it is tried again. */
function circuitLines(circuits: Status['circuits'], { paint, now }: Page): string[] {
  return circuits.map(({ circuit, failures, retryAt }) => {
    const rest = formatDuration(Math.max(0, retryAt - now))
    return `${paint.bad(`circuit of ${circuit} is open`)}: ${plural(failures, 'failure')} in a row; tried again in ${rest}`
  })
}

/** Work that nobody does is worth a word. */
function waitingHint(agents: readonly Line[]): string {
  return agents.some(({ status }) => status === 'offline') ? '; work waits for one: atelier up' : ''
}

function statusColumns(agents: readonly Line[], { paint, now }: Page): Column<Line>[] {
  const cost = usdColumn(agents.map(({ costUsd }) => costUsd))
  return [
    { title: 'AGENT', text: ({ name }) => name, paint: paint.name },
    {
      title: 'STATUS',
      text: ({ status, queued }) => (queued > 0 ? `${status} +${queued}` : status),
      paint: (text, { status }) => paintStatus(paint, status)(text),
    },
    {
      title: 'FOR',
      from: 90,
      optional: true,
      align: 'right',
      text: ({ since }) => (since === null ? '' : formatDuration(now - since)),
    },
    { title: 'TASK', flexible: true, text: ({ task }) => task ?? '' },
    { title: 'BACKEND', from: 100, text: ({ backend }) => backend },
    { title: 'TURNS', align: 'right', text: ({ turns }) => count(turns) },
    {
      title: 'COST',
      align: 'right',
      text: ({ costUsd, assumedUsd }) => `${cost(costUsd)}${assumedUsd > 0 ? '*' : ''}`,
    },
  ]
}

function paintStatus(paint: Paint, status: Line['status']): (text: string) => string {
  switch (status) {
    case 'idle':
      return paint.faint
    case 'working':
      return paint.good
    case 'waiting':
      return paint.active
    case 'error':
    case 'offline':
      return paint.bad
  }
}

function hostText({ kind, state, pid, local, backends }: Status['hosts'][number], paint: Paint): string {
  const where = local ? `pid ${pid}` : `pid ${pid} on another machine`
  const text = `${kind} host, ${where}, ${state}; backends: ${backends.join(', ')}`
  return state === 'running' ? text : paint.active(text)
}

function showInfo(info: Outputs['info'], page: Page): Shown {
  const { paint, now } = page
  const assumed = info.assumedUsd > 0 ? ` (${usd(info.assumedUsd)} of it assumed)` : ''
  return {
    body: formatFacts(
      [
        ['agent', paint.name(info.name)],
        [
          'status',
          paintStatus(
            paint,
            info.status,
          )(info.queueDepth > 0 ? `${info.status} +${info.queueDepth}` : info.status),
        ],
        [
          'error',
          info.error === null ? null : paint.bad(`${page.clean(info.error.message)} [${info.error.code}]`),
        ],
        ['profile', info.profile],
        ['backend', info.backend],
        ['model', info.model],
        ['session', info.sessionId],
        ['turns', count(info.turns)],
        ['cost', `${usd(info.costUsd)}${assumed}`],
        ['cost limit', info.maxCostUsd === null ? null : usd(info.maxCostUsd)],
        ['turn limit', info.timeoutMs === null ? null : formatDuration(info.timeoutMs)],
        ['model calls', info.maxTurns === null ? null : `${info.maxTurns} in one turn`],
        ['permissions', info.permissionMode],
        ['allowed tools', info.allowedTools?.join(', ') ?? null],
        ['denied tools', info.disallowedTools?.join(', ') ?? null],
        ['capabilities', skillsText(info.capabilities)],
        ['created', timeOfDay(info.createdAt, now)],
        ['system prompt', page.clean(info.systemPrompt)],
      ],
      page,
    ),
  }
}

function showProfiles(profiles: Outputs['profiles'], page: Page): Shown {
  const { paint } = page
  return {
    body: formatTable(
      profiles,
      [
        { title: 'PROFILE', text: ({ name }) => name, paint: paint.name },
        { title: 'FROM', text: ({ source }) => source },
        { title: 'BACKEND', from: 80, optional: true, text: ({ backend }) => backend ?? '' },
        { title: 'MODEL', optional: true, text: ({ model }) => model ?? '' },
        { title: 'CAN', optional: true, text: ({ capabilities }) => skillsText(capabilities) },
        { title: 'ROLE', flexible: true, text: ({ role, description }) => description ?? role },
      ],
      page,
    ),
  }
}
