/**
 * The process's one writing connection. Commands queue in the order of their calls; those that wait
 * share one commit. A command reads and decides before it writes anything, so that one that is
 * refused or throws leaves no trace; if a write or the commit itself fails, the batch is rolled back
 * and its commands run again, each with a commit of its own, so that only the one at fault fails.
 */
import type { AtelierEvent } from '../../events.ts'
import { crash, type Failpoint } from '../../failpoints.ts'
import { monotonicMs, soon } from '../../time/system-clock.ts'
import type { SqliteConnection } from './connection.ts'
import { isBusy, storeBusy, storeError } from './errors.ts'
import { Line } from './line.ts'
import { LoopShare } from './patience.ts'

/** How long a batch takes in further commands: well under the 20 ms that a write lock may be held. */
const BATCH_MS = 5

/**
 * How long a process goes on committing while others wait. Each change of hands empties a cache and wakes a process, which costs
 * about as much as five commits, so it is long; but the last of many in line shall not wait much longer than for a round.
 */
const LONGEST_TENURE_MS = 100
const ROUND_MS = 2000
/** Between two looks at who waits. */
const LOOK_MS = 20

/** Where a chaos run may end the process around the commit. */
export interface CrashPoints {
  readonly before: Failpoint
  readonly after: Failpoint
}

/** One command in the queue. */
export interface Job {
  readonly crashPoints: CrashPoints | undefined
  /** Runs inside of the batch's transaction; throws only if it may have written something. */
  run(connection: SqliteConnection): Promise<void>
  /** Events to be announced once they are committed. */
  readonly events: readonly AtelierEvent[]
  /** Answers the caller after the commit. */
  settle(): void
  fail(error: unknown): void
}

interface Waiting {
  readonly job: Job
  readonly since: number
  /** It was in a batch that failed: from now on it commits by itself. */
  alone: boolean
}

export interface WriterOptions {
  readonly path: string
  /** How long a command waits for the lock before it is given up as `store_busy`. */
  readonly lockDeadlineMs: number
  /** Told after each commit, before the callers are answered. */
  committed(events: readonly AtelierEvent[]): void
}

export class SqliteWriter {
  readonly #connection: SqliteConnection
  readonly #options: WriterOptions
  readonly #share = new LoopShare()
  readonly #queue: Waiting[] = []
  readonly #line: Line
  /** When this process began to commit without letting others have the lock. */
  #tenant: number | undefined
  #nextLook = 0
  #draining: Promise<void> | undefined
  #resting = false

  constructor(connection: SqliteConnection, options: WriterOptions) {
    this.#connection = connection
    this.#options = options
    this.#line = new Line(options.path)
  }

  enqueue(job: Job): void {
    this.#queue.push({ job, since: monotonicMs(), alone: false })
    this.#draining ??= this.#drain()
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0) {
      const turn = this.#share.due()
      if (turn !== undefined) await turn
      if (await this.#begin()) await this.#batch()
    }
    this.#draining = undefined
    this.#rest()
  }

  /** Lets the next in line have the lock, unless the answers of this turn bring further commands. */
  #rest(): void {
    if (this.#resting) return
    this.#resting = true
    soon(() => {
      this.#resting = false
      if (this.#draining !== undefined) return
      this.#tenant = undefined
      this.#line.callNext()
    })
  }

  /** Takes the write lock. False if the commands that waited for it were answered with the reason. */
  async #begin(): Promise<boolean> {
    // Whom this process has called comes first.
    let place = this.#passesOn() ? this.#line.join() : undefined
    let waits = place !== undefined
    let seen = waits ? this.#version() : undefined
    try {
      for (let tries = 0; this.#queue.length > 0; tries++) {
        if (waits && (await place?.called(tries)) === false) {
          // Who comes out of turn takes the lock from whoever has just emptied its cache into it, and is the next to lose it.
          const version = this.#version()
          const goesOn = version !== undefined && version !== seen
          seen = version
          if (goesOn) {
            this.#giveUp()
            continue
          }
        }
        try {
          this.#connection.beginWrite()
          if (this.#tenant === undefined) this.#begins(monotonicMs())
          return true
        } catch (error) {
          if (!isBusy(error)) {
            this.#queue.shift()?.job.fail(storeError(error, this.#options.path))
            return false
          }
        }
        this.#tenant = undefined
        this.#giveUp()
        // The lock may have become free before the ticket was there: the first try behind it is made at once.
        waits = place !== undefined
        place ??= this.#line.join()
      }
      return false
    } finally {
      place?.leave()
    }
  }

  /** Tells whether others commit; undefined where it cannot be said. */
  #version(): number | undefined {
    try {
      return this.#connection.dataVersion()
    } catch {
      return undefined
    }
  }

  #begins(now: number): void {
    this.#tenant = now
    this.#nextLook = now + LOOK_MS
  }

  /** True if the time of this process is over and somebody else was called. */
  #passesOn(): boolean {
    const now = monotonicMs()
    if (this.#tenant === undefined || now < this.#nextLook) return false
    this.#nextLook = now + LOOK_MS
    const tenure = Math.min(LONGEST_TENURE_MS, ROUND_MS / this.#line.length())
    if (now - this.#tenant < tenure) return false
    this.#tenant = undefined
    return this.#line.callNext()
  }

  #giveUp(): void {
    const deadline = monotonicMs() - this.#options.lockDeadlineMs
    for (let first = this.#queue[0]; first !== undefined && first.since < deadline; first = this.#queue[0]) {
      this.#queue.shift()
      first.job.fail(storeBusy(this.#options.path))
    }
  }

  async #batch(): Promise<void> {
    const batch: Waiting[] = []
    try {
      await this.#run(batch)
      crashAt(batch, 'before')
      this.#connection.commit()
    } catch (error) {
      this.#takeBack(batch, error)
      return
    }
    crashAt(batch, 'after')
    this.#options.committed(batch.flatMap(({ job }) => job.events))
    for (const { job } of batch) job.settle()
  }

  /** Runs what waits, up to the time that a batch may take. */
  async #run(batch: Waiting[]): Promise<void> {
    const end = monotonicMs() + BATCH_MS
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (batch.length > 0 && (next.alone || monotonicMs() > end)) return
      batch.push(next)
      this.#queue.shift()
      await next.job.run(this.#connection)
      if (!this.#connection.inTransaction) throw new Error('SQLite has ended the transaction of the batch.')
      if (next.alone) return
    }
  }

  /** Nothing of the batch was written. Each command gets another try by itself; a single one gets the error. */
  #takeBack(batch: readonly Waiting[], error: unknown): void {
    try {
      this.#connection.rollback()
    } catch {
      // The error that led here says more than that its transaction is gone already.
    }
    const [only, ...others] = batch
    if (only !== undefined && others.length === 0) {
      only.job.fail(storeError(error, this.#options.path))
      return
    }
    for (const waiting of batch) waiting.alone = true
    this.#queue.unshift(...batch)
  }
}

function crashAt(batch: readonly Waiting[], where: keyof CrashPoints): void {
  for (const { job } of batch) {
    const point = job.crashPoints?.[where]
    if (point !== undefined) crash(point)
  }
}
