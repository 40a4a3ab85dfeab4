/** What every part of a running team works with. */
import type { AgentBackend } from '../agent-backend.ts'
import type { AgentDefinition } from '../agents/definition.ts'
import type { LossReason } from '../agents/mailbox.ts'
import { toError } from '../errors.ts'
import type { Identity, NewEvent } from '../events.ts'
import type { StoredText } from '../json.ts'
import type { SessionRef, TurnRow } from '../tables.ts'
import type { Reader, Store, Transaction, TransactionResult } from '../store.ts'
import type { Clock } from '../time/clock.ts'
import type { EventFeed } from './feed.ts'

export interface TeamContext {
  readonly store: Store
  readonly clock: Clock
  /** The clock of heartbeats and looks around: in a user's program they do not keep the process alive. */
  readonly loops: Clock
  readonly feed: EventFeed
  /** Who posts and defines through this process. */
  readonly by: Identity
}

/** How a process is told from every other, given by the composition root. */
export interface ProcessIdentity {
  /** Machine, boot and pid namespace: pids are compared only where these are the same. */
  readonly machine: string
  readonly pid: number
  readonly pidStart: string
  /** Cheap: asked for every known host twice a second. */
  isAlive(pid: number, pidStart: string): boolean
}

/** Where the turns of an attempt at an item work. */
export interface AttemptPlace {
  readonly cwd: string
  /** Variables of its workspace, such as its free ports. */
  readonly env: Readonly<Record<string, string>>
  /** The conversation of the attempt, once it has one: a further round goes on in it. */
  session?: SessionRef | null
  /** Where the attempt goes on that was suspended: its first turn goes on in the conversation of this one. */
  readonly suspended?: SuspendedTurn
}

/** The last turn of an attempt that was suspended, and what it was asked. */
export interface SuspendedTurn {
  readonly turn: TurnRow
  readonly prompt: string
}

/** What a host does beside answering messages: it begins and ends with the host. */
export interface HostWork {
  open(): Promise<void>
  /** Takes nothing more. */
  stopAccepting(): void
  /** Resolves when what it runs has ended. */
  ended(): Promise<void>
  /** Ends what it runs, without settling it. */
  abandonAll(): void
  close(): void | Promise<void>
  readonly busy: boolean
  /** There is something to wait for, so that the host stays although it is idle. */
  readonly armed: boolean
}

/** Something that a host holds, such as attempts at items, and that is given back in the commit that gives up the host. */
export interface Holding {
  /** Reads what the host holds, and says purely what becomes of it. */
  load(reader: Reader, host: string): Promise<(reason: LossReason) => readonly NewEvent[]>
}

/** What a host runs agents with, given by the composition root. */
export interface HostEnvironment {
  readonly identity: ProcessIdentity
  /** The folder that agents work in. */
  readonly dir: string
  /** Backends by id. */
  backend(id: string): AgentBackend | undefined
  readonly backends: readonly string[]
  /** Ends what a dead host of this machine left running. */
  sweepHost(host: string): Promise<void>
  /** Ends what is left of a host of this process that has ended in order, and its guard. */
  releaseHost(host: string): Promise<void>
  /** The attempts at items that this host runs, by id. Their turns are nobody else's. */
  readonly attempts: Map<string, AttemptPlace>
  /** What a host holds beside its turns. */
  readonly holdings: readonly Holding[]
  /** Facts about the repository for the system prompt. */
  gitContext(dir: string): Promise<string>
  /** The variables of this process: agents get only those that they name. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** Runs a command and throws its refusal. */
export async function commit<Loaded>(
  store: Store,
  transaction: Transaction<Loaded>,
): Promise<Extract<TransactionResult<Loaded>, { ok: true }>> {
  const result = await store.transact(transaction)
  if (!result.ok) throw toError(result.refused)
  return result
}

/**
 * True while a host counts as one: what it starts is given up with it. A host that was frozen, and that others have given up,
 * starts nothing until its next sign of life has registered it again.
 */
export async function isRegistered(reader: Reader, host: string): Promise<boolean> {
  return (await reader.get('host', host)) !== undefined
}

/** The text itself, wherever it is kept. */
export async function unpackText(reader: Pick<Reader, 'blob'>, text: StoredText): Promise<string> {
  if (typeof text === 'string') return text
  return (await reader.blob(text.blob)) ?? text.head
}

/** The agent's own variables, and those of this process that it names. */
export function environmentOf(
  definition: AgentDefinition,
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name of definition.passEnv ?? []) {
    const value = own[name]
    if (value !== undefined) passed[name] = value
  }
  return { ...passed, ...definition.env }
}

/** Reads definitions by hash; they never change, so each is parsed once. */
export class DefinitionCache {
  readonly #byHash = new Map<string, AgentDefinition>()
  /** Enough for the distinct definitions of a large team; agents of one profile share one. */
  static readonly #LIMIT = 1000

  async read(reader: Pick<Reader, 'blob'>, hash: string): Promise<AgentDefinition> {
    const known = this.#byHash.get(hash)
    if (known !== undefined) return known
    const definition = JSON.parse((await reader.blob(hash)) as string) as AgentDefinition
    if (this.#byHash.size >= DefinitionCache.#LIMIT) this.#byHash.clear()
    this.#byHash.set(hash, definition)
    return definition
  }
}
