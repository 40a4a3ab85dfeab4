/**
 * Verifies and merges what people and programs outside of every host say they have finished: any host does, and each piece
 * of work is with one of them. What a host was at when it died, another begins anew.
 */
import type { AttemptRow, ItemRow } from '../board/item.ts'
import type { ItemDefinition } from '../board/definition.ts'
import type { HoldReason } from '../board/merge.ts'
import type { Decided } from '../board/posting.ts'
import { decideDone, decideReturn } from '../board/settling.ts'
import { decideRefuseSubmission, decideVerify } from '../board/submitting.ts'
import { errorData, isAtelierError, messageOf, type ErrorData } from '../errors.ts'
import { isAncestor, refValue, treeOf } from '../git/refs.ts'
import { baseFor } from '../integration/base.ts'
import { advanceChange } from '../integration/changes.ts'
import { mergeSettled, requestMerge } from '../integration/requests.ts'
import { verifyCommit } from '../integration/verifying.ts'
import type { Decision } from '../store.ts'
import type { LeaseRow } from '../tables.ts'
import { commit, isRegistered } from '../team/context.ts'
import { verifyIn } from './bring-in.ts'
import { reportPhase } from './commands.ts'
import type { WorkerContext } from './context.ts'
import { CLAIM_MS } from './external.ts'
import { commitItems } from './inbox.ts'
import { definitionOf, dependentRows, unknownItem } from './rows.ts'

/** What became of what was submitted. */
type Verdict =
  | { readonly is: 'holds'; readonly commit: string | null }
  | { readonly is: 'refused'; readonly error: ErrorData }
  | { readonly is: 'held'; readonly reason: HoldReason }

interface Submitted {
  readonly attempt: AttemptRow
  readonly item: ItemRow
  readonly definition: ItemDefinition
}

export class Submissions {
  readonly #context: WorkerContext
  readonly #running = new Map<string, Promise<void>>()
  readonly #controller = new AbortController()
  #unsubscribe: () => void = () => {}
  #accepting = true

  constructor(context: WorkerContext) {
    this.#context = context
  }

