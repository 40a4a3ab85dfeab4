/** How many items with dependencies processes claim and settle on one board, against one process by hand. */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { openBoardFloor } from './board-floor.mjs'
import { openBoard } from './board-store.ts'
import type { ClaimReport, ClaimRound } from './claim-worker.ts'
import { dagOf } from './dags.ts'
import type { Measured, Measurement } from './figure.ts'
import { inFolder, interleaved, median, nextMessage, ROUNDS, startModule, succeeded } from './measuring.ts'

const ROUND_ITEMS = 1000
const MANY_ITEMS = 100_000
const MANY_PROCESSES = 16

/** Many items of it are ready at any time, so that processes wait for the store and not for each other's items. */
const BOARD = dagOf('wide', ROUND_ITEMS)

export const claims1: Measurement = claimsPerSecond(1)
export const claims4: Measurement = claimsPerSecond(4)
export const claims16: Measurement = claimsPerSecond(MANY_PROCESSES)

export const claimShare16: Measurement = {
  name: `claim_share_${MANY_PROCESSES}`,
  what: `the smallest share of ${MANY_PROCESSES} processes in the claims; floor: the mean`,
  unit: 'claims',
  target: { ratioAtLeast: 0.25 },
  measure: (progress) =>
    withProcesses(MANY_PROCESSES, async (processes) => {
      const rounds: Round[] = []
      for (let n = 0; n < ROUNDS; n++) rounds.push(await playRound(processes))
      const smallest = rounds.map(({ claims }) => Math.min(...claims))
      progress(`smallest by round ${smallest.join(' ')}`)
      return { value: median(smallest), floor: ROUND_ITEMS / MANY_PROCESSES }
    }),
}

export const claimsAt100k: Measurement = {
  name: 'claims_at_100k',
  what: `claims on a board of ${MANY_ITEMS} items; floor: on one of ${ROUND_ITEMS}`,
  unit: 'claims/s',
  target: { ratioAtLeast: 0.8 },
  measure: (progress) =>
    inFolder((dir) =>
      withProcesses(1, async (processes) => {
        const path = join(dir, 'board.db')
        const board = await openBoard(path)
        await board.post(dagOf('wide', MANY_ITEMS).items)
        await board.close()
        progress(`${MANY_ITEMS} items are posted`)
        const many = (): Promise<Round> => playOn(processes, { path, items: ROUND_ITEMS })
        const few = (): Promise<Round> => playRound(processes)
        await interleaved(1, many, few)
        const { first, second } = await interleaved(ROUNDS, many, few)
        progress(`by round ${rates(first)}; on the small one ${rates(second)}`)
        return { value: median(first.map(rateOf)), floor: median(second.map(rateOf)) }
      }),
    ),
}

function claimsPerSecond(count: number): Measurement {
  return {
    name: `claims_per_s_${count}`,
    what: `items with dependencies claimed and done by ${count} process${count === 1 ? '' : 'es'}; floor: by one, by hand`,
    unit: 'claims/s',
    target: { ratioAtLeast: 0.5 },
    measure: (progress) => withProcesses(count, (processes) => against(processes, progress)),
  }
}

async function against(
  processes: readonly ChildProcess[],
  progress: (text: string) => void,
): Promise<Measured> {
  const product = (): Promise<Round> => playRound(processes)
  await interleaved(1, product, playByHand)
  const { first, second } = await interleaved(ROUNDS, product, playByHand)
  progress(`by round ${rates(first)}; by hand ${rates(second)}`)
  return { value: median(first.map(rateOf)), floor: median(second.map(rateOf)) }
}

interface Round {
  readonly ms: number
  /** Of each process. */
  readonly claims: readonly number[]
}

/** All processes on a new board, until nothing is left. */
function playRound(processes: readonly ChildProcess[]): Promise<Round> {
  return inFolder(async (dir) => {
    const path = join(dir, 'board.db')
    const board = await openBoard(path)
    await board.post(BOARD.items)
    await board.close()
    const round = await playOn(processes, { path, items: null })
    const all = round.claims.reduce((sum, each) => sum + each, 0)
    if (all !== ROUND_ITEMS) throw new Error(`${all} of ${ROUND_ITEMS} items were claimed.`)
    return round
  })
}

async function playOn(processes: readonly ChildProcess[], round: ClaimRound): Promise<Round> {
  const open = processes.map((process) => nextMessage(process))
  for (const process of processes) process.send(round)
  await Promise.all(open)
  const reports = processes.map((process) => nextMessage<ClaimReport>(process))
  const start = performance.now()
  for (const process of processes) process.send('go')
  const all = await Promise.all(reports)
  return { ms: performance.now() - start, claims: all.map(({ claims }) => claims) }
}

function playByHand(): Promise<Round> {
  return inFolder(async (dir) => {
    const floor = openBoardFloor(join(dir, 'floor.db'), BOARD.items)
    let claims = 0
    const start = performance.now()
    for (let id = floor.claim(); id !== undefined; id = floor.claim()) {
      floor.complete(id)
      claims++
    }
    const ms = performance.now() - start
    floor.close()
    return { ms, claims: [claims] }
  })
}

async function withProcesses<Result>(
  count: number,
  act: (processes: readonly ChildProcess[]) => Promise<Result>,
): Promise<Result> {
  const processes = Array.from({ length: count }, () => startModule('claim-worker.ts', []))
  try {
    return await act(processes)
  } finally {
    for (const process of processes) process.disconnect()
    await Promise.all(processes.map((process) => succeeded(process, 'A claiming process')))
  }
}

/** Claims per second of all processes together. */
function rateOf({ ms, claims }: Round): number {
  return (claims.reduce((sum, each) => sum + each, 0) * 1000) / ms
}

function rates(rounds: readonly Round[]): string {
  return `${rounds.map((round) => rateOf(round).toFixed(0)).join(' ')} per s`
}
