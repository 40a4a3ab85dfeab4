/** What a team looks like: reads only, light enough for a command that starts, looks and ends. */
import { capabilitiesOf } from '../agents/capability.ts'
import type { AgentDefinition, ProfileDefinition } from '../agents/definition.ts'
import { systemPromptOf } from '../agents/definition.ts'
import { statusOf } from '../agents/display.ts'
import { sessionOfTurn } from '../agents/recovery.ts'
import { unknownAgent } from '../agents/mailbox.ts'
import { NEVER } from '../agents/projection.ts'
import { TASK_CHARACTERS } from '../agents/prompts.ts'
import { limitedUntil } from '../agents/quota.ts'
import { CIRCUIT_LIMITS, type CircuitRow } from '../board/circuit.ts'
import { AtelierError, toError } from '../errors.ts'
import { headOf, type Json } from '../json.ts'
import type { Reader, StoreView } from '../store.ts'
import type { AgentRow, HostRow, MessageRow, TurnRow } from '../tables.ts'
import type { Clock } from '../time/clock.ts'
import { unpackText, type ProcessIdentity } from './context.ts'
import { reasonGone } from './liveness.ts'
import { countOpen } from './inbox-views.ts'
import { ledgerOf, spending } from './money-views.ts'
import { knownAgents } from './posting.ts'
import type {
  AgentInfo,
  AgentLine,
  CircuitLine,
  ContextEntry,
  FullResult,
  HistoryEntry,
  HostLine,
  ProfileView,
  ScheduleView,
  TeamStatus,
  TranscriptEntry,
} from './view-types.ts'

export interface ViewContext {
  readonly store: StoreView
  readonly clock: Clock
  readonly identity: Pick<ProcessIdentity, 'machine' | 'isAlive'>
}

const NO_USAGE = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: 0 }

/** Every active agent in one line each, and the hosts that run them. */
export async function viewStatus(view: ViewContext): Promise<TeamStatus> {
  return view.store.read(async (reader) => {
    const hosts = hostLines(view, await reader.list('host'))
    const total = spending(await ledgerOf(reader, 'global'))
    const agents: AgentLine[] = []
    for (const agent of await reader.list('agent', { where: { state: 'active' } })) {
      agents.push(await agentLine(reader, agent, hosts, view.clock.now()))
    }
    const inbox = await countOpen(reader)
    const circuits = circuitLines(await reader.list('circuit'))
    return { agents, circuits, hosts, inbox, costUsd: total.costUsd, assumedUsd: total.assumedUsd }
  })
}

/** Breakers that refuse calls. */
function circuitLines(rows: readonly CircuitRow[]): CircuitLine[] {
  return rows.flatMap(({ key, state, failures, since }) =>
    state === 'closed' || since === null
      ? []
      : [{ circuit: key, state, failures, retryAt: since + CIRCUIT_LIMITS.timeoutMs + 1 }],
  )
}

async function agentLine(
  reader: Reader,
  agent: AgentRow,
  hosts: readonly HostLine[],
  now: number,
): Promise<AgentLine> {
  const turn = agent.turn === null ? undefined : await reader.get('turn', agent.turn)
  const current = turn === undefined ? undefined : await reader.get('message', turn.message)
  const last = agent.last === null ? undefined : await reader.get('message', agent.last)
  const { costUsd, assumedUsd } = spending(await ledgerOf(reader, `agent:${agent.name}`))
  return {
    name: agent.name,
    status: statusOf(agent, { hosted: isHosted(agent, turn, hosts), failed: last?.state === 'failed' }),
    task: current === undefined ? null : headOf(textHead(current), TASK_CHARACTERS),
    queued: agent.queued,
    costUsd,
    assumedUsd,
    turns: agent.turns,
    backend: agent.backend,
    profile: agent.profile,
    since: turn?.startedAt ?? null,
    waitingFor: agent.ready === 1 ? await quotaOf(reader, agent, now) : null,
    error: last?.state === 'failed' ? last.error : null,
  }
}

async function quotaOf(reader: Reader, agent: AgentRow, now: number): Promise<AgentLine['waitingFor']> {
  const until = limitedUntil(await reader.get('account', agent.account), now)
  return until === null ? null : { quota: agent.account, until }
}

function textHead(message: MessageRow): string {
  return typeof message.prompt === 'string' ? message.prompt : message.prompt.head
}

function isHosted(agent: AgentRow, turn: TurnRow | undefined, hosts: readonly HostLine[]): boolean {
  const alive = hosts.filter((host) => host.state !== 'dead')
  if (turn !== undefined) return alive.some((host) => host.id === turn.host)
  return alive.some((host) => host.backends.includes(agent.backend))
}

