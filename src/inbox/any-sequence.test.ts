import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { given, newRequest } from '../../test/inbox/example-requests.ts'
import { EVENT_VERSIONS, type AtelierEvent, type NewEvent } from '../events.ts'
import { projection } from '../projection.ts'
import { replay } from '../testing/replay.ts'
import { decideAnswer, decideExpire, decideWithdraw, type Decided } from './answering.ts'
import { decideAsk } from './asking.ts'
import type { RequestRow } from './request.ts'

const step = fc.oneof(
  fc.record({ do: fc.constant('ask' as const), question: fc.constantFrom('a', 'b') }),
  fc.record({
    do: fc.constant('answer' as const),
    pick: fc.nat(3),
    answer: fc.constantFrom('approve', 'reject'),
    by: fc.constantFrom('sam', 'kim'),
  }),
  fc.record({ do: fc.constant('expire' as const), pick: fc.nat(3) }),
  fc.record({ do: fc.constant('withdraw' as const), pick: fc.nat(3) }),
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** An inbox of rows that follow from its log alone. */
class Inbox {
  readonly log: AtelierEvent[] = []
  rows = new Map<string, RequestRow>()

  perform(action: Step): { readonly request: string | undefined; readonly decided: Decided } {
    const now = this.log.length * 100
    if (action.do === 'ask') {
      const open = [...this.rows.values()].filter(({ state }) => state === 'open')
      const id = `ask_${this.log.length}`
      const asked = decideAsk(newRequest({ id, question: action.question, withinMs: 500 }), open, now)
      this.#commit(asked.events, 'impl')
      return { request: asked.request, decided: asked }
    }
    const row = [...this.rows.values()][action.pick]
    if (row === undefined) return { request: undefined, decided: { events: [] } }
    const decided = this.#decide(action, row, now)
    if ('events' in decided) this.#commit(decided.events, action.do === 'answer' ? action.by : 'host_1')
    return { request: row.id, decided }
  }

  #decide(action: Exclude<Step, { readonly do: 'ask' }>, row: RequestRow, now: number): Decided {
    switch (action.do) {
      case 'answer':
        return decideAnswer(row, given(action.answer), { actor: action.by, kind: 'person' })
      case 'expire':
        return { events: decideExpire(row, now) }
      case 'withdraw':
        return { events: decideWithdraw(row, 'Not needed.') }
    }
  }

  #commit(events: readonly NewEvent[], actor: string): void {
    for (const event of events) {
      const seq = this.log.length + 1
      const version = EVENT_VERSIONS[event.type]
      this.log.push({ ...event, seq, at: seq * 100, actor, via: 'library', version })
    }
    const rows = (replay(this.log, projection).inbox ?? []) as readonly RequestRow[]
    this.rows = new Map(rows.map((row) => [row.id, row]))
  }
}

/** What a step has broken of: a settled request stays as it is, and who is told so has answered it. */
function brokenBy(inbox: Inbox, action: Step): string[] {
  const before = inbox.rows
  const { request, decided } = inbox.perform(action)
  const changed = [...before.values()].filter(
    (row) => row.state !== 'open' && JSON.stringify(row) !== JSON.stringify(inbox.rows.get(row.id)),
  )
  const broken = changed.map(({ id }) => `${id} was settled and has changed`)
  if (action.do !== 'answer' || request === undefined || 'refused' in decided) return broken
  const row = inbox.rows.get(request)
  const isAnswered = row?.state === 'answered' && row.answeredBy === action.by
  if (!isAnswered || row.answer !== JSON.stringify(action.answer))
    broken.push(`${request} has not the answer that was accepted`)
  // The same once more succeeds, and writes nothing.
  const again = inbox.perform(action).decided
  if ('refused' in again || again.events.length > 0) broken.push(`${request} is not idempotent`)
  return broken
}

it('whatever is asked and answered, each request is settled at most once, and its answer stays', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (actions) => {
      const inbox = new Inbox()
      expect(actions.flatMap((action) => brokenBy(inbox, action))).toEqual([])
      const ends = inbox.log.flatMap(({ type, data }) =>
        type !== 'inbox.asked' && 'request' in data ? [data.request] : [],
      )
      expect(new Set(ends).size).toBe(ends.length)
      const open = [...inbox.rows.values()].filter(({ state }) => state === 'open')
      expect(new Set(open.map(({ question }) => question)).size).toBe(open.length)
    }),
    { numRuns: 200 },
  )
})
