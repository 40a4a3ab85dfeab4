import type { SqliteConnection } from './connection.ts'
import { storeError } from './errors.ts'
import { connect, type DatabaseFile } from './open.ts'
import { LoopShare, whenUnlocked } from './patience.ts'

/** Reads one after the other, each on one consistent state. */
export class SnapshotReader {
  readonly #file: DatabaseFile
  readonly #isOwn: boolean
  readonly #share = new LoopShare()
  #connection: SqliteConnection | undefined
  #last: Promise<unknown> = Promise.resolve()

  /** @param connection one that nobody writes with; without it, one is opened for the first read */
  constructor(file: DatabaseFile, connection?: SqliteConnection) {
    this.#file = file
    this.#connection = connection
    this.#isOwn = connection === undefined
  }

  /** Calls `load` with a connection that sees one state until the promise settles. */
  read<Result>(load: (connection: SqliteConnection) => Promise<Result>): Promise<Result> {
    const result = this.#last.then(() => this.#read(load))
    this.#last = result.catch(() => {})
    return result
  }

  /** Waits for the reads that were asked for. */
  async close(): Promise<void> {
    await this.#last
    if (this.#isOwn) this.#connection?.close()
  }

  async #read<Result>(load: (connection: SqliteConnection) => Promise<Result>): Promise<Result> {
    const turn = this.#share.due()
    if (turn !== undefined) await turn
    try {
      const connection = (this.#connection ??= await connect(this.#file))
      await whenUnlocked(this.#file.lockDeadlineMs, () => connection.beginRead())
      try {
        return await load(connection)
      } finally {
        connection.rollback()
      }
    } catch (error) {
      throw storeError(error, this.#file.path)
    }
  }
}
