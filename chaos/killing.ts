/** Kills the lives of a program at random moments, by a seed. */
import { start, type Life, type Program } from './life.ts'

/** A program that is killed at none of its failpoints for so long is killed from outside. */
const LONGEST_LIFE_MS = 6000
/** How likely each failpoint kills: a life passes some hundred of them. */
const PROBABILITY = 0.01
/** Beyond this a run is stuck, ms. */
export const STUCK_MS: number = 10 * 60_000

/** When lives of a program are ended. */
export interface Killing {
  readonly random: () => number
  /** True while this life is to be killed. */
  readonly arm: () => boolean
  readonly onKill: () => void
}

/** Lives of one program until it ends by itself. */
export async function liveOn(program: Program, { random, arm, onKill }: Killing): Promise<string[]> {
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

/** What is wrong with how a life ended that nobody killed. */
export function endOf({ killed, code, stderr }: Life): string[] {
  if (killed) return ['got stuck']
  return code === 0 && stderr.trim() === '' ? [] : [`ended with ${code}: ${stderr}`]
}

/** A repeatable sequence in [0, 1), so that a seed gives the same kills as far as two programs at once can. */
export function sequence(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
