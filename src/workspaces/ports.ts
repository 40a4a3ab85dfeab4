/** Ports of its own for each attempt, so that the servers of attempts that run side by side do not collide. */
import type { AddressInfo } from 'node:net'

import { AtelierError } from '../errors.ts'

export interface PortPlan {
  /** The first port of slot 0. */
  readonly first: number
  /** Ports for each slot. */
  readonly size: number
}

/** Below the range from which systems take ports of their own choice: 32768 on Linux, 49152 on macOS. */
export const DEFAULT_PORTS: PortPlan = { first: 20_000, size: 10 }
const LAST_PORT = 32_767
/** Slots are counted from 0 and given anew, so a machine that runs this many attempts at once is far away. */
const SLOTS = 200

export interface PortRange {
  readonly first: number
  readonly last: number
}

/**
 * The ranges that a slot may have, the preferred one first. Ranges of different slots never overlap, so nothing has
 * to be locked: who holds the slot holds its ranges.
 */
export function rangesOf(slot: number, plan: PortPlan = DEFAULT_PORTS): readonly PortRange[] {
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) {
    throw new AtelierError('invalid_input', `Slot ${slot} is not a whole number from 0 to ${SLOTS - 1}.`, {
      details: { slot },
    })
  }
  const ranges: PortRange[] = []
  for (
    let first = plan.first + slot * plan.size;
    first + plan.size - 1 <= LAST_PORT;
    first += SLOTS * plan.size
  )
    ranges.push({ first, last: first + plan.size - 1 })
  return ranges
}

/**
 * The first range of a slot of which every port is free now.
 * @throws AtelierError `workspace_failed` if other programs hold a port of each
 */
export async function freeRange(slot: number, plan: PortPlan = DEFAULT_PORTS): Promise<PortRange> {
  const ranges = rangesOf(slot, plan)
  for (const range of ranges) if (await isFree(range)) return range
  const tried = ranges.map(({ first, last }) => `${first}-${last}`).join(', ')
  throw new AtelierError(
    'workspace_failed',
    `Other programs hold ports of every range of slot ${slot} (${tried || 'none fits'}). End one of them, or configure other ports.`,
    { details: { reason: 'ports', slot, tried } },
  )
}

async function isFree({ first, last }: PortRange): Promise<boolean> {
  for (let port = first; port <= last; port++) if (!(await canListen(port))) return false
  return true
}

/** On all addresses, as most servers listen; one that holds a single address is in the way as well. */
async function canListen(port: number): Promise<boolean> {
  const { createServer } = await import('node:net')
  for (const host of ['127.0.0.1', undefined]) {
    const server = createServer()
    const isOurs = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false))
      server.listen({ port, exclusive: true, ...(host !== undefined && { host }) }, () => {
        resolve((server.address() as AddressInfo).port === port)
      })
    })
    if (!isOurs) return false
    await new Promise((resolve) => server.close(resolve))
  }
  return true
}

/** The variables that tell what a slot holds. */
export function portVariables(slot: number, range: PortRange): Readonly<Record<string, string>> {
  return {
    ATELIER_SLOT: String(slot),
    ATELIER_PORT: String(range.first),
    ATELIER_PORT_RANGE: `${range.first}-${range.last}`,
  }
}
