import assert from 'node:assert/strict'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { mergingItem } from '../../test/board/example-merges.ts'
import { EVENT_VERSIONS, type AtelierEvent, type NewEvent } from '../events.ts'
import type { ItemRow } from './item.ts'
import type { MergeRow } from './merge.ts'
import { isLive, isOver } from './merge-lifecycle.ts'
import { applyMerge, mergeReads, type MergeEvent } from './merge-projection.ts'
import {
  BATCH,
  decideAdopt,
  decideApprove,
  decideIntend,
  decideRequest,
  decideSettle,
  decideTake,
  loseMerges,
  type Outcome,
} from './merge-queue.ts'
import type { Decided } from './posting.ts'

const TARGETS = ['refs/heads/main', 'refs/heads/release'] as const
const HOSTS = ['host_1', 'host_2', 'host_3'] as const

type Host = (typeof HOSTS)[number]
type Target = (typeof TARGETS)[number]

type Action =
  | { readonly do: 'request'; readonly target: Target; readonly manual: boolean }
  | { readonly do: 'take' | 'adopt' | 'intend'; readonly host: Host; readonly target: Target }
  | { readonly do: 'settle'; readonly host: Host; readonly target: Target; readonly outcome: Outcome['is'] }
  | { readonly do: 'lose' | 'start'; readonly host: Host }
  | { readonly do: 'approve' | 'cancel'; readonly nth: number }

const OUTCOMES: Readonly<Record<Outcome['is'], Outcome>> = {
  completed: { is: 'completed', ref: TARGETS[0], commit: 'c' },
  rejected: { is: 'rejected', error: { code: 'verification_failed', message: 'red' } },
  held: { is: 'held', reason: 'main_tree_dirty', ref: null, tip: null, message: 'dirty' },
  returned: { is: 'returned', reason: 'moved' },
}

const target = fc.constantFrom(...TARGETS)
const host = fc.constantFrom(...HOSTS)
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('request' as const), target, manual: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('take', 'adopt', 'intend'), host, target }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      host,
      target,
      outcome: fc.constantFrom('completed', 'rejected', 'held', 'returned'),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('lose', 'start'), host }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('approve', 'cancel'), nth: fc.nat(20) }) },
)

/** A queue of nothing but decisions and rows. */
class Queue {
  readonly merges = new Map<string, MergeRow>()
  readonly items = new Map<string, ItemRow>()
  readonly hosts = new Set<string>(HOSTS)
  readonly completed: string[] = []
  #seq = 0