/** Every registered host, and whether it still lives. */
export async function viewHosts(view: ViewContext): Promise<readonly HostLine[]> {
  return hostLines(view, await view.store.read((reader) => reader.list('host')))
}

function hostLines({ identity, clock }: ViewContext, rows: readonly HostRow[]): HostLine[] {
  return rows.map((row) => ({
    id: row.id,
    kind: row.kind,
    state: reasonGone(row, identity, clock.now()) === undefined ? row.state : 'dead',
    pid: row.pid,
    local: row.machine === identity.machine,
    backends: row.backends,
    startedAt: row.startedAt,
  }))
}

/** Names of the active agents, sorted. */
export async function viewAgents({ store }: ViewContext): Promise<readonly string[]> {
  const rows = await store.read((reader) => reader.list('agent', { where: { state: 'active' } }))
  return rows.map((row) => row.name).toSorted()
}

/** Profiles that were defined by a call; those of files are the caller's. */
export async function viewProfiles({ store }: ViewContext): Promise<readonly ProfileView[]> {
  return store.read(async (reader) => {
    const views: ProfileView[] = []
    for (const row of await reader.list('profile')) {
      const profile = JSON.parse((await reader.blob(row.definition)) ?? '{}') as ProfileDefinition
      views.push(profileView(row.name, profile, 'defined'))
    }
    return views
  })
}

export function profileView(
  name: string,
  profile: ProfileDefinition,
  source: ProfileView['source'],
): ProfileView {
  const { role, description, fields } = profile
  return {
    name,
    role,
    description: description ?? null,
    backend: fields.backend ?? null,
    model: fields.model ?? null,
    capabilities: capabilitiesOf({ name, capabilities: fields.capabilities }) ?? [],
    source,
  }
}

async function activeAgent(reader: Reader, name: string): Promise<AgentRow> {
  const row = await reader.get('agent', name)
  if (row !== undefined && row.state === 'active') return row
  throw toError(unknownAgent(name, await knownAgents(reader)))
}

/** @throws AtelierError `not_found` if there is no such agent */
export async function assertAgent(store: StoreView, name: string): Promise<void> {
  await store.read((reader) => activeAgent(reader, name))
}

/** Everything about one agent. */
export async function viewInfo(view: ViewContext, name: string): Promise<AgentInfo> {
  return view.store.read(async (reader) => {
    const agent = await activeAgent(reader, name)
    const line = await agentLine(reader, agent, hostLines(view, await reader.list('host')), view.clock.now())
    const definition = JSON.parse((await reader.blob(agent.definition)) ?? '{}') as AgentDefinition
    return {
      name,
      status: line.status,
      backend: agent.backend,
      model: agent.model,
      profile: agent.profile,
      role: definition.role,
      systemPrompt: systemPromptOf(definition),
      sessionId: agent.session?.id ?? null,
      costUsd: line.costUsd,
      assumedUsd: line.assumedUsd,
      turns: agent.turns,
      queueDepth: agent.queued,
      maxTurns: definition.maxTurns ?? null,
      timeoutMs: definition.timeoutMs ?? null,
      permissionMode: definition.permissionMode,
      allowedTools: definition.allowedTools ?? null,
      disallowedTools: definition.disallowedTools ?? null,
      capabilities: definition.capabilities ?? [],
      maxCostUsd: definition.maxCostUsd ?? null,
      error: line.error,
      createdAt: agent.createdAt,
    }
  })
}

/** The agent's last settled message; `no_result` before the first. */
export async function viewFullResult({ store }: ViewContext, name: string): Promise<FullResult> {
  return store.read(async (reader) => {
    const agent = await activeAgent(reader, name)
    const message = agent.last === null ? undefined : await reader.get('message', agent.last)
    if (message === undefined) throw noResult(agent)
    const turn = message.turn === null ? undefined : await reader.get('turn', message.turn)
    return {
      agent: name,
      result: message.answer === null ? '' : await unpackText(reader, message.answer),
      sessionId: agent.session?.id ?? null,
      costUsd: (turn?.costMicros ?? 0) / 1_000_000,
      costSource: turn?.costSource ?? 'reported',
      isError: message.state !== 'answered',
      error: message.error,
      durationMs: turn === undefined ? 0 : (turn.endedAt ?? turn.startedAt) - turn.startedAt,
      numTurns: turn?.modelTurns ?? 0,
      usage: turn?.usage ?? NO_USAGE,
      turn: message.turn,
    }
  })
}

function noResult(agent: AgentRow): AtelierError {
  const now = agent.turn !== null ? 'It is still working: wait with await.' : 'Ask it something first.'
  return new AtelierError('no_result', `Agent "${agent.name}" has no result yet. ${now}`, {
    details: { agent: agent.name },
  })
}

