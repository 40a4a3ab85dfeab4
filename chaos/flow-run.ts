/** Kills programs that run a workflow, at failpoints and at random moments, and looks at what they leave. */
import { join } from 'node:path'
import { MAX_LOSSES } from '../src/board/settling.ts'
import type { Failpoint } from '../src/failpoints.ts'
import { makeProject } from './board-project.ts'
import { outcomeIn, verifyFlow } from './flow-verify.ts'
import { endOf, liveOn, sequence, type Killing } from './killing.ts'
import { inFolder, live, type Program } from './life.ts'

const WORKER = join(import.meta.dirname, 'flow-worker.ts')
/** Areas whose failpoints only a workflow passes. */
const AREAS = ['run', 'workflow']
/** Fewer than the losses after which an item counts as the killer of its hosts. */
export const KILLS_PER_FLOW: number = MAX_LOSSES - 1
/** Programs that go on with the same run at once. */
const PROGRAMS = 2

/** True for a failpoint that the scenario of a workflow is to hit. */
export function isOfFlow(point: Failpoint): boolean {
  return AREAS.includes(point.slice(0, point.indexOf('.')))
}

/** Failpoints of other scenarios in which a run goes on, too. */
export const FLOW_POINTS: readonly Failpoint[] = [
  'inbox.change.before-commit',
  'inbox.change.after-commit',
  'item.claim.after-commit',
  'item.settle.before-commit',
  'item.settle.after-commit',
  'merge.settle.after-commit',
  'turn.finish.after-commit',
  'turn.lose.after-commit',
]

function programOf(dir: string): Program {
  return { file: WORKER, dir, args: [dir] }
}

let undisturbed: Promise<string> | undefined

/** What a run comes to that nobody kills: made once, all others are compared with it. */
function expected(): Promise<string> {
  return (undisturbed ??= outcomeOfUndisturbed())
}

async function outcomeOfUndisturbed(): Promise<string> {
  let outcome = ''
  const wrong = await inFolder(async (dir) => {
    makeProject(dir)
    const ends = endOf(await live(programOf(dir), undefined))
    outcome = await outcomeIn(dir)
    return [...ends, ...(await verifyFlow(dir, outcome))]
  })
  if (wrong.length > 0) throw new Error(`A run that nobody disturbs is wrong: ${wrong.join('; ')}`)
  return outcome
}

/** Kills at one failpoint, then lets two programs go on at once. */
export function flowAtFailpoint(point: Failpoint): Promise<string[]> {
  return inFolder(async (dir) => {
    const outcome = await expected()
    makeProject(dir)
    // Something is lost only where a life before has left it.
    if (point.startsWith('turn.lose')) await live(programOf(dir), 'backend.run.after:3')
    const first = await live(programOf(dir), point)
    if (!first.killed) return [`the failpoint was never reached: code ${first.code} ${first.stderr}`]
    const ends = await Promise.all(Array.from({ length: PROGRAMS }, () => live(programOf(dir), undefined)))
    return [...ends.flatMap(endOf), ...(await verifyFlow(dir, outcome))]
  })
}

export interface FlowRun {
  readonly seed: number
  /** At most; fewer where the run has ended before. */
  readonly kills: number
}

/** Two programs on one run, each killed and started again until so many kills were made. */
export async function flowAtRandom(
  run: FlowRun,
): Promise<{ readonly wrong: readonly string[]; readonly killed: number }> {
  let killed = 0
  const wrong = await inFolder(async (dir) => {
    const outcome = await expected()
    makeProject(dir)
    const random = sequence(run.seed)
    let left = run.kills
    const killing: Killing = { random, arm: () => left-- > 0, onKill: () => void killed++ }
    const ends = await Promise.all(Array.from({ length: PROGRAMS }, () => liveOn(programOf(dir), killing)))
    // Whoever was killed last may have left something that only the next program sees.
    const last = endOf(await live(programOf(dir), undefined))
    return [...ends.flat(), ...last, ...(await verifyFlow(dir, outcome))]
  })
  return { wrong, killed }
}
