/**
 * How many items with dependencies processes claim and settle on one board, against one process by hand.
 *
 * A disk that others use is fast in one second and slow in the next, so the product and the floor take
 * turns every fifth of a second, and the medians count.
 */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { openBoardFloor, type BoardFloor } from './board-floor.mjs'
import { openBoard } from './board-store.ts'
import type { ClaimReport, ClaimRound } from './claim-worker.ts'
import { dagOf, type DagItem } from './dags.ts'
import type { Measured, Measurement } from './figure.ts'
import { inFolder, interleaved, median, nextMessage, startModule, succeeded } from './measuring.ts'

const ROUND_MS = 200
const ROUNDS = 15
const BOARD_ITEMS = 40_000
const MANY_PROCESSES = 16
/** So many take turns at the lock: a round in which each has only one is mostly its beginning and its end. */
const MANY_ROUND_MS = 1000
const MANY_ROUNDS = 9
const MANY_BOARD_ITEMS = 80_000
/** Claims of each process before anything is measured: what a service does all day is compiled. */
const WARM_UP = 500
/** Bounds that no round meets; messages between processes have no infinity. */
const FOREVER_MS = 600_000
const ALL_ITEMS = 1_000_000

/** Both boards have the same items to claim, so that only what else lies there differs: as many more, which are less urgent. */
const SMALL_ITEMS = 1000
const MANY_ITEMS = 100_000
const SMALL_ROUNDS = 10
const SMALL_ROUND: ClaimRound = { ms: FOREVER_MS, items: SMALL_ITEMS / SMALL_ROUNDS }

export const claims1: Measurement = claimsPerSecond(1)
export const claims4: Measurement = claimsPerSecond(4)
export const claims16: Measurement = claimsPerSecond(MANY_PROCESSES)

/** A round of this one lasts long enough for everybody to have a share. */
const SHARE_ROUND_MS = 2000
const SHARE_ROUNDS = 3

export const claimShare16: Measurement = {
  name: `claim_share_${MANY_PROCESSES}`,
  what: `claims of the process that got fewest of ${MANY_PROCESSES}; floor: their mean`,
  unit: 'claims',
  target: { ratioAtLeast: 0.25 },
  measure: (progress) =>
    withBoard({ items: BOARD_ITEMS, processes: MANY_PROCESSES }, async (processes) => {
      await playRound(processes, { ms: ROUND_MS, items: ALL_ITEMS })
      const rounds: Round[] = []
      for (let n = 0; n < SHARE_ROUNDS; n++)
        rounds.push(await playRound(processes, { ms: SHARE_ROUND_MS, items: ALL_ITEMS }))
      const smallest = rounds.map(({ claims }) => Math.min(...claims))
      progress(`smallest by round ${smallest.join(' ')}; ${rates(rounds)}`)
      const means = rounds.map(({ claims }) => sumOf(claims) / MANY_PROCESSES)
      return { value: median(smallest), floor: median(means) }
    }),
}

export const claimsAt100k: Measurement = {
  name: 'claims_at_100k',
  what: `claims on a board of ${MANY_ITEMS} items; floor: on one of ${SMALL_ITEMS}`,
  unit: 'claims/s',
  target: { ratioAtLeast: 0.8 },
  measure: (progress) =>
    withBoard({ items: SMALL_ITEMS, others: MANY_ITEMS - SMALL_ITEMS, processes: 1 }, (many) =>
      withBoard({ items: SMALL_ITEMS, processes: 1 }, async (few) => {
        progress(`${MANY_ITEMS} items are posted`)
        const { first, second } = await interleaved(
          SMALL_ROUNDS,
          () => playRound(many, SMALL_ROUND),
          () => playRound(few, SMALL_ROUND),
        )
        progress(`by round ${rates(first)}; on the small one ${rates(second)}`)
        return { value: median(first.map(rateOf)), floor: median(second.map(rateOf)) }
      }),
    ),
}

