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

/** An item is settled and the next one claimed in one commit, as the workers of a host do it. */
async function play({ ms, items }: ClaimRound): Promise<ClaimReport> {
  const end = performance.now() + ms
  let claims = 0
  const goesOn = (): boolean => claims < items && performance.now() < end
  for (let claimed = await board.claim(); ;) {
    if (claimed === undefined) {
      if (!goesOn() || (await board.isOver())) return { claims }
      await sleep(LOOK_MS)
      claimed = await board.claim()
      continue
    }
    claims++
    const settled = board.complete(claimed)
    const next = goesOn() ? board.claim() : undefined
    await settled
    claimed = await next
  }
}

process.on('message', (round: ClaimRound) => {
  void play(round).then((report) => process.send?.(report))
})
process.once('disconnect', () => void board.close())
process.send?.('ready')
