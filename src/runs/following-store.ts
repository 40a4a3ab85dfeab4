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

/** What runs make of events, in their commit. */
export interface Follower {
  /** True for an event from which something follows in a run. */
  follows(event: NewEvent): boolean
  /** Reads what the events rest on, and gives those that follow. */
  follow(reader: Reader, events: readonly NewEvent[], now: number, by: Identity): Promise<Following>
}

/** What follows in runs, with the long texts of it. */
export interface Following {
  readonly events: readonly NewEvent[]
  readonly blobs: readonly Blob[]
}

/** Commands that may settle items or answer requests. */
const SETTLING: ReadonlySet<TransactionName> = new Set<TransactionName>([
  'inbox.change',
  'item.change',
  'item.settle',
  'turn.lose',
])

/** What a command has loaded, and what follows from what it is going to decide. */
interface Followed<Loaded> {
  readonly loaded: Loaded
  readonly expected: string
  readonly following: Following
}

const NOTHING: Following = { events: [], blobs: [] }

export class FollowingStore implements Store {
  readonly #store: Store
  readonly #clock: Clock
  readonly #follower: Follower

  constructor(store: Store, clock: Clock, follower: Follower) {
    this.#store = store
    this.#clock = clock
    this.#follower = follower
  }

  async transact<Loaded>(transaction: Transaction<Loaded>): Promise<TransactionResult<Loaded>> {
    if (!SETTLING.has(transaction.name)) return this.#store.transact(transaction)
    const result = await this.#store.transact(this.#followed(transaction))
    return { ...result, loaded: result.loaded.loaded }
  }

  #followed<Loaded>(transaction: Transaction<Loaded>): Transaction<Followed<Loaded>> {
    const follower = this.#follower
    const { by } = transaction
    const clock = this.#clock
    return {
      ...transaction,
      // A decision is pure and may run again, so that what it gives can be asked for before the time of the commit is known.
      async load(reader) {
        const loaded = await transaction.load(reader)
        const now = clock.now()
        const decided = transaction.decide(loaded, now)
        const events = 'refused' in decided ? [] : decided.events
        if (!events.some((event) => follower.follows(event)))
          return { loaded, expected: '', following: NOTHING }
        const following = await follower.follow(reader, events, now, by)
        return { loaded, expected: keyOf(events, follower), following }
      },
      decide({ loaded, expected, following }, now): Decision {
        const decided = transaction.decide(loaded, now)
        if ('refused' in decided) return decided
        if (keyOf(decided.events, follower) !== expected) throw unsteady(transaction.name)
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

/** What of a decision something follows from. */
function keyOf(events: readonly NewEvent[], follower: Follower): string {
  return events
    .filter((event) => follower.follows(event))
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
