/** The two kinds of command in the writer's queue. */
import type { AtelierEvent } from '../../events.ts'
import { TRANSACTIONS, type TransactionName } from '../../failpoints.ts'
import type { OperationalChange, Projection, Transaction, TransactionResult } from '../../store.ts'
import type { Clock } from '../../time/clock.ts'
import { putBlobs, runTransaction, writeRows, type Outcome } from '../sql/transaction.ts'
import type { SqliteConnection } from './connection.ts'
import { storeError } from './errors.ts'
import type { CrashPoints, Job } from './writer.ts'

const TRANSACTION_POINTS = Object.fromEntries(
  TRANSACTIONS.map((name) => [name, { before: `${name}.before-commit`, after: `${name}.after-commit` }]),
) as Readonly<Record<TransactionName, CrashPoints>>

const TRANSCRIPT_POINTS: CrashPoints = { before: 'transcript.write.before', after: 'transcript.write.after' }

const NO_EVENTS: readonly AtelierEvent[] = []

export interface Answer<Result> {
  resolve(result: Result): void
  reject(error: unknown): void
}

export interface TransactInput<Loaded> extends Answer<TransactionResult<Loaded>> {
  readonly path: string
  readonly projection: Projection
  readonly clock: Clock
  readonly transaction: Transaction<Loaded>
}

/** A decision with its events and rows. */
export class TransactJob<Loaded> implements Job {
  readonly #input: TransactInput<Loaded>
  #outcome: Outcome<TransactionResult<Loaded>> | undefined

  constructor(input: TransactInput<Loaded>) {
    this.#input = input
  }

  get crashPoints(): CrashPoints {
    return TRANSACTION_POINTS[this.#input.transaction.name]
  }

  get events(): readonly AtelierEvent[] {
    const outcome = this.#outcome
    return outcome?.kind === 'settled' && outcome.result.ok ? outcome.result.events : NO_EVENTS
  }

  async run(connection: SqliteConnection): Promise<void> {
    const { projection, transaction, clock } = this.#input
    this.#outcome = await runTransaction({ connection, projection, transaction, now: () => clock.now() })
  }

  settle(): void {
    const outcome = this.#outcome as Outcome<TransactionResult<Loaded>>
    if (outcome.kind === 'settled') this.#input.resolve(outcome.result)
    else this.#input.reject(storeError(outcome.error, this.#input.path))
  }

  fail(error: unknown): void {
    this.#input.reject(error)
  }
}

export interface WriteInput extends Answer<void> {
  readonly changes: readonly OperationalChange[]
  readonly blobs: readonly { readonly hash: string; readonly body: string }[]
}

/** Operational rows, which no event speaks of. */
export class WriteJob implements Job {
  readonly events: readonly AtelierEvent[] = NO_EVENTS
  readonly #input: WriteInput

  constructor(input: WriteInput) {
    this.#input = input
  }

  get crashPoints(): CrashPoints | undefined {
    return this.#input.changes.some(({ table }) => table === 'transcript') ? TRANSCRIPT_POINTS : undefined
  }

  async run(connection: SqliteConnection): Promise<void> {
    await putBlobs(connection, this.#input.blobs)
    await writeRows(connection, this.#input.changes)
  }

  settle(): void {
    this.#input.resolve()
  }

  fail(error: unknown): void {
    this.#input.reject(error)
  }
}
