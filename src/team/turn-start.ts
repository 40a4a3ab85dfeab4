/** Takes an agent's next message and commits the intent to run it, before anything runs. */
import type { AgentBackend } from '../agent-backend.ts'
import type { AgentDefinition } from '../agents/definition.ts'
import { decideStart } from '../agents/mailbox.ts'
import { limitedUntil } from '../agents/quota.ts'
import { planTurn, sessionOfTurn, type SessionEvidence, type TurnPlan } from '../agents/recovery.ts'
import { hashText, newId } from '../ids.ts'
import { estimateScope, refusalFor } from '../money/ledger.ts'
import { DEFAULT_ASSUME_USD, reservationFor } from '../money/reservation.ts'
import { microsOf } from '../money/usd.ts'
import type { Reader } from '../store.ts'
import type { AccountRow, AgentRow, MessageRow, SessionRef, TurnRow } from '../tables.ts'
import {
  environmentOf,
  isRegistered,
  unpackText,
  type AttemptPlace,
  type DefinitionCache,
  type HostEnvironment,
  type TeamContext,
} from './context.ts'
import { admitTurn, loadCircuits, type Circuits } from './circuits.ts'
import { loadFunds, type Funds } from './posting.ts'

/** A turn whose intent is stored: what the runner needs. */
export interface StartedTurn {
  readonly turn: string
  readonly agent: AgentRow
  readonly message: MessageRow
  readonly definition: AgentDefinition
  readonly plan: TurnPlan
  /** Where it works. */
  readonly place: AttemptPlace
  readonly attempt: number
}

interface Candidate {
  readonly agent: AgentRow
  readonly next: MessageRow
  readonly place: AttemptPlace
  /** The turn that ran the message before, or that of the attempt that goes on. */
  readonly previous: TurnRow | undefined
  readonly isSuspended: boolean
  /** What `previous` was asked. */
  readonly asked: string
  readonly definition: AgentDefinition
  readonly prompt: string
  readonly funds: Funds
  readonly recentMicros: readonly number[]
  readonly account: AccountRow | undefined
  readonly circuits: Circuits
}

/** What a session was found to show, and of which turn. */
interface Finding {
  readonly turn: string
  readonly evidence: SessionEvidence
}

export interface StartInput {
  readonly team: TeamContext
  readonly environment: HostEnvironment
  readonly definitions: DefinitionCache
  readonly host: string
  readonly agent: string
  /** True for an account of which this host knows, before the store does, that it is used up. */
  readonly isLimited: (account: string) => boolean
  /** The host is ending: only messages of attempts at items are started. */
  readonly onlyItems?: boolean
}

/**
 * Starts the next message of an agent if there is one, if no turn of it is running, and if the host
 * provides its backend. A message that an earlier turn has worked on is looked up in that turn's session first,
 * so that the stored intent already says how it goes on.
 */
export async function startTurn(input: StartInput): Promise<StartedTurn | undefined> {
  let finding: Finding | undefined
  for (;;) {
    const attempted = await tryToStart(input, finding)
    if (attempted === undefined || 'plan' in attempted) return attempted
    finding = await look(input, attempted)
  }
}

/** The started turn, nothing where there is none to start, or the candidate whose session is to be looked at. */
async function tryToStart(
  input: StartInput,
  finding: Finding | undefined,
): Promise<StartedTurn | Candidate | undefined> {
  const { team, environment, host, agent } = input
  const turn = newId('turn')
  // Named once, however often the command runs.
  let named: SessionRef | null | undefined
  const begin = ({ agent: { backend }, definition, place }: Candidate): SessionRef | null =>
    (named ??=
      environment
        .backend(backend)
        ?.newSession?.(place.cwd, environmentOf(definition, environment.environment)) ?? null)
  const result = await team.store.transact({
    name: 'turn.start',
    keys: [`agent:${agent}`],
    by: { actor: host, via: 'host' },
    load: (reader) => loadCandidate(reader, input),
    decide(candidate, now) {
      const plan = candidate === undefined ? undefined : planOf(candidate, begin, finding)
      if (candidate === undefined || plan === undefined) return { events: [] }
      const { definition, funds, recentMicros, next, agent: row } = candidate
      const admitted = admitTurn(candidate.circuits, turn, now)
      const reservedMicros = reservationFor({
        capMicros: definition.maxBudgetUsd === undefined ? null : microsOf(definition.maxBudgetUsd),
        recentMicros,
        assumeMicros: microsOf(definition.assumeUsd ?? DEFAULT_ASSUME_USD),
      })
      const promptHash = typeof next.prompt === 'string' ? hashText(next.prompt) : next.prompt.blob
      const session = plan.do === 'take' ? plan.session : plan.resume
      const begins = plan.do === 'take' ? null : plan.begin
      const start = decideStart(
        { turn, agent, host, promptHash, reservedMicros, session, begins },
        {
          agent: row,
          next,
          refused:
            'refused' in admitted
              ? admitted.refused
              : refusalFor(funds.ledgers, funds.running, reservedMicros),
          limitedUntil: limitedUntil(candidate.account, now),
        },
      )
      const isStarted = 'events' in start && start.events[0]?.type === 'turn.started'
      return isStarted && 'events' in admitted ? { events: [...start.events, ...admitted.events] } : start
    },
  })
  const { loaded } = result
  if (!result.ok || loaded === undefined) return undefined
  const plan = planOf(loaded, begin, finding)
  if (plan === undefined) return loaded
  if (result.events[0]?.type !== 'turn.started') return undefined
  const { next, definition, place } = loaded
  return { turn, agent: loaded.agent, message: next, definition, plan, place, attempt: next.attempts + 1 }
}

