/** What items have cost: all turns of the messages that their attempts sent. */
import { usdOf } from '../money/usd.ts'
import type { Reader } from '../store.ts'
import type { MessageRow } from '../tables.ts'

/** USD by the id of the attempt; attempts without a turn are left out. */
export async function costsByAttempt(reader: Reader): Promise<ReadonlyMap<string, number>> {
  return sum(await reader.list('message', { where: { kind: 'item' } }))
}

/** The same for some attempts only. */
export async function costsOf(
  reader: Reader,
  attempts: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const messages: MessageRow[] = []
  for (const itemAttempt of attempts)
    messages.push(...(await reader.list('message', { where: { kind: 'item', itemAttempt } })))
  return sum(messages)
}

function sum(messages: readonly MessageRow[]): ReadonlyMap<string, number> {
  const micros = new Map<string, number>()
  for (const { itemAttempt, costMicros } of messages)
    if (itemAttempt !== null) micros.set(itemAttempt, (micros.get(itemAttempt) ?? 0) + costMicros)
  return new Map([...micros].map(([attempt, cost]) => [attempt, usdOf(cost)]))
}
