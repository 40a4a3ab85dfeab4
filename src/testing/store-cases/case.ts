import type { ErrorData } from '../../errors.ts'
import type { AtelierEvent, Identity, NewEvent } from '../../events.ts'
import type { Decision, Reader, Store, Transaction, TransactionResult } from '../../store.ts'
import type { ManualClock } from '../../time/manual-clock.ts'

/** What a case works with. Each `open` is a store of its own at the same place. */
export interface CaseContext {
  readonly clock: ManualClock
  readonly open: () => Promise<Store>
  readonly holdWriter: () => Promise<HeldWriter>
}

/** A transaction of somebody else that has appended an event and holds it back. */
export interface HeldWriter {
  commit(): Promise<void>
}

/** One behaviour that every store has. `name` is a sentence about it. */
export interface StoreCase {
  readonly name: string
  run(context: CaseContext): Promise<void>
}

export const ALICE: Identity = { actor: 'alice', via: 'library' }

/** A command without anything to load. */
export function decided(store: Store, decision: Decision): Promise<TransactionResult<undefined>> {
  return store.transact(command({ load: async () => undefined, decide: () => decision }))
}

/** A command with the parts that a case is about. */
export function command<Loaded>(
  parts: Pick<Transaction<Loaded>, 'load' | 'decide'> & Partial<Transaction<Loaded>>,
): Transaction<Loaded> {
  return { name: 'context.change', keys: [], by: ALICE, ...parts }
}

export function contextPut(key: string, value: string, version = 1): NewEvent {
  return { type: 'context.put', data: { key, value, version } }
}

export function messagePosted(message: string, agent: string, prompt = 'hello'): NewEvent {
  const data = { message, agent, backend: 'scripted', generation: 1, prompt, group: null, timeoutMs: null }
  return { type: 'message.posted', data: { ...data, kind: 'ask', itemAttempt: null } }
}

export function refusal(): ErrorData {
  return { code: 'conflict', message: 'Not this time.' }
}

/** Reads a number, waits a few times, and writes one more: what a lost update would show in. */
export function increment(store: Store, scope: string, waits = 3): Promise<TransactionResult<number>> {
  return store.transact({
    name: 'budget.change',
    keys: [`budget:${scope}`],
    by: ALICE,
    load: (reader) => currentLimit(reader, scope, waits),
    decide: (limit) => ({ events: [{ type: 'budget.set', data: { scope, limitMicros: limit + 1 } }] }),
  })
}

async function currentLimit(reader: Reader, scope: string, waits: number): Promise<number> {
  let limit = 0
  for (let wait = 0; wait < waits; wait++) limit = (await reader.get('ledger', scope))?.limitMicros ?? 0
  return limit
}

/** Resolves with the next thing that a store tells a listener, and listens no more. */
export function nextCommit(store: Store): Promise<readonly AtelierEvent[] | undefined> {
  return new Promise((resolve) => {
    const stop = store.onCommit(
      (events) => {
        stop()
        resolve(events)
      },
      { urgent: true },
    )
  })
}
