/**
 * The store seam: one transaction rule for everything durable. A command loads rows, decides
 * purely, and the events of the decision are committed together with the rows they change.
 */
import type { ErrorData } from './errors.ts'
import type { AtelierEvent, EventType, Identity, NewEvent } from './events.ts'
import type { TransactionName } from './failpoints.ts'
import type { OperationalTable, RowChange, RowLookup, RowRef, TableName, Tables } from './tables.ts'

export type { RowChange, RowLookup, RowRef }

export type RowOf<T extends TableName> = Tables[T]

/** The value of a row's key column, or of all of them in order. */
export type RowKey = string | readonly (string | number)[]

/** Which rows to list: equal in `where`, beyond `after` in `orderBy`, in order, at most `limit`. */
export interface RowQuery<Row> {
  readonly where?: Partial<Row>
  readonly orderBy?: keyof Row & string
  readonly direction?: 'asc' | 'desc'
  /** Only rows whose `orderBy` column lies beyond this value in the direction of the order. */
  readonly after?: string | number
  readonly limit?: number
}

/** Reads one consistent state. */
export interface Reader {
  get<T extends TableName>(table: T, key: RowKey): Promise<RowOf<T> | undefined>
  /** Rows in order of `orderBy`, else of their key. */
  list<T extends TableName>(table: T, query?: RowQuery<RowOf<T>>): Promise<readonly RowOf<T>[]>
  /** One column of the rows that `list` gives for the query: where little is wanted of many. */
  values<T extends TableName, C extends keyof RowOf<T> & string>(
    table: T,
    column: C,
    query?: RowQuery<RowOf<T>>,
  ): Promise<readonly RowOf<T>[C][]>
  /** The text of a blob. */
  blob(hash: string): Promise<string | undefined>
}

/** A direct write to an operational table: a whole row, or the key of one to remove. */
export type OperationalChange = {
  readonly [T in OperationalTable]:
    | { readonly table: T; readonly put: RowOf<T> }
    | { readonly table: T; readonly remove: RowKey }
}[OperationalTable]

/** What a command decided. Nothing is written where it was refused. */
export type Decision =
  | {
      readonly events: readonly NewEvent[]
      /** Operational rows to write in the same commit. */
      readonly rows?: readonly OperationalChange[]
      /** Long texts that the events refer to, where they were not known before. */
      readonly blobs?: readonly { readonly hash: string; readonly body: string }[]
    }
  | { readonly refused: ErrorData }

export interface Transaction<Loaded> {
  /** Names the command for failpoints and errors. */
  readonly name: TransactionName
  /** What the command must have to itself, such as `agent:impl`: locks where the store has several writers. */
  readonly keys: readonly string[]
  readonly by: Identity
  /** Long texts that the events refer to. */
  readonly blobs?: readonly { readonly hash: string; readonly body: string }[]
  /** Awaits nothing but `reader`. May run again. */
  load(reader: Reader): Promise<Loaded>
  /** Pure. May run again after a busy or serialisation failure. `now` is the store's time. */
  decide(loaded: Loaded, now: number): Decision
}

export type TransactionResult<Loaded> =
  | { readonly ok: true; readonly events: readonly AtelierEvent[]; readonly loaded: Loaded }
  | { readonly ok: false; readonly refused: ErrorData; readonly loaded: Loaded }

/** Which events to read: beyond `after` in order of commit, or the `last` ones. */
export interface EventQuery {
  readonly after?: number
  readonly last?: number
  readonly limit?: number
  readonly types?: readonly EventType[]
}

/**
 * Told of commits. Events that this process committed are handed over, before their command is
 * answered; `undefined` says that another process committed something: `events()` has what is new,
 * own events that came after it included.
 */
export type CommitListener = (events: readonly AtelierEvent[] | undefined) => void

export interface ListenOptions {
  /** Somebody waits for what other processes commit: look every 10 ms instead of every 100 ms. */
  readonly urgent?: boolean
}

/** The half of a store that looking needs. It can be opened alone, without what decides and writes. */
export interface StoreView {
  /** Reads a consistent state as of the last commit. `load` awaits nothing but its reader, as other reads wait for it. */
  read<Result>(load: (reader: Reader) => Promise<Result>): Promise<Result>
  events(query: EventQuery): Promise<readonly AtelierEvent[]>
  /** The number of the newest event; 0 if there is none. */
  lastSeq(): Promise<number>
  onCommit(listener: CommitListener, options?: ListenOptions): () => void
  /** Waits for what was asked before, then ends. Later calls reject with `closed`. */
  close(): Promise<void>
}

export interface Store extends StoreView {
  /** Runs a command. Calls made in order are decided in that order. */
  transact<Loaded>(transaction: Transaction<Loaded>): Promise<TransactionResult<Loaded>>
  /** Writes operational rows, and blobs they refer to. */
  write(
    changes: readonly OperationalChange[],
    blobs?: readonly { hash: string; body: string }[],
  ): Promise<void>
}

/** How events become rows; given to a store by the composition root. */
export interface Projection {
  /** The rows that `apply` will look up for this event. */
  reads(event: NewEvent): readonly RowRef[]
  /** Pure: the rows after this event. */
  apply(event: AtelierEvent, rows: RowLookup): readonly RowChange[]
}
