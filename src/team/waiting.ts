/** Waiting for messages to be settled and for agents to have nothing left to do. */
import { FAILURES } from '../agents/failures.ts'
import { AtelierError, toError, type ErrorData } from '../errors.ts'
import type { AtelierEvent, EventOf } from '../events.ts'
import type { Reader } from '../store.ts'
import type { CostSource, SessionRef, Usage } from '../tables.ts'
import type { Clock } from '../time/clock.ts'
import { formatDuration } from '../time/duration.ts'
import { unpackText, type TeamContext } from './context.ts'
import type { EventFeed } from './feed.ts'

/** How a message was settled. */
export type Settlement =
  | {
      readonly ok: true
      readonly agent: string
      readonly message: string
      readonly turn: string
      readonly text: string
      readonly session: SessionRef | null
      readonly usage: Usage
      readonly costMicros: number
      readonly costSource: CostSource
    }
  | { readonly ok: false; readonly agent: string; readonly message: string; readonly error: ErrorData }

/** One subscription for everybody in this process who waits for a message. */
export class Settlements {
  readonly #team: TeamContext
  readonly #waiting = new Map<string, (settlement: Settlement) => void>()
  readonly #next = new Set<() => void>()
  #unsubscribe: (() => void) | undefined

  constructor(team: TeamContext) {
    this.#team = team
  }

  /** Resolves when the message is settled. Call it before the message is posted. */
  of(message: string): Promise<Settlement> {
    this.#unsubscribe ??= this.#team.feed.subscribe((event) => this.#observe(event), true)
    return new Promise((resolve) => this.#waiting.set(message, resolve))
  }

  /** Nobody waits for the message any more: it was not accepted. */
  forget(message: string): void {
    this.#waiting.delete(message)
    this.#rest()
  }

  get size(): number {
    return this.#waiting.size
  }

  /** Resolves at the next settlement, or when the signal is aborted. */
  next(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#next.add(resolve)
      signal?.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  close(): void {
    this.#unsubscribe?.()
    this.#waiting.clear()
  }

  #observe(event: AtelierEvent): void {
    switch (event.type) {
      case 'turn.finished':
        if (event.data.accepted) this.#settleTurn(event)
        return
      case 'message.failed':
        return this.#settle({
          ok: false,
          agent: event.data.agent,
          message: event.data.message,
          error: event.data.error,
        })
      case 'message.cancelled': {
        const { agent, message, reason } = event.data
        return this.#settle({ ok: false, agent, message, error: { code: 'cancelled', message: reason } })
      }
      default:
        return
    }
  }

  #settleTurn({ data }: EventOf<'turn.finished'>): void {
    const { agent, message, turn, session, usage, costMicros, costSource, failure, answer } = data
    if (!this.#waiting.has(message)) return
    if (failure !== null) {
      const { kind, message: text, ...rest } = failure
      return this.#settle({
        ok: false,
        agent,
        message,
        error: { code: FAILURES[kind].code, message: text, details: { kind, agent, turn, ...rest } },
      })
    }
    const facts = { ok: true, agent, message, turn, session, usage, costMicros, costSource } as const
    if (typeof answer === 'string') return this.#settle({ ...facts, text: answer })
    void this.#team.store
      .read((reader) => unpackText(reader, answer ?? ''))
      .then((text) => this.#settle({ ...facts, text }))
  }

  #settle(settlement: Settlement): void {
    const resolve = this.#waiting.get(settlement.message)
    if (resolve === undefined) return
    this.#waiting.delete(settlement.message)
    this.#rest()
    resolve(settlement)
    for (const wake of this.#next) wake()
    this.#next.clear()
  }

  #rest(): void {
    if (this.#waiting.size > 0) return
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
  }
}

/** Events after which an agent may have nothing left to do. */
const QUIETING: ReadonlySet<string> = new Set([
  'turn.finished',
  'turn.lost',
  'message.failed',
  'message.cancelled',
  'agent.dismissed',
])

/**
 * Resolves when none of the agents has a turn or a message.
 * @param agents null waits for every agent
 */
export async function untilIdle(
  team: TeamContext,
  agents: readonly string[] | null,
  limit: WaitLimit,
): Promise<void> {
  await until(team.feed, team.clock, limit, async () => {
    const busy = await team.store.read((reader) =>
      agents === null ? busyAgents(reader) : busyAmong(reader, agents),
    )
    if (busy.length === 0) return undefined
    return `${busy.map((name) => `"${name}"`).join(', ')} ${busy.length === 1 ? 'is' : 'are'} still working`
  })
}

/** Names of every agent with a turn or a message, from the indexes of both. */
async function busyAgents(reader: Reader): Promise<string[]> {
  const running = await reader.list('turn', { where: { state: 'running' } })
  const ready = await reader.list('agent', { where: { ready: 1 } })
  return [...new Set([...running.map((turn) => turn.agent), ...ready.map((agent) => agent.name)])]
}

async function busyAmong(reader: Reader, agents: readonly string[]): Promise<string[]> {
  const busy: string[] = []
  for (const name of agents) {
    const row = await reader.get('agent', name)
    if (row !== undefined && (row.turn !== null || row.queued > 0)) busy.push(name)
  }
  return busy
}

export interface WaitLimit {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

/** Asks `pending` after every event that could matter, until it names nothing more. */
async function until(
  feed: EventFeed,
  clock: Clock,
  limit: WaitLimit,
  pending: () => Promise<string | undefined>,
): Promise<void> {
  let wake = Promise.withResolvers<void>()
  const unsubscribe = feed.subscribe((event) => {
    if (QUIETING.has(event.type)) wake.resolve()
  }, true)
  let over: 'timeout' | 'cancelled' | undefined
  const end = (why: 'timeout' | 'cancelled') => (): void => {
    over = why
    wake.resolve()
  }
  const cancelTimer = limit.timeoutMs === undefined ? () => {} : clock.after(limit.timeoutMs, end('timeout'))
  const aborted = end('cancelled')
  limit.signal?.addEventListener('abort', aborted, { once: true })
  if (limit.signal?.aborted === true) aborted()
  try {
    for (;;) {
      const what = await pending()
      if (what === undefined) return
      if (over !== undefined || limit.timeoutMs === 0)
        throw waitError(limit.timeoutMs === 0 ? 'timeout' : (over ?? 'timeout'), what, limit.timeoutMs)
      await wake.promise
      wake = Promise.withResolvers<void>()
    }
  } finally {
    unsubscribe()
    cancelTimer()
    limit.signal?.removeEventListener('abort', aborted)
  }
}

function waitError(why: 'timeout' | 'cancelled', what: string, timeoutMs: number | undefined): AtelierError {
  if (why === 'cancelled') return toError({ code: 'cancelled', message: `The wait was ended; ${what}.` })
  const after = timeoutMs === undefined || timeoutMs === 0 ? '' : ` after ${formatDuration(timeoutMs)}`
  return new AtelierError(
    'timeout',
    `The wait ended${after}: ${what}. The work goes on; wait again to see its result.`,
    {
      details: { stillWorking: true },
    },
  )
}
