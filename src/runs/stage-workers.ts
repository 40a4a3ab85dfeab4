/**
 * Does the items of runs that no board worker takes: those of the engine itself, and those of agents for whose type no worker
 * runs. Woken by the commit that makes an item ready; the interval is for workers that went away without a word.
 */
import type { AgentEvent } from '../agent-backend.ts'
import type { ItemDefinition, StageWork } from '../board/definition.ts'
import type { ItemRow } from '../board/item.ts'
import { isAtelierError } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import type { Reader } from '../store.ts'
import type { StartedTurn } from '../team/turn-start.ts'
import { repeat, type CancelTimer } from '../time/clock.ts'
import { DEFAULT_ROUTING, rankCandidates } from '../agents/routing.ts'
import { runAttempt } from '../workers/attempt.ts'
import { claimNext, type ClaimedItem } from '../workers/claims.ts'
import { reportProgress } from '../workers/commands.ts'
import type { WorkerContext } from '../workers/context.ts'
import { isAble, wantedOf } from '../workers/eligible.ts'
import { LongWaits } from '../workers/long-waits.ts'
import { ProgressReader } from '../workers/progress.ts'
import { definitionOf } from '../workers/rows.ts'
import { staffedTypes } from '../workers/staff.ts'
import { engineType, NOOP_TYPE } from './definitions.ts'
import { settleNoops } from './noops.ts'
import { ENGINE_OWNER, mayBePart } from './parts.ts'

/** How often items are looked at that no event announced again. */
const INTERVAL_MS = 15_000
/** An agent that cannot be made here yet, as its profile or backend is not known, is tried again after this, then more rarely. */
const FIRST_PAUSE_MS = 100
/** Commands, functions and merges at the same time. */
const ENGINE_LIMIT = 8
/** Agents that are made from one profile for items that name only the profile. */
const AGENTS_OF_PROFILE = 8

export interface StageWorkersContext extends WorkerContext {
  /** The backends that this host has. */
  readonly backends: readonly string[]
  /** The functions that it has. */
  readonly functions: ReadonlyMap<string, unknown>
}

interface Running {
  readonly owner: string
  readonly controller: AbortController
  readonly ended: Promise<void>
  readonly progress: ProgressReader
}

/** A ready item that nobody else takes. */
interface Found {
  readonly item: ItemRow
  readonly definition: ItemDefinition
  /** Agents that have the capability that it asks for, the best one first. */
  readonly able: readonly string[]
}

/** An item, and who may do it here: the first of them that is free. */
interface Waiting {
  readonly item: ItemRow
  readonly owners: readonly string[]
  readonly profile: string | null
  readonly work: StageWork
}

export class StageWorkers {
  readonly #context: StageWorkersContext
  /** Items that were ready when they were seen, in that order. */
  readonly #seen = new Set<string>()
  /** Items that do nothing, from when they are posted until they are ready: nothing is read of them before they are settled. */
  readonly #noops = new Set<string>()
  readonly #running = new Map<string, Running>()
  readonly #waits: LongWaits
  #accepting = false
  #abandoned = false
  #looking: Promise<void> | undefined
  #again = false
  #unsubscribe: () => void = () => {}
  #stopTimer: CancelTimer = () => {}
  #stopPause: CancelTimer = () => {}
  #pauseMs = FIRST_PAUSE_MS

  constructor(context: StageWorkersContext) {
    this.#context = context
    this.#waits = new LongWaits(context.team, context)
  }

  async open(): Promise<void> {
    const { team } = this.#context
    this.#accepting = true
    this.#unsubscribe = team.feed.subscribe((event) => this.#observe(event), true)
    this.#stopTimer = repeat(team.loops, INTERVAL_MS, () => this.#scan())
    await this.#scan()
  }

  get busy(): boolean {
    return this.#running.size > 0 || this.#looking !== undefined
  }

