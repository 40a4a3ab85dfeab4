/**
 * What a team should do, said a second time and simply: a list of messages for each agent. It knows
 * no rows, cursors or counts, so that it is wrong in other ways than they are.
 */
import assert from 'node:assert/strict'
import { QUEUE_LIMIT } from '../../src/agents/mailbox.ts'
import { UNKNOWN_RESET_MS } from '../../src/agents/quota.ts'
import type { EventBodies, EventType } from '../../src/events.ts'
import type { Action } from './actions.ts'
import { START_MS, type Result } from './row-team.ts'

interface Mailbox {
  isActive: boolean
  /** What it was created as, so that the same again is known. */
  kind: string
  /** Messages in order of their posting. */
  waiting: string[]
  running: { turn: string; message: string; host: string; isCancelled: boolean } | undefined
}

export class Oracle {
  readonly #mailboxes = new Map<string, Mailbox>()
  /** Every message in order of its posting. */
  readonly #order: string[] = []
  #now: number = START_MS
  /** Every agent here is paid by the same account. */
  #limitedUntil = 0

  /** Checks what an action has come to, and remembers it. */
  check(action: Action, result: Result, turn: string | undefined): void {
    switch (action.do) {
      case 'create':
        return this.#created(action, result)
      case 'reset':
      case 'dismiss':
        return this.#left(action, result)
      case 'post':
        return this.#posted(action, result)
      case 'cancelAgent':
        return this.#cancelled(result, this.#open(action.agent))
      case 'cancelMessage': {
        const message = this.#order[action.message % Math.max(1, this.#order.length)]
        return this.#cancelled(result, message !== undefined && this.#isOpen(message) ? [message] : [])
      }
      case 'start':
        return this.#started(action, result)
      case 'finish':
        return this.#finished(action, result, turn)
      case 'lose':
        return this.#lost(action, result)
      case 'every':
        return this.#scheduled(action, result)
      case 'pass':
        this.#now += action.ms
        return this.#ticked(result)
      case 'cancelSchedule':
      case 'setBudget':
      case 'resetBudget':
      case 'put':
      case 'remove':
      case 'profile':
        return undefined
      // The board has an oracle of its own.
      default:
        return undefined
    }
  }

