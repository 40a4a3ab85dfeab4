/** Kills programs that work on a board, at failpoints and at random moments, and looks at what they leave. */
import { join } from 'node:path'
import type { Failpoint } from '../src/failpoints.ts'
import { makeProject } from './board-project.ts'
import { verifyBoard } from './board-verify.ts'
import { inFolder, live, start, type Life, type Program } from './life.ts'

const WORKER = join(import.meta.dirname, 'board-worker.ts')
/** Enough for two items that conflict, one that is red, one whose turn fails and one whose attempt is suspended. */
const SMALL_BOARD = 5
/** A program that is killed at none of its failpoints for so long is killed from outside. */
const LONGEST_LIFE_MS = 6000
/** How likely each failpoint kills: a life passes some hundred of them. */
const PROBABILITY = 0.01
/** Programs that work on the same board at once. */
const PROGRAMS = ['a', 'b'] as const
/** Beyond this a run is stuck, ms. */
const STUCK_MS = 10 * 60_000

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

interface Killing {
  readonly random: () => number
  /** True while this life is to be killed. */
  readonly arm: () => boolean
  readonly onKill: () => void
}

/** Lives of one program until it ends by itself. */
async function liveOn(program: Program, { random, arm, onKill }: Killing): Promise<string[]> {
  for (;;) {
    const isArmed = arm()
    // Half of the kills fall between commits and effects, the others wherever the program is.
    const failpoints = isArmed ? `random:${Math.floor(random() * 2 ** 31)}:${PROBABILITY}` : undefined
    const limitMs = random() < 0.5 ? random() * LONGEST_LIFE_MS : LONGEST_LIFE_MS
    const { child, ended } = start(program, failpoints)
    const timer = setTimeout(() => child.kill('SIGKILL'), isArmed ? limitMs : STUCK_MS)
    const life = await ended
    clearTimeout(timer)
    if (!life.killed || !isArmed) return endOf(life)
    onKill()
  }
}

function endOf({ killed, code, stderr }: Life): string[] {
  if (killed) return ['got stuck']
  return code === 0 && stderr.trim() === '' ? [] : [`ended with ${code}: ${stderr}`]
}

/** A repeatable sequence in [0, 1), so that a seed gives the same kills as far as two programs at once can. */
function sequence(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
