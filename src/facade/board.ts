/** The board as users call it. */
import { parseWork, type WorkInput } from '../board/definition-schema.ts'
import { AtelierError, errorData, type ErrorData } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import { canonicalJson } from '../json.ts'
import type { TeamContext } from '../team/context.ts'
import { parseDuration } from '../time/duration.ts'
import { cancelItem, postItems, retryItem, skipItem, type NewItem } from '../workers/commands.ts'
import {
  claimOutside,
  claimTimer,
  expireClaims,
  extendOutside,
  failOutside,
  releaseOutside,
  startOutside,
} from '../workers/external.ts'
import { clearItems, removeItem } from '../workers/removal.ts'
import { finishOutside, submissionSettled } from '../workers/submitting.ts'
import { viewLine, type BoardSource } from '../workers/views.ts'
import type { ItemLine } from '../workers/view-types.ts'
import type {
  BoardMembers,
  CompleteOptions,
  PendingWork,
  PostedItem,
  PostOptions,
  WorkItem,
  WorkOptions,
} from './board-contract.ts'
import type { WaitOptions, WorkshopViews } from './contract.ts'

/** Awaitable like a promise; a rejection nobody asks for is not an unhandled one. */
class WorkPromise<Posted> implements PendingWork<Posted> {
  readonly ids: readonly string[]
  readonly stored: Promise<void>
  readonly #posted: Promise<Posted>

  constructor(ids: readonly string[], posted: Promise<Posted>) {
    this.ids = ids
    this.#posted = posted
    this.stored = posted.then(() => {})
    this.stored.catch(() => {})
  }

  // oxlint-disable-next-line unicorn/no-thenable -- posted work is awaited by design; what it gives is not thenable
  then<A = Posted, B = never>(
    onFulfilled?: ((posted: Posted) => A | PromiseLike<A>) | null,
    onRejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#posted.then(onFulfilled, onRejected)
  }
}

export interface BoardParts {
  readonly team: TeamContext
  /** The project folder. */
  readonly dir: string
  readonly source: BoardSource
  readonly views: WorkshopViews
  /** Throws where the workshop is closed. */
  readonly open: () => void
}

/** The members of a workshop that are about its board. */
export function createBoard({ team, dir, source, views, open }: BoardParts): BoardMembers {
  /** Posts that are not stored yet: waits begin behind them. */
  const posting = new Set<Promise<unknown>>()

  function post(
    items: readonly WorkInput[],
    { replace = false }: PostOptions,
  ): Promise<readonly PostedItem[]> {
    open()
    const now = team.clock.now()
    const batch = items.map((item) => newItem(item, now))
    const posted = postItems(team, batch, { replace }).then((events) =>
      batch.map(({ id }) => ({ id, status: statusAfter(events, id) })),
    )
    const tracked = posted.catch(() => {}).then(() => void posting.delete(tracked))
    posting.add(tracked)
    return posted
  }

  function work(id: string, title: string, options?: WorkOptions): PendingWork<PostedItem>
  function work(items: readonly WorkItem[], options?: PostOptions): PendingWork<readonly PostedItem[]>
  function work(
    first: string | readonly WorkItem[],
    second: string | PostOptions = {},
    third: WorkOptions = {},
  ): PendingWork<PostedItem> | PendingWork<readonly PostedItem[]> {
    if (typeof first !== 'string' && typeof second !== 'string') {
      const items = parseBatch(first)
      const posted = post(items, second)
      return new WorkPromise<readonly PostedItem[]>(
        items.map(({ id }) => id),
        posted,
      )
    }
    const { replace, ...options } = third
    const item = { ...options, id: first, title: second } as WorkInput
    const posted = post([item], { replace })
    return new WorkPromise<PostedItem>(
      [item.id],
      posted.then(([only]) => only as PostedItem),
    )
  }

  /** Runs a command and gives the item as it is then. */
  async function on(id: string, command: Promise<unknown>): Promise<ItemLine> {
    await command
    return viewLine(source, id)
  }

  async function complete(id: string, result: string | null, options: CompleteOptions): Promise<void> {
    const { as: agent, branch, commit, wait = false, timeout, signal } = options
    if (branch !== undefined && commit !== undefined) throw twoRevisions()
    const revision = branch === undefined ? commit : `refs/heads/${branch}`
    const attempt = await finishOutside(team, dir, id, { result, agent, revision })
    if (attempt === undefined || !wait) return
    const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, 'timeout')
    await submissionSettled(team, attempt, {
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(signal === undefined ? {} : { signal }),
    })
  }

  return {
    ...views,
    work,
    async workFromResult(agent, id, { title = `From ${agent} result`, ...options } = {}) {
      const spec = await views.result(agent)
      return work(id, title, { ...options, spec })
    },
    async board(filter) {
      await expireClaims(team)
      return views.board(filter)
    },
    async boardSettled(options: WaitOptions = {}) {
      await Promise.all(posting)
      // Who claimed an item and went away would keep the wait from its end.
      const claims = claimTimer(team, () => {})
      try {
        await claims.open()
        return await views.boardSettled(options)
      } finally {
        claims.close()
      }
    },
    claim: (id, agent) => claimOutside(team, id, agent),
    start: (id, { as } = {}) => on(id, startOutside(team, id, as)),
    complete: (id, result, options = {}) => on(id, complete(id, result ?? null, options)),
    fail: (id, error, { as } = {}) =>
      on(id, failOutside(team, id, { error: failure(error, as ?? team.by.actor, id), agent: as })),
    release: (id, { as } = {}) => on(id, releaseOutside(team, id, as)),
    extend: async (id, duration, { as } = {}) =>
      extendOutside(team, id, { ms: parseDuration(duration, 'duration'), agent: as }),
    cancel: (id, reason = `Cancelled by ${team.by.actor}.`) => on(id, cancelItem(team, id, reason)),
    retry: (id) => on(id, retryItem(team, id)),
    skip: (id, reason = `Skipped by ${team.by.actor}.`) => on(id, skipItem(team, id, reason)),
    removeItem: (id) => removeItem(team, id),
    clearBoard: () => clearItems(team),
  }
}

function newItem(input: WorkInput, now: number): NewItem {
  const {
    post: { due, ...post },
    definition,
  } = parseWork(input)
  const deadline = due === null ? null : 'at' in due ? due.at : now + due.afterMs
  return { ...post, deadline, definition: canonicalJson(definition) }
}

function twoRevisions(): AtelierError {
  return new AtelierError('invalid_input', 'Name the branch or the commit that holds the work, not both.', {
    details: { field: 'commit' },
  })
}

function parseBatch(items: unknown): readonly WorkInput[] {
  if (Array.isArray(items) && items.length > 0) return items as readonly WorkInput[]
  throw new AtelierError(
    'invalid_input',
    'A batch is a list of at least one item, each with an id and a title, such as [{ id: "auth", title: "Implement auth" }].',
    { details: { field: 'items' } },
  )
}

/** What follows the posting of an item in its commit says how it stands. */
function statusAfter(events: readonly AtelierEvent[], id: string): PostedItem['status'] {
  const about = events.filter((event) => 'item' in event.data && event.data.item === id)
  if (about.some(({ type }) => type === 'item.readied')) return 'ready'
  return about.some(({ type }) => type === 'item.blocked') ? 'blocked' : 'new'
}

function failure(message: string | undefined, by: string, item: string): ErrorData {
  return errorData('turn_failed', message ?? `${by} says that it failed.`, { item, by })
}
