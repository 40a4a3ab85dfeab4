/** What items have cost: the turns of the messages that their attempts sent. */
import { usdOf } from '../money/usd.ts'
import type { Reader } from '../store.ts'
import type { MessageRow } from '../tables.ts'

/** USD by the id of the attempt; attempts without a turn are left out. */
export async function costsByAttempt(reader: Reader): Promise<ReadonlyMap<string, number>> {
  return sum(reader, await reader.list('message', { where: { kind: 'item' } }))
}

/** The same for some attempts only. */
export async function costsOf(
  reader: Reader,
  attempts: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const messages: MessageRow[] = []
  for (const itemAttempt of attempts)
    messages.push(...(await reader.list('message', { where: { kind: 'item', itemAttempt } })))
  return sum(reader, messages)
}

async function sum(reader: Reader, messages: readonly MessageRow[]): Promise<ReadonlyMap<string, number>> {
  const micros = new Map<string, number>()
  for (const { itemAttempt, turn } of messages) {
    if (itemAttempt === null || turn === null) continue
    const cost = (await reader.get('turn', turn))?.costMicros ?? 0
    micros.set(itemAttempt, (micros.get(itemAttempt) ?? 0) + cost)
  }
  return new Map([...micros].map(([attempt, cost]) => [attempt, usdOf(cost)]))
}
