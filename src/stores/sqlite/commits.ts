/** Tells listeners of commits: of this process at once, of others by looking at `PRAGMA data_version`. */
import type { AtelierEvent } from '../../events.ts'
import type { CommitListener, ListenOptions } from '../../store.ts'
import type { CancelTimer } from '../../time/clock.ts'
import { backgroundClock, systemClock } from '../../time/system-clock.ts'
import { LAST_SEQ, seqIn } from '../sql/log.ts'
import type { SqliteConnection } from './connection.ts'

/** One look costs about 3 µs; watching the file instead would fire before the commit can be seen. */
const URGENT_MS = 10
const IDLE_MS = 100

interface Listening {
  readonly listener: CommitListener
  readonly urgent: boolean
}

export class CommitWatch {
  /** The writing connection: what it commits itself does not change the version that it sees. */
  readonly #connection: SqliteConnection
  readonly #listening = new Set<Listening>()
  #timer: { readonly ms: number; readonly cancel: CancelTimer } | undefined
  /** Up to where listeners were told. */
  #version = 0
  #seq = 0

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  add(listener: CommitListener, { urgent = false }: ListenOptions = {}): () => void {
    if (this.#listening.size === 0) this.#catchUp()
    const listening = { listener, urgent }
    this.#listening.add(listening)
    this.#arm()
    return () => {
      this.#listening.delete(listening)
      if (this.#listening.size === 0) this.close()
    }
  }

  /** Hands over events just committed here, unless others came in between: then all are to be read. */
  committed(events: readonly AtelierEvent[]): void {
    const first = events[0]
    if (first === undefined || this.#listening.size === 0) return
    const follows = first.seq === this.#seq + 1
    if (follows) this.#seq += events.length
    else this.#catchUp()
    this.#tell(follows ? events : undefined)
  }

  close(): void {
    this.#listening.clear()
    this.#timer?.cancel()
    this.#timer = undefined
  }

  /** Looks at the shortest interval that anybody wants. A timer that is set already is not pushed back. */
  #arm(): void {
    if (this.#listening.size === 0) return
    const urgent = [...this.#listening].some((listening) => listening.urgent)
    const ms = urgent ? URGENT_MS : IDLE_MS
    if (this.#timer !== undefined) {
      if (this.#timer.ms <= ms) return
      this.#timer.cancel()
    }
    // Who waits urgently waits for a process that may have nothing else to live for; who only listens does not.
    const clock = urgent ? systemClock : backgroundClock
    this.#timer = { ms, cancel: clock.after(ms, () => this.#look()) }
  }

  #look(): void {
    this.#timer = undefined
    if (this.#listening.size === 0) return
    const version = this.#currentVersion()
    if (version !== this.#version) {
      this.#catchUp()
      this.#tell(undefined)
    }
    this.#arm()
  }

  /** A file that cannot be read now shows its error at the next command, not here. */
  #currentVersion(): number {
    try {
      return this.#connection.dataVersion()
    } catch {
      return this.#version
    }
  }

  #catchUp(): void {
    this.#version = this.#currentVersion()
    try {
      this.#seq = seqIn(this.#connection.first(LAST_SEQ, []))
    } catch {
      // The next commit here then looks like one that others came before, and all are read.
    }
  }

  #tell(events: readonly AtelierEvent[] | undefined): void {
    for (const { listener } of [...this.#listening]) {
      try {
        listener(events)
      } catch (error) {
        // A listener that throws is a broken promise of its owner, not of the commit or of the others.
        queueMicrotask(() => {
          throw error
        })
      }
    }
  }
}