/** What an agent was asked and answered, oldest first. */
export async function viewHistory(
  { store }: ViewContext,
  name: string,
  last: number,
): Promise<readonly HistoryEntry[]> {
  return store.read(async (reader) => {
    await activeAgent(reader, name)
    const messages = await reader.list('message', {
      where: { agent: name },
      orderBy: 'position',
      direction: 'desc',
      limit: last,
    })
    const entries: HistoryEntry[] = []
    for (const message of messages.toReversed()) entries.push(await historyEntry(reader, message))
    return entries
  })
}

async function historyEntry(reader: Reader, message: MessageRow): Promise<HistoryEntry> {
  const turn = message.turn === null ? undefined : await reader.get('turn', message.turn)
  return {
    message: message.id,
    turn: message.turn,
    kind: message.kind,
    state: message.state,
    from: message.from,
    prompt: await unpackText(reader, message.prompt),
    answer: message.answer === null ? null : await unpackText(reader, message.answer),
    error: message.error,
    attempts: message.attempts,
    costUsd: turn?.costMicros == null ? null : turn.costMicros / 1_000_000,
    costSource: turn?.costSource ?? null,
    usage: turn?.usage ?? null,
    sessionId: (turn === undefined ? null : sessionOfTurn(turn))?.id ?? null,
    postedAt: message.postedAt,
    startedAt: turn?.startedAt ?? null,
    settledAt: message.settledAt,
  }
}

/** Prompt, what happened, and answer of one turn, or of an agent's last one. */
export async function viewTranscript(
  { store }: ViewContext,
  turnOrAgent: string,
): Promise<readonly TranscriptEntry[]> {
  return store.read(async (reader) => {
    const turn = (await reader.get('turn', turnOrAgent)) ?? (await lastTurn(reader, turnOrAgent))
    const message = await reader.get('message', turn.message)
    const rows = await reader.list('transcript', { where: { turn: turn.id }, orderBy: 'n' })
    const entries: TranscriptEntry[] = [
      {
        turn: turn.id,
        n: -1,
        at: turn.startedAt,
        kind: 'prompt',
        body: { text: await unpackText(reader, message?.prompt ?? '') },
      },
    ]
    for (const row of rows) entries.push({ ...row, body: await unpackBody(reader, row.body) })
    const end = { turn: turn.id, n: rows.length, at: turn.endedAt ?? turn.startedAt }
    if (message?.turn === turn.id && message.answer !== null) {
      entries.push({ ...end, kind: 'answer', body: { text: await unpackText(reader, message.answer) } })
    } else if (turn.failure !== null) {
      entries.push({ ...end, kind: 'error', body: { kind: turn.failure.kind, text: turn.failure.message } })
    }
    return entries
  })
}

async function lastTurn(reader: Reader, name: string): Promise<TurnRow> {
  const agent = await activeAgent(reader, name)
  const message = agent.last === null ? undefined : await reader.get('message', agent.last)
  const id = agent.turn ?? message?.turn
  const turn = id == null ? undefined : await reader.get('turn', id)
  if (turn === undefined) throw noResult(agent)
  return turn
}

/** Long texts of a transcript's body, wherever they are kept. */
async function unpackBody(reader: Reader, body: Json): Promise<Json> {
  if (body === null || typeof body !== 'object' || Array.isArray(body)) return body
  const unpacked: Record<string, Json | undefined> = {}
  for (const [key, value] of Object.entries(body as { readonly [key: string]: Json | undefined })) {
    const isBlob = value !== null && typeof value === 'object' && 'blob' in value
    unpacked[key] = isBlob ? await unpackText(reader, value as never) : value
  }
  return unpacked
}

/** A value of the shared context with its version. */
export async function viewEntry({ store }: ViewContext, key: string): Promise<ContextEntry | undefined> {
  return store.read(async (reader) => {
    const row = await reader.get('context', key)
    if (row === undefined || row.value === null) return undefined
    const value = JSON.parse(await unpackText(reader, row.value)) as Json
    return { key, value, version: row.version, by: row.by, updatedAt: row.updatedAt }
  })
}

/** Keys that have a value, sorted; those below a prefix if one is given. */
export async function viewKeys({ store }: ViewContext, prefix: string): Promise<readonly string[]> {
  const rows = await store.read((reader) => reader.list('context'))
  return rows
    .filter((row) => row.value !== null && row.key.startsWith(prefix))
    .map((row) => row.key)
    .toSorted()
}

export async function viewSchedules({ store }: ViewContext): Promise<readonly ScheduleView[]> {
  return store.read(async (reader) => {
    const views: ScheduleView[] = []
    for (const { agent, prompt, intervalMs, nextAt, ticks, skipped } of await reader.list('schedule')) {
      if (nextAt === NEVER) continue
      views.push({ agent, prompt: await unpackText(reader, prompt), intervalMs, nextAt, ticks, skipped })
    }
    return views
  })
}