  /** Agents that have items of runs now. */
  get capacity(): number {
    return [...this.#running.values()].filter(({ owner }) => owner !== ENGINE_OWNER).length
  }

  stopAccepting(): void {
    this.#accepting = false
    this.#stopTimer()
    this.#stopPause()
  }

  async ended(): Promise<void> {
    for (;;) {
      const pending = [...this.#running.values()].map(({ ended }) => ended)
      if (this.#looking !== undefined) pending.push(this.#looking)
      if (pending.length === 0) return
      await Promise.allSettled(pending)
    }
  }

  abandonAll(): void {
    this.#abandoned = true
    for (const { controller } of this.#running.values()) controller.abort()
  }

  close(): void {
    this.stopAccepting()
    this.#unsubscribe()
  }

  /** Told of what happens in turns of this host. */
  activity({ message }: StartedTurn, event: AgentEvent): void {
    if (message.itemAttempt !== null) this.#running.get(message.itemAttempt)?.progress.read(event)
  }

  #observe(event: AtelierEvent): void {
    this.#waits.observe(event)
    switch (event.type) {
      case 'item.posted':
        if (event.data.kind === NOOP_TYPE) this.#noops.add(event.data.item)
        return
      case 'item.cancelled':
      case 'item.skipped':
        this.#noops.delete(event.data.item)
        return
      case 'item.readied':
        if (!mayBePart(event.data.item)) return
        this.#seen.add(event.data.item)
        return this.#look()
      case 'attempt.ended':
        if (event.data.outcome !== 'done' && event.data.outcome !== 'failed')
          this.#running.get(event.data.attempt)?.controller.abort()
        return
      case 'agent.created':
      case 'profile.defined':
        if (this.#pauseMs === FIRST_PAUSE_MS) return
        this.#pauseMs = FIRST_PAUSE_MS
        void this.#scan()
        return
      case 'host.lost':
      case 'host.stopped':
        void this.#scan()
        return
      default:
        return
    }
  }

  /** Looks for all that is ready. */
  async #scan(): Promise<void> {
    try {
      const ready = await this.#context.team.store.read((reader) =>
        reader.list('item', { where: { state: 'ready' } }),
      )
      for (const { id, run } of ready) if (run !== null) this.#seen.add(id)
      this.#look()
    } catch (error) {
      this.#context.onError(error)
    }
  }

  #look(): void {
    if (!this.#accepting || this.#seen.size === 0) return
    if (this.#looking !== undefined) {
      this.#again = true
      return
    }
    this.#looking = this.#serve()
      .catch(this.#context.onError)
      .finally(() => {
        this.#looking = undefined
        if (!this.#again) return
        this.#again = false
        this.#look()
      })
  }

  async #serve(): Promise<void> {
    const { team, host } = this.#context
    const noops = [...this.#seen].filter((id) => this.#noops.delete(id))
    for (const id of noops) this.#seen.delete(id)
    if (noops.length > 0) await settleNoops(team, host, noops)
    // Those that follow from these are settled when the others have had their turn.
    const ids = [...this.#seen].filter((id) => !this.#noops.has(id))
    if (ids.length === 0 || !this.#accepting) return
    const found = await team.store.read(async (reader) => {
      const staffed = await staffedTypes(reader)
      const rows: Found[] = []
      for (const id of ids) {
        const item = await reader.get('item', id)
        if (item?.state !== 'ready' || item.run === null || staffed.has(item.type)) continue
        rows.push({
          item,
          definition: await definitionOf(reader, item),
          able: item.capability === null ? [] : await this.#ableTo(reader, item),
        })
      }
      return rows
    })
    for (const id of ids) this.#seen.delete(id)
    const idle = found.filter(({ item }) => item.type === NOOP_TYPE)
    if (idle.length > 0 && this.#accepting)
      await settleNoops(
        team,
        host,
        idle.map(({ item }) => item.id),
      )
    for (const each of found) {
      const { item, definition } = each
      const { work } = definition
      if (work === undefined || work.doer.by === 'noop') continue
      const waiting = this.#ownersOf(each, work)
      if (waiting !== undefined && !(await this.#begin(waiting))) this.#seen.add(item.id)
    }
  }

  /** The agents that can do what an item asks for and that nobody named, the most expert one first. */
  async #ableTo(reader: Reader, item: ItemRow): Promise<readonly string[]> {
    const able: Parameters<typeof rankCandidates>[1][number][] = []
    for (const { name, profile, capabilities } of await reader.list('agent', {
      where: { state: 'active' },
    })) {
      const canHandle = this.#context.canHandleOf(name, profile)
      if (await isAble(reader, item, { skills: capabilities, canHandle }))
        able.push({ agent: name, status: 'idle', capabilities })
    }
    return rankCandidates(wantedOf(item), able, 'least_loaded').map(({ agent }) => agent)
  }

  #ownersOf({ item, definition: { agent }, able }: Found, work: StageWork): Waiting | undefined {
    const { doer } = work
    if (doer.by === 'fn' && !this.#context.functions.has(doer.fn)) return undefined
    if (engineType(doer) !== null) return { item, owners: [ENGINE_OWNER], profile: null, work }
    const named = doer.by === 'agent' ? doer : { agent: null, profile: null }
    if (named.agent !== null)
      return { item, owners: [named.agent], profile: named.profile ?? named.agent, work }
    const { profile } = named
    if (profile === null && item.capability !== null) return { item, owners: able, profile: null, work }
    if (profile === null) return agent === null ? undefined : { item, owners: [agent], profile: agent, work }
    const owners = Array.from({ length: AGENTS_OF_PROFILE }, (_, index) =>
      index === 0 ? profile : `${profile}.${index + 1}`,
    )
    return { item, owners, profile, work }
  }

  /** False where nobody who may do it is free here. */
  async #begin(waiting: Waiting): Promise<boolean> {
    const owner = waiting.owners.find((each) => this.#isFree(each))
    if (owner === undefined || !this.#accepting) return false
    const { team, host } = this.#context
    if (owner !== ENGINE_OWNER && !(await this.#has(owner, waiting.profile))) {
      this.#scanLater()
      return true
    }
    const { id, type } = waiting.item
    const { canHandleOf } = this.#context
    const claimed = await claimNext(team, {
      ...{ type, agent: owner, host, only: id },
      ...{ routing: DEFAULT_ROUTING, canHandleOf },
    })
    if (claimed !== undefined) this.#run(claimed, waiting.work)
    return true
  }

  #scanLater(): void {
    this.#stopPause()
    this.#stopPause = this.#context.team.loops.after(this.#pauseMs, () => void this.#scan())
    this.#pauseMs = Math.min(INTERVAL_MS, this.#pauseMs * 2)
  }

  #isFree(owner: string): boolean {
    const running = [...this.#running.values()].filter((each) => each.owner === owner).length
    return running < (owner === ENGINE_OWNER ? ENGINE_LIMIT : 1)
  }

  /** Makes the agent where there is none yet; false where another host has to run it. */
  async #has(agent: string, profile: string | null): Promise<boolean> {
    const { team, standIn, backends } = this.#context
    const row = await team.store.read((reader) => reader.get('agent', agent))
    if (row?.state === 'active') return backends.includes(row.backend)
    try {
      await standIn(agent, profile ?? agent)
      return true
    } catch (error) {
      // Another host may know the profile and the backend, or this one in a moment: its program has just begun.
      if (
        isAtelierError(error, 'not_found') ||
        isAtelierError(error, 'invalid_config') ||
        isAtelierError(error, 'unsupported')
      )
        return false
      throw error
    }
  }

  #run(claimed: ClaimedItem, work: StageWork): void {
    const { attempt, owner, item } = claimed
    const controller = new AbortController()
    // The host ended meanwhile, and has given the item back.
    if (this.#abandoned) controller.abort()
    const done = (): void => {
      if (!this.#running.delete(attempt)) return
      this.#look()
    }
    const ended = runAttempt(this.#context, {
      claimed,
      agent: owner,
      worktree: work.worktree,
      signal: controller.signal,
      onFree: () => {},
      waits: this.#waits,
    })
      .catch(this.#context.onError)
      .finally(done)
    const progress = new ProgressReader((report) => {
      reportProgress(this.#context.team, item.id, attempt, report).catch(() => {})
    })
    this.#running.set(attempt, { owner: claimed.owner, controller, ended, progress })
  }
}
