/**
 * One of the processes that take items from one board; see `claims.ts`.
 *
 * usage: claim-worker.ts; a message names a board, and is answered when it is open; the next one says
 * "go", and is answered with a report
 */
import { once } from 'node:events'
import { openBoard } from './board-store.ts'
import { sleep } from './measuring.ts'

export interface ClaimRound {
  /** The file of the board. */
  readonly path: string
  /** This process ends after so many items; null goes on until nothing is left on the board. */
  readonly items: number | null
}

export interface ClaimReport {
  readonly claims: number
}

/** Between two looks when nothing is ready: others are about to make something ready. */
const LOOK_MS = 1

async function playRound({ path, items }: ClaimRound): Promise<void> {
  const board = await openBoard(path)
  const go = once(process, 'message')
  process.send?.('open')
  await go
  let claims = 0
  while (claims < (items ?? Infinity)) {
    const claimed = await board.claim()
    if (claimed !== undefined) {
      await board.complete(claimed)
      claims++
    } else if (await board.isOver()) break
    else await sleep(LOOK_MS)
  }
  await board.close()
  process.send?.({ claims } satisfies ClaimReport)
}

async function play(): Promise<void> {
  for (;;) {
    const [round] = (await once(process, 'message')) as [ClaimRound]
    await playRound(round)
  }
}

process.once('disconnect', () => process.exit())
void play()
