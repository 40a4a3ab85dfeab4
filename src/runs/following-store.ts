/**
 * The store of a workshop whose runs go on by themselves: whatever a command decides about items of runs, what follows in
 * the runs is decided and committed with it. Whoever settles an item knows nothing of it, and cannot forget it.
 */
import { AtelierError } from '../errors.ts'
import type { AtelierEvent, Identity, NewEvent } from '../events.ts'
import type { TransactionName } from '../failpoints.ts'
import type { Blob } from '../ids.ts'
import type {
  CommitListener,
  Decision,
  EventQuery,
  ListenOptions,
  OperationalChange,
  Reader,
  Store,
  Transaction,
  TransactionResult,
} from '../store.ts'
import type { Clock } from '../time/clock.ts'
import { mayBePart } from './parts.ts'

/** What runs make of events, in their commit. */
export interface Follower {
  /** Reads what the events rest on, and gives those that follow. */
  follow(reader: Reader, decided: Following, now: number, by: Identity): Promise<Following>
}

/** Events with the long texts that they refer to. */
export interface Following {
  readonly events: readonly NewEvent[]
  readonly blobs: readonly Blob[]
}

/** Commands that may settle items or answer requests; another one that does so is refused, as its run would stand still. */
const SETTLING: ReadonlySet<TransactionName> = new Set<TransactionName>([
  'inbox.change',
  'item.change',
  'item.settle',
  'turn.lose',
])

/** Commands of runs themselves, which see to what follows. */
const OWN: ReadonlySet<TransactionName> = new Set<TransactionName>(['run.change', 'run.start'])

/** What a command has loaded, and what follows from what it is going to decide. */
interface Followed<Loaded> {
  readonly loaded: Loaded
  readonly expected: string
  readonly following: Following
}

const NOTHING: Following = { events: [], blobs: [] }
const NOT_LOADED = new Error('What follows in runs is not loaded yet.')

/** True for an event from which something may follow in a run. */
function mayFollow({ type, data }: NewEvent): boolean {
  switch (type) {
    case 'item.done':
    case 'item.skipped':
    case 'item.failed':
    case 'item.cancelled':
      return mayBePart(data.item)
    case 'inbox.answered':
    case 'inbox.expired':
      return data.scope === 'run'
    default:
      return false
  }
}

export class FollowingStore implements Store {
  readonly #store: Store
  readonly #clock: Clock
  readonly #load: () => Promise<Follower>
  #follower: Follower | undefined

  /** @param load the follower, loaded when something may follow for the first time: most processes never need it */
  constructor(store: Store, clock: Clock, load: () => Promise<Follower>) {
    this.#store = store
    this.#clock = clock
    this.#load = load
  }

  async transact<Loaded>(transaction: Transaction<Loaded>): Promise<TransactionResult<Loaded>> {
    if (OWN.has(transaction.name)) return this.#store.transact(transaction)
    if (!SETTLING.has(transaction.name)) return this.#store.transact(unfollowed(transaction))
    const first = this.#store.transact(this.#followed(transaction))
    try {
      const result = await first
      return { ...result, loaded: result.loaded.loaded }
    } catch (error) {
      if (error !== NOT_LOADED) throw error
      this.#follower = await this.#load()
      return this.transact(transaction)
    }
  }

  #followed<Loaded>(transaction: Transaction<Loaded>): Transaction<Followed<Loaded>> {
    const { by } = transaction
    const clock = this.#clock
    const follower = this.#follower
    return {
      ...transaction,
      // A decision is pure and may run again, so that what it gives can be asked for before the time of the commit is known.
      async load(reader) {
        const loaded = await transaction.load(reader)
        const now = clock.now()
        const decided = transaction.decide(loaded, now)
        const events = 'refused' in decided ? [] : decided.events
        const blobs = [...(transaction.blobs ?? []), ...('refused' in decided ? [] : (decided.blobs ?? []))]
        if (!events.some(mayFollow)) return { loaded, expected: '', following: NOTHING }
        // Nothing was written yet, and nobody is to wait for the lock while it is loaded.
        if (follower === undefined) throw NOT_LOADED
        return {
          loaded,
          expected: keyOf(events),
          following: await follower.follow(reader, { events, blobs }, now, by),
        }
      },
      decide({ loaded, expected, following }, now): Decision {
        const decided = transaction.decide(loaded, now)
        if ('refused' in decided) return decided
        if (keyOf(decided.events) !== expected) throw unsteady(transaction.name)
        const { events, blobs } = following
        if (events.length === 0) return decided
        return {
          ...decided,
          events: [...decided.events, ...events],
          blobs: [...(decided.blobs ?? []), ...blobs],
        }
      },
    }
  }

  read<Result>(load: (reader: Reader) => Promise<Result>): Promise<Result> {
    return this.#store.read(load)
  }

  write(
    changes: readonly OperationalChange[],
    blobs?: readonly { hash: string; body: string }[],
  ): Promise<void> {
    return this.#store.write(changes, blobs)
  }

  events(query: EventQuery): Promise<readonly AtelierEvent[]> {
    return this.#store.events(query)
  }

  lastSeq(): Promise<number> {
    return this.#store.lastSeq()
  }

  onCommit(listener: CommitListener, options?: ListenOptions): () => void {
    return this.#store.onCommit(listener, options)
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}

function unfollowed<Loaded>(transaction: Transaction<Loaded>): Transaction<Loaded> {
  return {
    ...transaction,
    decide(loaded, now): Decision {
      const decided = transaction.decide(loaded, now)
      if ('events' in decided && decided.events.some(mayFollow))
        throw new Error(`The command ${transaction.name} settles items of runs; name it among those that do.`)
      return decided
    },
  }
}

/** What of a decision something follows from. */
function keyOf(events: readonly NewEvent[]): string {
  return events
    .filter(mayFollow)
    .map(({ type, data }) => `${type} ${'item' in data ? data.item : 'request' in data ? data.request : ''}`)
    .join('\n')
}

/** A deadline came between: nothing was written, and who asks again is answered by what holds now. */
function unsteady(name: TransactionName): AtelierError {
  return new AtelierError(
    'store_busy',
    `The command ${name} met a time at which its decision changes. Nothing was changed; do it again.`,
    { details: { command: name } },
  )
}
