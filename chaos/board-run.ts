/** Kills programs that work on a board, at failpoints and at random moments, and looks at what they leave. */
import { join } from 'node:path'
import type { Failpoint } from '../src/failpoints.ts'
import { makeProject } from './board-project.ts'
import { verifyBoard } from './board-verify.ts'
import { endOf, liveOn, sequence, STUCK_MS } from './killing.ts'
import { inFolder, live, type Program } from './life.ts'

const WORKER = join(import.meta.dirname, 'board-worker.ts')
/** Enough for two items that conflict, one that is red, one whose turn fails and one whose attempt is suspended. */
const SMALL_BOARD = 5
/** Programs that work on the same board at once. */
const PROGRAMS = ['a', 'b'] as const

/** Areas whose failpoints only a board passes. */
const AREAS = ['change', 'git', 'inbox', 'item', 'merge', 'worktree']

/** True for a failpoint that the board scenario is to hit; the others belong to the scenario of direct calls. */
export function isOfBoard(point: Failpoint): boolean {
  const [area = ''] = point.split('.')
  return AREAS.includes(area)
}

/** Failpoints of both scenarios: what a dead host had of a board goes with its turns. */
export const SHARED_POINTS: readonly Failpoint[] = [
  'turn.lose.before-commit',
  'turn.lose.after-commit',
  'turn.finish.after-commit',
  'backend.run.before',
]

function programOf(dir: string, count: number, name: string): Program {
  return { file: WORKER, dir, args: [dir, String(count), name] }
}

/** Kills at one failpoint, then lets the program end. */
export function boardAtFailpoint(point: Failpoint): Promise<string[]> {
  return inFolder(async (dir) => {
    makeProject(dir)
    const program = programOf(dir, SMALL_BOARD, 'a')
    // Something is lost only where a life before has left it.
    if (point.startsWith('turn.lose')) await live(program, 'backend.run.after:3')
    const first = await live(program, point)
    if (!first.killed) return [`the failpoint was never reached: code ${first.code} ${first.stderr}`]
    const last = await live(program, undefined)
    return [...endOf(last), ...(await verifyBoard(dir, SMALL_BOARD))]
  })
}

export interface BoardRun {
  readonly seed: number
  readonly items: number
  /** At most; fewer where the board is done before. */
  readonly kills: number
  /** Told of each kill. */
  readonly onKill: (killed: number) => void
}

/** Two programs on one board, each killed and started again until so many kills were made. */
export async function boardAtRandom(
  run: BoardRun,
): Promise<{ readonly wrong: readonly string[]; readonly killed: number }> {
  let killed = 0
  const onKill = (): void => run.onKill(++killed)
  const wrong = await inFolder(async (dir) => {
    makeProject(dir)
    const random = sequence(run.seed)
    const deadline = Date.now() + STUCK_MS
    let left = run.kills
    const arm = (): boolean => left-- > 0 && Date.now() < deadline
    const ends = await Promise.all(
      PROGRAMS.map((name) => liveOn(programOf(dir, run.items, name), { random, arm, onKill })),
    )
    // Whoever was killed last may have left something that only the next program sees.
    const last = ends.flat().length > 0 ? [] : endOf(await live(programOf(dir, run.items, 'a'), undefined))
    return [...ends.flat(), ...last, ...(await verifyBoard(dir, run.items))]
  })
  return { wrong, killed }
}