/** How the candidate goes on; undefined until the session of its earlier turn has been looked at. */
function planOf(
  candidate: Candidate,
  begin: (candidate: Candidate) => SessionRef | null,
  finding: Finding | undefined,
): TurnPlan | undefined {
  const { agent, definition, next, place, prompt, previous, isSuspended } = candidate
  if (previous !== undefined && finding?.turn !== previous.id) return undefined
  const known = agent.session !== null && agent.session.backend === agent.backend ? agent.session : null
  return planTurn({
    prompt,
    previous,
    evidence: finding?.evidence ?? { shows: 'unknown' },
    // Each attempt at an item has a conversation of its own.
    session:
      next.itemAttempt !== null ? (place.session ?? null) : definition.session === 'fresh' ? null : known,
    begin: begin(candidate),
    isSuspended,
  })
}

async function look(
  { environment, host }: Pick<StartInput, 'environment' | 'host'>,
  { agent, previous, asked, isSuspended }: Candidate,
): Promise<Finding> {
  const turn = previous as TurnRow
  const session = sessionOfTurn(turn)
  const backend: AgentBackend | undefined = environment.backend(agent.backend)
  if (isSuspended && session !== null && backend !== undefined) {
    const { resume } = backend.capabilities()
    const isHere = resume === 'cross-process' ? backend.inspect === undefined : turn.host === host
    // The turn has reported back: nobody has to look whether there is a session, only whether it can be had here.
    if (resume === 'none' || (!isHere && resume === 'same-process') || session.backend !== agent.backend)
      return { turn: turn.id, evidence: { shows: 'unknown' } }
    if (isHere) return { turn: turn.id, evidence: { shows: 'prompt' } }
  }
  if (session === null || backend?.inspect === undefined)
    return { turn: turn.id, evidence: { shows: 'unknown' } }
  return { turn: turn.id, evidence: await backend.inspect(session, asked) }
}

/** The project folder, or the workspace of the attempt; undefined where another host runs that attempt. */
function placeOf({ dir, attempts }: HostEnvironment, { itemAttempt }: MessageRow): AttemptPlace | undefined {
  return itemAttempt === null ? { cwd: dir, env: {} } : attempts.get(itemAttempt)
}

async function loadCandidate(
  reader: Reader,
  { definitions, environment, host, agent: name, isLimited, onlyItems }: StartInput,
): Promise<Candidate | undefined> {
  if (!(await isRegistered(reader, host))) return undefined
  const agent = await reader.get('agent', name)
  if (agent === undefined || agent.ready === 0 || environment.backend(agent.backend) === undefined)
    return undefined
  if (isLimited(agent.account)) return undefined
  const [next] = await reader.list('message', {
    where: { agent: name, state: 'queued' },
    orderBy: 'position',
    after: agent.cursor,
    limit: 1,
  })
  const place = next === undefined ? undefined : placeOf(environment, next)
  if (next === undefined || place === undefined) return undefined
  if (onlyItems === true && next.itemAttempt === null) return undefined
  const prompt = await unpackText(reader, next.prompt)
  const suspended = next.turn === null ? place.suspended : undefined
  const estimate = await reader.get('ledger', estimateScope({ agent: name, profile: agent.profile }))
  return {
    agent,
    next,
    place,
    previous: next.turn === null ? suspended?.turn : await reader.get('turn', next.turn),
    isSuspended: suspended !== undefined,
    asked: suspended?.prompt ?? prompt,
    definition: await definitions.read(reader, agent.definition),
    prompt,
    funds: await loadFunds(reader, name),
    recentMicros: estimate?.recentMicros ?? [],
    account: await reader.get('account', agent.account),
    circuits: await loadCircuits(reader, agent),
  }
}
