/** Watches what attempts of this host have asked their agents, and says of which the wait is too long to keep the attempt. */
import { limitedUntil } from '../agents/quota.ts'
import { decideParking } from '../board/parking.ts'
import type { WaitingFor } from '../board/item.ts'
import type { AtelierEvent } from '../events.ts'
import type { TeamContext } from '../team/context.ts'
import type { CancelTimer } from '../time/clock.ts'

export interface LongWaitsOptions {
  /** Waits that are shorter keep lease and process, ms. */
  readonly parkAfterMs: () => number
  readonly onError: (error: unknown) => void
}

/** A message that is watched. */
export interface Watch {
  /** Resolves with what is waited for, once the attempt is to be suspended; never, while it need not. */
  readonly long: Promise<{ readonly waiting: WaitingFor }>
  stop(): void
}

interface Watched {
  /** When its wait began; undefined while it has not waited. */
  since: number | undefined
  readonly park: (waiting: { readonly waiting: WaitingFor }) => void
  cancel: CancelTimer
}

export class LongWaits {
  readonly #team: TeamContext
  readonly #options: LongWaitsOptions
  readonly #watched = new Map<string, Watched>()

  constructor(team: TeamContext, options: LongWaitsOptions) {
    this.#team = team
    this.#options = options
  }

  /** Watches a message that is posted: its account may have been used up since the item was claimed. */
  watch(message: string): Watch {
    const { promise, resolve } = Promise.withResolvers<{ readonly waiting: WaitingFor }>()
    const watched: Watched = { since: undefined, park: resolve, cancel: () => {} }
    this.#watched.set(message, watched)
    this.#look(message)
    return {
      long: promise,
      stop: () => {
        watched.cancel()
        this.#watched.delete(message)
      },
    }
  }

  /** Told of what happens in the team. */
  observe(event: AtelierEvent): void {
    if (event.type === 'turn.finished') {
      if (event.data.outcome === 'deferred') this.#look(event.data.message)
    } else if (event.type === 'account.limited') {
      // It waits behind the turn of another agent on the same account.
      for (const message of this.#watched.keys()) this.#look(message)
    }
  }

  /** Looks whether a message waits for its account now. */
  #look(message: string): void {
    const watched = this.#watched.get(message)
    if (watched === undefined) return
    this.#decide(message, watched).catch(this.#options.onError)
  }

  async #decide(message: string, watched: Watched): Promise<void> {
    const account = await this.#team.store.read(async (reader) => {
      const row = await reader.get('message', message)
      const agent = row?.state === 'queued' ? await reader.get('agent', row.agent) : undefined
      return agent === undefined ? undefined : reader.get('account', agent.account)
    })
    const now = this.#team.clock.now()
    const at = limitedUntil(account, now)
    if (account === undefined || at === null || this.#watched.get(message) !== watched) return
    const waiting = { for: 'quota', account: account.account, at } as const
    watched.since ??= now
    const parking = decideParking({ waiting, since: watched.since }, now, this.#options.parkAfterMs())
    watched.cancel()
    if (parking.parks) watched.park({ waiting })
    else watched.cancel = this.#team.clock.after(Math.max(0, parking.at - now), () => this.#look(message))
  }
}