  #created({ agent, profile, definition }: Extract<Action, { do: 'create' }>, result: Result): void {
    const box = this.#box(agent)
    const kind = `${profile} ${definition}`
    const created = dataOf(result, 'agent.created')
    if (box.isActive && box.kind === kind) return assert.deepEqual(eventsOf(result), [])
    assert.deepEqual(
      created.map(({ replaced }) => replaced),
      [box.isActive],
    )
    this.#cancelled(result, this.#open(agent))
    box.isActive = true
    box.kind = kind
  }

  #left({ do: what, agent }: Extract<Action, { do: 'reset' | 'dismiss' }>, result: Result): void {
    const box = this.#box(agent)
    if (!box.isActive && what === 'reset') return assert.deepEqual(result, { refused: 'not_found' })
    if (!box.isActive) return assert.deepEqual(eventsOf(result), [])
    this.#cancelled(result, this.#open(agent))
    box.isActive = what === 'reset'
  }

  #posted({ agent }: Extract<Action, { do: 'post' }>, result: Result): void {
    const box = this.#box(agent)
    if (!box.isActive) return assert.deepEqual(result, { refused: 'not_found' })
    // AS-05: one runs, or is about to, and five wait.
    const isFull = box.waiting.length + (box.running === undefined ? 0 : 1) > QUEUE_LIMIT
    if (isFull) return assert.deepEqual(result, { refused: 'queue_full' })
    if ('refused' in result) return assert.equal(result.refused, 'budget_exceeded')
    this.#accept(result)
  }

  #started({ agent, host }: Extract<Action, { do: 'start' }>, result: Result): void {
    const box = this.#box(agent)
    const next = box.waiting[0]
    const isLimited = this.#limitedUntil > this.#now
    if (!box.isActive || box.running !== undefined || next === undefined || isLimited)
      return assert.deepEqual(eventsOf(result), [])
    box.waiting.shift()
    const [failed] = dataOf(result, 'message.failed')
    if (failed !== undefined) {
      assert.equal(failed.message, next)
      assert.match(failed.error.code, /^(?:budget_exceeded|circuit_open)$/u)
      return
    }
    const [started] = dataOf(result, 'turn.started')
    assert.partialDeepStrictEqual(started, { message: next, agent, host })
    box.running = { turn: started?.turn ?? '', message: next, host, isCancelled: false }
  }

  #finished({ outcome }: Extract<Action, { do: 'finish' }>, result: Result, turn: string | undefined): void {
    if (turn === undefined) return assert.deepEqual(result, { events: [] })
    const box = [...this.#mailboxes.values()].find(({ running }) => running?.turn === turn)
    if (box?.running === undefined) return assert.deepEqual(result, { refused: 'stale_claim' })
    const { message, isCancelled } = box.running
    box.running = undefined
    const isLimited = outcome === 'usage_limit'
    const isDeferred = isLimited && !isCancelled
    const [finished] = dataOf(result, 'turn.finished')
    assert.partialDeepStrictEqual(finished, { turn, message, accepted: !isCancelled && !isDeferred })
    const limits = dataOf(result, 'account.limited').map(({ until }) => until)
    assert.deepEqual(limits, isLimited ? [this.#now + UNKNOWN_RESET_MS] : [])
    if (isLimited) this.#limitedUntil = this.#now + UNKNOWN_RESET_MS
    if (isDeferred) box.waiting.unshift(message)
  }

  #lost({ host }: Extract<Action, { do: 'lose' }>, result: Result): void {
    const lost = [...this.#mailboxes.values()].filter(({ running }) => running?.host === host)
    assert.deepEqual(
      new Set(dataOf(result, 'turn.lost').map(({ turn }) => turn)),
      new Set(lost.map(({ running }) => running?.turn)),
    )
    const givenUp = new Set(dataOf(result, 'message.failed').map(({ message }) => message))
    for (const box of lost) {
      const { message, isCancelled } = box.running as NonNullable<Mailbox['running']>
      box.running = undefined
      // It waits where it was posted: before everything that was posted later.
      if (!isCancelled && !givenUp.has(message)) box.waiting.unshift(message)
    }
  }

  #scheduled({ agent }: Extract<Action, { do: 'every' }>, result: Result): void {
    if (!this.#box(agent).isActive) assert.deepEqual(result, { refused: 'not_found' })
    else assert.equal(dataOf(result, 'schedule.created').length, 1)
  }

  /** A tick posts to an agent that is free, and to no other. */
  #ticked(result: Result): void {
    for (const { agent, message } of dataOf(result, 'schedule.ticked')) {
      const { isActive, waiting, running } = this.#box(agent)
      assert.deepEqual(
        { agent, isActive, posts: message !== null },
        {
          agent,
          isActive: true,
          posts: waiting.length === 0 && running === undefined,
        },
      )
    }
    this.#accept(result)
  }

  #accept(result: Result): void {
    for (const { agent, message } of dataOf(result, 'message.posted')) {
      this.#box(agent).waiting.push(message)
      this.#order.push(message)
    }
  }

  #cancelled(result: Result, messages: readonly string[]): void {
    assert.deepEqual(
      new Set(dataOf(result, 'message.cancelled').map(({ message }) => message)),
      new Set(messages),
    )
    for (const box of this.#mailboxes.values()) {
      box.waiting = box.waiting.filter((message) => !messages.includes(message))
      if (box.running !== undefined && messages.includes(box.running.message)) box.running.isCancelled = true
    }
  }

  #open(agent: string): string[] {
    const { waiting, running } = this.#box(agent)
    return running === undefined || running.isCancelled ? waiting : [running.message, ...waiting]
  }

  #isOpen(message: string): boolean {
    return [...this.#mailboxes.keys()].some((agent) => this.#open(agent).includes(message))
  }

  #box(agent: string): Mailbox {
    let box = this.#mailboxes.get(agent)
    if (box === undefined) {
      box = { isActive: false, kind: '', waiting: [], running: undefined }
      this.#mailboxes.set(agent, box)
    }
    return box
  }
}

function eventsOf(result: Result): readonly unknown[] {
  return 'events' in result ? result.events : [result]
}

function dataOf<T extends EventType>(result: Result, type: T): EventBodies[T][] {
  const events = 'events' in result ? result.events : []
  return events.filter((event) => event.type === type).map(({ data }) => data as EventBodies[T])
}
