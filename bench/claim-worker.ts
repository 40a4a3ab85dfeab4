/**
 * One of the processes that take items from one board; see `claims.ts`.
 *
 * usage: claim-worker.ts DATABASE; each message asks for a round, and is answered with its report
 */
import { openBoard } from './board-store.ts'
import { sleep } from './measuring.ts'

/** A round ends after a time or a number of items, whichever comes first. */
export interface ClaimRound {
  readonly ms: number
  readonly items: number
}

export interface ClaimReport {
  readonly claims: number
}

/** Between two looks when nothing is ready: others are about to make something ready. */
const LOOK_MS = 1

const [, , path = ''] = process.argv
const board = await openBoard(path)

async function play({ ms, items }: ClaimRound): Promise<ClaimReport> {
  const end = performance.now() + ms
  let claims = 0
  while (claims < items && performance.now() < end) {
    const claimed = await board.claim()
    if (claimed !== undefined) {
      await board.complete(claimed)
      claims++
    } else if (await board.isOver()) break
    else await sleep(LOOK_MS)
  }
  return { claims }
}

process.on('message', (round: ClaimRound) => {
  void play(round).then((report) => process.send?.(report))
})
process.once('disconnect', () => void board.close())
process.send?.('ready')
