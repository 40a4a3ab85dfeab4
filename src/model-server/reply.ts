/** Sends one answer, at its pace, and goes wrong in the middle where the script says so. */
import type { ServerResponse } from 'node:http'

import { sleep, type Clock } from '../time/clock.ts'
import type { RequestEnd } from './request-log.ts'
import type { Moment } from './scenario.ts'
import type { WireReply } from './wire.ts'

export interface Plan extends WireReply {
  readonly status: number
  /** Time before the first byte. */
  readonly waitMs?: number
  /** Time between two pieces. */
  readonly pieceMs?: number
  /** Where it goes wrong, and how; without it the answer is complete. */
  readonly stops?: { readonly at: Moment; readonly with: 'hang' | 'drop' | { readonly last: string } }
}

/**
 * Sends a reply.
 * @returns how it ended; it does not end while it hangs and the client waits
 */
export async function send(response: ServerResponse, plan: Plan, clock: Clock): Promise<RequestEnd> {
  const { pieces, pieceMs = 0, waitMs = 0, stops } = plan
  const leaving = new AbortController()
  const gone = leaving.signal
  response.once('close', () => leaving.abort())
  if (waitMs > 0 && !(await sleep(clock, waitMs, gone))) return 'left'
  if (stops?.at !== 'before') {
    response.writeHead(plan.status, { ...plan.headers })
    response.flushHeaders()
    const shown = stops?.at === 'midway' ? pieces.slice(0, Math.ceil(pieces.length / 2)) : pieces
    for (const [index, piece] of shown.entries()) {
      if (index > 0 && pieceMs > 0 && !(await sleep(clock, pieceMs, gone))) return 'left'
      if (!(await written(response, piece, gone))) return 'left'
    }
  }
  if (stops === undefined) {
    if (!(await ended(response, '', gone))) return 'left'
    return plan.status < 400 ? 'answered' : 'refused'
  }
  switch (stops.with) {
    case 'hang':
      await aborted(gone)
      return 'left'
    case 'drop':
      // What was written is on its way before the connection is torn down.
      response.socket?.destroySoon()
      return 'dropped'
    default:
      return (await ended(response, stops.with.last, gone)) ? 'broken_off' : 'left'
  }
}

/** Resolves when the client can take more; false if it has gone. */
function written(response: ServerResponse, piece: string, gone: AbortSignal): Promise<boolean> {
  if (gone.aborted) return Promise.resolve(false)
  if (response.write(piece)) return Promise.resolve(true)
  return new Promise((resolve) => {
    response.once('drain', () => resolve(true))
    gone.addEventListener('abort', () => resolve(false), { once: true })
  })
}

/** Resolves when everything is on its way; false if the client has gone before. */
async function ended(response: ServerResponse, rest: string, gone: AbortSignal): Promise<boolean> {
  const finished = new Promise<void>((resolve) => response.end(rest, () => resolve()))
  await Promise.race([finished, aborted(gone)])
  return response.writableFinished
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