  /** Takes what nobody verifies, and listens from now on. */
  async open(): Promise<void> {
    this.#unsubscribe = this.#context.team.feed.subscribe(({ type, data }) => {
      if (type === 'attempt.submitted' || (type === 'attempt.verifying' && data.host === null))
        this.#look(data.attempt)
    })
    const running = await this.#context.team.store.read((reader) =>
      reader.list('attempt', { where: { state: 'running' } }),
    )
    for (const { id, submission, verifier } of running)
      if (submission !== null && verifier === null) this.#look(id)
  }

  get busy(): boolean {
    return this.#running.size > 0
  }

  get running(): readonly Promise<void>[] {
    return [...this.#running.values()]
  }

  stopAccepting(): void {
    this.#accepting = false
  }

  /** Ends what runs, without settling it: another host takes it. */
  abandonAll(): void {
    this.#controller.abort()
  }

  close(): void {
    this.#accepting = false
    this.#unsubscribe()
  }

  #look(attempt: string): void {
    if (!this.#accepting || this.#running.has(attempt)) return
    const run = this.#run(attempt)
      .catch(this.#context.onError)
      .finally(() => this.#running.delete(attempt))
    this.#running.set(attempt, run)
  }

  async #run(attempt: string): Promise<void> {
    const submitted = await this.#take(attempt)
    if (submitted === undefined) return
    const verdict = await this.#verdict(submitted)
    if (this.#controller.signal.aborted) return
    try {
      await this.#settle(submitted, verdict)
    } catch (error) {
      // It was cancelled, or given back, meanwhile.
      if (!isAtelierError(error, 'stale_claim') && !isAtelierError(error, 'invalid_transition')) throw error
    }
  }

  async #take(id: string): Promise<Submitted | undefined> {
    const { team, host } = this.#context
    const { events, loaded } = await commit(team.store, {
      name: 'item.report',
      keys: ['board'],
      by: { actor: host, via: 'host' },
      async load(reader) {
        const attempt = (await isRegistered(reader, host)) ? await reader.get('attempt', id) : undefined
        const item = attempt && (await reader.get('item', attempt.item))
        if (attempt === undefined || item === undefined) return undefined
        return { attempt, item, definition: await definitionOf(reader, item) }
      },
      decide: (found): Decided => ({ events: found === undefined ? [] : decideVerify(found.attempt, host) }),
    })
    return events.length === 0 ? undefined : loaded
  }

  /** Whatever breaks is told to who claimed the item, who may complete it again. */
  async #verdict(submitted: Submitted): Promise<Verdict> {
    try {
      return (await this.#verify(submitted)) ?? (await this.#merge(submitted))
    } catch (error) {
      const data = isAtelierError(error)
        ? error.toJSON()
        : errorData('workspace_failed', `The work could not be verified: ${messageOf(error)}`)
      return { is: 'refused', error: data }
    }
  }

  /** Undefined where it is green. */
  async #verify({ attempt, item, definition }: Submitted): Promise<Verdict | undefined> {
    const { dir } = this.#context
    const { signal } = this.#controller
    const head = attempt.submission?.head ?? null
    const { verify: commands } = definition
    const place = { cwd: dir, env: {} }
    const error =
      head === null
        ? await verifyIn(this.#context, { attempt: attempt.id, definition, signal }, place)
        : await verifyCommit(
            this.#context,
            { commit: head, of: { ...item, id: attempt.id, item: item.id }, commands },
            signal,
          )
    return error === undefined ? undefined : { is: 'refused', error }
  }

  async #merge({ attempt, item, definition }: Submitted): Promise<Verdict> {
    const { team, dir } = this.#context
    const head = attempt.submission?.head ?? null
    if (head === null || definition.access === 'read') return { is: 'holds', commit: null }
    const place = { dir }
    const { target, from } = await baseFor(team, place, item)
    if (target === null) return { is: 'holds', commit: null }
    const tip = await refValue(place, target)
    if (tip !== undefined && (await isAncestor(place, head, tip))) return { is: 'holds', commit: head }
    const about = { change: item.change, item: item.id, attempt: attempt.id, head, target }
    await advanceChange(team, place, { ...about, from, tree: await treeOf(place, head), base: tip ?? null })
    await reportPhase(team, item.id, attempt.id, 'merging')
    const { title } = item
    const { merge: mode, verify } = definition
    const id = await requestMerge(team, { ...about, title, mode, verified: verify.length > 0 })
    const settled = await mergeSettled(team, id, this.#controller.signal)
    switch (settled.state) {
      case 'merged':
        return { is: 'holds', commit: settled.commit }
      case 'rejected':
        return { is: 'refused', error: settled.error }
      case 'held':
        return { is: 'held', reason: settled.reason }
    }
  }

  async #settle(
    { attempt: { id }, item: { id: item }, definition }: Submitted,
    verdict: Verdict,
  ): Promise<void> {
    const { team } = this.#context
    await commitItems(team.store, {
      name: verdict.is === 'refused' ? 'item.submit' : 'item.settle',
      keys: ['board'],
      by: team.by,
      load: async (reader) => ({
        row: await reader.get('item', item),
        attempt: await reader.get('attempt', id),
        dependents: await dependentRows(reader, item),
        lease: await reader.get('lease', item),
      }),
      decide({ row, attempt, dependents, lease }, now): Decision {
        if (row === undefined || attempt === undefined) return { refused: unknownItem(item, []) }
        const result = attempt.submission?.result ?? null
        switch (verdict.is) {
          case 'holds': {
            const verified = definition.verify.length > 0
            return decideDone(row, { attempt: id, result, verified, commit: verdict.commit }, dependents)
          }
          case 'held': {
            const waiting = { for: 'merge', reason: verdict.reason } as const
            return decideReturn(row, id, { outcome: 'parked', waiting, result })
          }
          case 'refused': {
            const decided = decideRefuseSubmission(row, attempt, verdict.error)
            if ('refused' in decided) return decided
            // Its time did not run while others had it.
            const actor = lease?.attempt === id ? lease.actor : attempt.owner
            const kept: LeaseRow = { item, attempt: id, actor, expiresAt: now + CLAIM_MS }
            return { ...decided, rows: [{ table: 'lease', put: kept }] }
          }
        }
      },
    })
  }
}
