/** Which requests nobody needs any more once something was decided about items. */
import type { NewEvent } from '../events.ts'
import { decideWithdraw } from './answering.ts'
import type { RequestRow } from './request.ts'

/** Events after which nobody waits for an answer about an item. */
const ENDS: Readonly<Partial<Record<NewEvent['type'], string>>> = {
  'item.done': 'done',
  'item.failed': 'failed',
  'item.cancelled': 'cancelled',
  'item.skipped': 'skipped',
  'item.removed': 'removed',
}

/**
 * What follows in the same commit from the end of items: their open requests are withdrawn, so that nobody is asked
 * about what is over.
 * @param open requests that are not settled; others than those about items are left alone
 */
export function withdrawals(events: readonly NewEvent[], open: readonly RequestRow[]): NewEvent[] {
  const ended = new Map<string, string>()
  for (const event of events) {
    const how = ENDS[event.type]
    if (how !== undefined && 'item' in event.data) ended.set(event.data.item, how)
  }
  return open.flatMap((row) => {
    const how = row.scope === 'item' ? ended.get(row.subject) : undefined
    return how === undefined ? [] : decideWithdraw(row, `The item "${row.subject}" is ${how}.`)
  })
}