function claimsPerSecond(count: number): Measurement {
  const size =
    count === MANY_PROCESSES
      ? { items: MANY_BOARD_ITEMS, ms: MANY_ROUND_MS, rounds: MANY_ROUNDS }
      : { items: BOARD_ITEMS, ms: ROUND_MS, rounds: ROUNDS }
  return {
    name: `claims_per_s_${count}`,
    what: `items with dependencies claimed and done by ${count} process${count === 1 ? '' : 'es'}; floor: by one, by hand`,
    unit: 'claims/s',
    target: { ratioAtLeast: 0.5 },
    measure: (progress) =>
      withBoard({ items: size.items, processes: count }, (processes, dir) =>
        against(processes, { dir, ...size }, progress),
      ),
  }
}

async function against(
  processes: readonly ChildProcess[],
  {
    dir,
    items,
    ms,
    rounds,
  }: { readonly dir: string; readonly items: number; readonly ms: number; readonly rounds: number },
  progress: (text: string) => void,
): Promise<Measured> {
  const floor = openBoardFloor(join(dir, 'floor.db'), dagOf('wide', items).items)
  const product = (): Promise<Round> => playRound(processes, { ms, items: ALL_ITEMS })
  await playRound(processes, { ms: FOREVER_MS, items: WARM_UP })
  playByHand(floor)
  const { first, second } = await interleaved(rounds, product, () => playByHand(floor))
  floor.close()
  progress(`by round ${rates(first)}; by hand ${rates(second)}`)
  return { value: median(first.map(rateOf)), floor: median(second.map(rateOf)) }
}

interface Round {
  readonly ms: number
  /** Of each process. */
  readonly claims: readonly number[]
}

async function playRound(processes: readonly ChildProcess[], round: ClaimRound): Promise<Round> {
  const reports = processes.map((process) => nextMessage<ClaimReport>(process))
  const start = performance.now()
  for (const process of processes) process.send(round)
  const all = await Promise.all(reports)
  return { ms: performance.now() - start, claims: all.map(({ claims }) => claims) }
}

function playByHand(floor: BoardFloor): Round {
  let claims = 0
  const start = performance.now()
  for (; performance.now() - start < ROUND_MS; claims++) {
    const id = floor.claim()
    if (id === undefined) break
    floor.complete(id)
  }
  return { ms: performance.now() - start, claims: [claims] }
}

/**
 * Calls `act` with processes that have one board open. Many of its items are ready at any time, so that
 * they wait for the store and not for each other's items.
 */
function withBoard<Result>(
  {
    items,
    others = 0,
    processes: count,
  }: { readonly items: number; readonly others?: number; readonly processes: number },
  act: (processes: readonly ChildProcess[], dir: string) => Promise<Result>,
): Promise<Result> {
  return inFolder(async (dir) => {
    const path = join(dir, 'board.db')
    const board = await openBoard(path)
    await board.post(dagOf('wide', items).items)
    if (others > 0) await board.post(renamed(dagOf('wide', others).items), 'low')
    await board.close()
    const processes = Array.from({ length: count }, () => startModule('claim-worker.ts', [path]))
    try {
      await Promise.all(processes.map((process) => nextMessage(process)))
      return await act(processes, dir)
    } finally {
      for (const process of processes) process.disconnect()
      await Promise.all(processes.map((process) => succeeded(process, 'A claiming process')))
    }
  })
}

function renamed(items: readonly DagItem[]): readonly DagItem[] {
  const other = (id: string): string => `other-${id}`
  return items.map(({ id, dependsOn, durationMs }) => ({
    id: other(id),
    durationMs,
    dependsOn: dependsOn.map(other),
  }))
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/** Claims per second of all processes together. */
function rateOf({ ms, claims }: Round): number {
  return (sumOf(claims) * 1000) / ms
}

function rates(rounds: readonly Round[]): string {
  return `${rounds.map((round) => rateOf(round).toFixed(0)).join(' ')} per s`
}