  perform(step: Action): void {
    switch (step.do) {
      case 'request':
        return this.#request(step.target, step.manual)
      case 'take': {
        const queue = this.#in(step.target, 'queued').map((merge) => ({
          merge,
          item: this.items.get(merge.item),
        }))
        return this.#commit(decideTake(queue, this.#live(step.target), step.host))
      }
      case 'adopt':
        return this.#commit(decideAdopt(this.#live(step.target), this.hosts, step.host))
      case 'intend': {
        const own = this.#in(step.target, 'taken').map((merge) => ({
          merge,
          item: this.items.get(merge.item),
        }))
        if (own.length === 0) return
        const to = `new${this.#seq}`
        return this.#decided(
          decideIntend(own, {
            host: step.host,
            ref: step.target,
            old: 'old',
            new: to,
            commits: new Map(own.map(({ merge }) => [merge.id, to])),
          }),
        )
      }
      case 'settle': {
        const own = this.#live(step.target)
        const outcome = OUTCOMES[step.outcome]
        return this.#decided(
          decideSettle(
            own.map((merge) => ({ merge, outcome })),
            step.host,
          ),
        )
      }
      case 'lose':
        this.#commit(loseMerges([...this.merges.values()], step.host))
        this.hosts.delete(step.host)
        return
      case 'start':
        this.hosts.add(step.host)
        return
      case 'approve':
      case 'cancel':
        return this.#byHand(step)
    }
  }

  check(): void {
    for (const name of TARGETS) {
      const live = this.#live(name)
      assert.ok(new Set(live.map((row) => row.host)).size <= 1, `several integrators have ${name}`)
      const intents = new Set(live.filter(({ state }) => state === 'intended').map((row) => row.new))
      assert.ok(intents.size <= 1, `several intents for ${name}`)
      assert.ok(live.length <= BATCH, `a batch of ${live.length}`)
    }
    assert.equal(new Set(this.completed).size, this.completed.length, 'a merge was completed twice')
  }

  /** One host does what is left to do. */
  drain(): void {
    this.hosts.add('last')
    for (const name of HOSTS) this.perform({ do: 'lose', host: name })
    for (const name of TARGETS) {
      this.#commit(decideAdopt(this.#live(name), this.hosts, 'last'))
      const finish = (): void => {
        const settled = this.#live(name).map((merge) => ({ merge, outcome: OUTCOMES.completed }))
        this.#decided(decideSettle(settled, 'last'))
      }
      finish()
      // Each round takes something, so that there are at most as many as merges.
      for (let round = 0; round < this.merges.size && this.#in(name, 'queued').length > 0; round++) {
        const queue = this.#in(name, 'queued').map((merge) => ({ merge, item: this.items.get(merge.item) }))
        this.#commit(decideTake(queue, this.#live(name), 'last'))
        finish()
      }
    }
  }

  #request(name: Target, manual: boolean): void {
    const id = `mrg_${this.#seq}`
    const item = `item_${this.#seq}`
    this.items.set(item, mergingItem({ id: item, change: item, attempt: `att_${item}` }))
    const facts = { id, item, attempt: `att_${item}`, change: item, target: name, head: 'h', title: item }
    this.#decided(decideRequest({ ...facts, mode: manual ? 'manual' : 'auto', verified: true }, undefined))
  }

  #byHand(step: Extract<Action, { readonly do: 'approve' | 'cancel' }>): void {
    const merge = [...this.merges.values()][step.nth]
    if (merge === undefined) return
    if (step.do === 'approve') return this.#decided(decideApprove(merge))
    const item = this.items.get(merge.item) as ItemRow
    this.items.set(merge.item, { ...item, state: 'cancelled', phase: null })
  }

  #in(name: string, state: MergeRow['state']): MergeRow[] {
    const rows = [...this.merges.values()].filter((row) => row.target === name && row.state === state)
    return rows.toSorted((a, b) => a.position - b.position)
  }

  #live(name: string): MergeRow[] {
    return [...this.merges.values()].filter((row) => row.target === name && isLive(row.state))
  }

  #decided(decided: Decided): void {
    if ('events' in decided) this.#commit(decided.events)
  }

  #commit(events: readonly NewEvent[]): void {
    for (const event of events) {
      const known = new Set(mergeReads(event).map(({ table, key }) => `${table} ${key}`))
      const whole = { ...event, seq: ++this.#seq, at: this.#seq, actor: 'a', via: 'host' } as const
      const stored = { ...whole, version: EVENT_VERSIONS[event.type] } as AtelierEvent as MergeEvent
      const changes = applyMerge(stored, (table, key) => {
        assert.ok(known.has(`${table} ${key}`), `reads() does not name ${table} ${key}`)
        return (table === 'merge' ? this.merges.get(key) : undefined) as never
      })
      for (const { table, row } of changes)
        if (table === 'merge') this.merges.set(row?.id as string, row as MergeRow)
      if (event.type === 'merge.completed') this.completed.push(event.data.merge)
    }
  }
}

it('never gives two integrators one target, and loses no merge, whatever happens', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 30, maxLength: 120 }), (actions) => {
      const queue = new Queue()
      for (const step of actions) {
        queue.perform(step)
        queue.check()
      }
      queue.drain()
      queue.check()
      const open = [...queue.merges.values()].filter(({ state }) => !isOver(state) && state !== 'held')
      expect(open).toEqual([])
    }),
    { numRuns: 300 },
  )
})
