/** The merge queue of a host: takes the merges of a target that no other host has, and brings them there. */
import { errorData, isAtelierError, messageOf, type ErrorData } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import type { MergeRow } from '../board/merge.ts'
import type { Outcome } from '../board/merge-queue.ts'
import type { TeamContext } from '../team/context.ts'
import { repeat, type CancelTimer } from '../time/clock.ts'
import { integrate } from './batch.ts'
import { setAside, tendChangeRefs } from './changes.ts'
import { tendHeld } from './held.ts'
import { recoverIntents, type Integration } from './landing.ts'
import { adoptMerges, mergesIn, settleMerges, takeMerges } from './queue.ts'
import { sweepCheckouts, type Verifier } from './verifying.ts'

export interface IntegratorOptions extends Verifier {
  /** The project folder, inside of a repository. */
  readonly repositoryDir: string
  /** Told of an error that no caller waits for. */
  readonly onError: (error: unknown) => void
}

/** Trees become clean and targets move without an event. */
const SCAN_INTERVAL_MS = 5000

/** Events after which there may be something to do. */
const WAKING: ReadonlySet<AtelierEvent['type']> = new Set<AtelierEvent['type']>([
  'merge.requested',
  // What another host had of a target goes on here.
  'host.lost',
  'host.stopped',
])

/** What failed waits for the next look; everything else that goes back is taken up again by whoever returned it. */
function isLetGo(event: AtelierEvent): boolean {
  return (
    event.type === 'merge.returned' && (event.data.reason === 'approved' || event.data.reason === 'released')
  )
}

export class Integrator {
  readonly #team: TeamContext
  readonly #options: IntegratorOptions
  readonly #context: Integration
  readonly #interrupt = new AbortController()
  /** Targets that are being worked on. */
  readonly #running = new Map<string, Promise<void>>()
  /** Targets that were offered meanwhile: what was asked for just as a queue ran empty is not left behind. */
  readonly #offered = new Set<string>()
  #accepting = false
  #scanning: Promise<void> = Promise.resolve()
  #stopScan: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}

  constructor(team: TeamContext, options: IntegratorOptions) {
    this.#team = team
    this.#options = options
    this.#context = {
      team,
      host: options.host,
      place: { dir: options.repositoryDir },
      verifier: options,
      signal: this.#interrupt.signal,
    }
  }

  /** Repairs what dead hosts left, and begins to merge. */
  async open(): Promise<void> {
    this.#accepting = true
    this.#unsubscribe = this.#team.feed.subscribe((event) => {
      if (WAKING.has(event.type) || isLetGo(event)) void this.scan()
      if (event.type === 'change.closed' && event.data.commit === null) this.#setAside(event.data.change)
    })
    try {
      await tendChangeRefs(this.#team, this.#context.place)
      const hosts = await this.#team.store.read((reader) => reader.list('host'))
      await sweepCheckouts(this.#options, new Set(hosts.map(({ id }) => id)))
    } catch (error) {
      this.#options.onError(error)
    }
    this.#stopScan = repeat(this.#team.loops, SCAN_INTERVAL_MS, () => this.scan())
    await this.scan()
  }

  /** Looks for targets that have something to do; only reads. */
  scan(): Promise<void> {
    return (this.#scanning = this.#scanning.then(() => this.#scan()))
  }

  /** True while a target is being worked on. */
  get busy(): boolean {
    return this.#running.size > 0
  }

  /** Takes nothing more; what was taken is brought to its end. */
  stopAccepting(): void {
    this.#accepting = false
    this.#stopScan()
  }

  /** Waits for what is being worked on. */
  async ended(): Promise<void> {
    await this.#scanning
    await Promise.all(this.#running.values())
  }

  /** Ends at once: what is being verified goes back to the queue. */
  async close(): Promise<void> {
    this.stopAccepting()
    this.#interrupt.abort()
    this.#unsubscribe()
    await this.ended()
  }

  #setAside(change: string): void {
    this.#scanning = this.#scanning
      .then(() => setAside(this.#team, this.#context.place, change))
      .catch(this.#options.onError)
  }

  async #scan(): Promise<void> {
    if (!this.#accepting) return
    try {
      const rows = await this.#team.store.read(async (reader) => {
        const found: MergeRow[] = []
        for (const state of ['queued', 'taken', 'intended', 'held'] as const)
          found.push(...(await reader.list('merge', { where: { state } })))
        return found
      })
      for (const target of new Set(rows.map((row) => row.target))) this.#offer(target)
    } catch (error) {
      this.#options.onError(error)
    }
  }

  #offer(target: string): void {
    if (!this.#accepting) return
    if (this.#running.has(target)) {
      this.#offered.add(target)
      return
    }
    const work = this.#work(target).finally(() => {
      this.#running.delete(target)
      if (this.#offered.delete(target)) this.#offer(target)
    })
    this.#running.set(target, work)
  }

  /** Works until the queue of the target is empty; an error waits for the next look. */
  async #work(target: string): Promise<void> {
    try {
      do await this.#recover(target)
      while (await this.#step(target))
    } catch (error) {
      const isEnd = this.#interrupt.signal.aborted && isAtelierError(error, 'cancelled')
      // Another host has taken them over: it says what becomes of them.
      const isLost = isAtelierError(error, 'stale_claim')
      if (!isEnd && !isLost)
        this.#options.onError(new Error(`Merging into ${target}: ${messageOf(error)}`, { cause: error }))
      await this.#giveBack(target, isEnd ? undefined : error).catch(this.#options.onError)
    }
  }

  /** @returns true if there was something to do */
  async #step(target: string): Promise<boolean> {
    if (!this.#accepting) return false
    await tendHeld(this.#context, target)
    const taken = await takeMerges(this.#team, target, this.#options.host)
    if (taken.length === 0) return false
    await integrate(this.#context, target, taken)
    return true
  }

  async #recover(target: string): Promise<void> {
    const rows = await adoptMerges(this.#team, target, this.#options.host)
    await recoverIntents(this.#context, target, rows)
  }

  /** Puts back what was taken; an intent stays, for its branch may have moved. */
  async #giveBack(target: string, error: unknown): Promise<void> {
    const { host } = this.#options
    const taken = await this.#team.store.read((reader) => mergesIn(reader, target, 'taken'))
    const outcome: Outcome =
      error === undefined
        ? { is: 'returned', reason: 'released' }
        : { is: 'returned', reason: 'failed', error: dataOf(error) }
    const own = taken.filter((row) => row.host === host).map((merge) => ({ merge, outcome }))
    await settleMerges(this.#team, own, host)
  }
}

function dataOf(error: unknown): ErrorData {
  return isAtelierError(error)
    ? error.toJSON()
    : errorData('workspace_failed', `The work could not be merged: ${messageOf(error)}`)
}
