/** Which conversation a stage goes on in that says `session: continue`. */
import { FAILURES } from '../agents/failures.ts'
import type { Reader } from '../store.ts'
import type { AgentRow, SessionRef } from '../tables.ts'
import type { ClaimedItem } from './claims.ts'
import type { WorkerContext } from './context.ts'

/** As many of an agent's last messages are looked through for those of the run. */
const LOOKED_BACK_MESSAGES = 50

/** Comes before the prompt where the conversation was held in another folder, of which its paths speak. */
const MOVED_NOTE =
  'You work in another folder now than before in this conversation. What was done there for this is in the folder that you are in: ' +
  'use its paths, and nothing of the old one.'

export interface Conversation {
  readonly session: SessionRef
  /** What it is told first; null where it stands as it stood. */
  readonly note: string | null
}

/**
 * The last conversation that the agent had in the run of the item, be it in an earlier round, try or stage; else that in which
 * it is asked directly, where that is held in the same folder. Undefined where there is none to go on with.
 */
export async function conversationOf(
  { team, dir }: Pick<WorkerContext, 'team' | 'dir'>,
  { item }: ClaimedItem,
  { agent: name, cwd }: { readonly agent: string; readonly cwd: string },
): Promise<Conversation | undefined> {
  const session = await team.store.read(async (reader) => {
    const agent = await reader.get('agent', name)
    if (agent === undefined || item.run === null) return undefined
    const inRun = await sessionInRun(reader, agent, rootOf(item.run))
    if (inRun === 'lost') return undefined
    if (inRun !== undefined) return inRun
    return agent.session?.cwd === cwd && agent.session.backend === agent.backend ? agent.session : undefined
  })
  if (session === undefined) return undefined
  if (session.cwd === cwd) return { session, note: null }
  // What was held in the project folder knows the paths of files that are not to be touched from a worktree.
  return session.cwd === dir ? undefined : { session, note: MOVED_NOTE }
}

async function sessionInRun(
  reader: Reader,
  { name, generation, backend }: AgentRow,
  root: string,
): Promise<SessionRef | 'lost' | undefined> {
  const messages = await reader.list('message', {
    where: { agent: name },
    orderBy: 'position',
    direction: 'desc',
    limit: LOOKED_BACK_MESSAGES,
  })
  for (const { itemAttempt, generation: of, turn: id } of messages) {
    if (itemAttempt === null || of !== generation || id === null) continue
    const run = await runOfAttempt(reader, itemAttempt)
    const turn = run === root ? await reader.get('turn', id) : undefined
    if (turn?.state === 'failed' && turn.failure !== null && !FAILURES[turn.failure.kind].keepsSession)
      return 'lost'
    if (turn?.state === 'completed') return turn.session?.backend === backend ? turn.session : undefined
  }
  return undefined
}

async function runOfAttempt(reader: Reader, id: string): Promise<string | undefined> {
  const attempt = await reader.get('attempt', id)
  const item = attempt === undefined ? undefined : await reader.get('item', attempt.item)
  return item?.run == null ? undefined : rootOf(item.run)
}

/** Runs within a run have its id before theirs: a loop's or a map's own stages are of the same conversation. */
function rootOf(run: string): string {
  return run.split('/', 1)[0] as string
}
