/** Kills programs that run a workflow, at failpoints and at random moments, and looks at what they leave. */
import { join } from 'node:path'
import type { Failpoint } from '../src/failpoints.ts'
import { projection } from '../src/projection.ts'
import { openSqliteStore } from '../src/stores/sqlite/store.ts'
import { systemClock } from '../src/time/system-clock.ts'
import { gitIn, makeProject, projectIn } from './board-project.ts'
import { inFolder, live, type Program } from './life.ts'

const WORKER = join(import.meta.dirname, 'flow-worker.ts')
/** Areas whose failpoints only a workflow passes. */
const AREAS = ['run', 'workflow']
/** Fewer than the losses after which an item counts as the killer of its hosts. */
const RANDOM_LIVES = 4

/** True for a failpoint that the scenario of a workflow is to hit. */
export function isOfFlow(point: Failpoint): boolean {
  return AREAS.includes(point.slice(0, point.indexOf('.')))
}

/** Failpoints of other scenarios in which a run goes on, too. */
export const FLOW_POINTS: readonly Failpoint[] = [
  'inbox.change.after-commit',
  'item.claim.after-commit',
  'item.settle.before-commit',
  'item.settle.after-commit',
  'merge.settle.after-commit',
  'turn.finish.after-commit',
]

function programOf(dir: string): Program {
  return { file: WORKER, dir, args: [dir] }
}

/** Kills at one failpoint, then lets the program end. */
export function flowAtFailpoint(point: Failpoint): Promise<string[]> {
  return inFolder(async (dir) => {
    makeProject(dir)
    const first = await live(programOf(dir), point)
    if (!first.killed) return [`the failpoint was never reached: code ${first.code} ${first.stderr}`]
    return finish(dir)
  })
}

/** Kills some lives at random moments, then lets the program end. */
export function flowAtRandom(seed: number): Promise<string[]> {
  return inFolder(async (dir) => {
    makeProject(dir)
    for (let number = 1; number <= RANDOM_LIVES; number++) {
      const life = await live(programOf(dir), `random:${seed * 1000 + number}:0.01`)
      if (!life.killed) break
    }
    return finish(dir)
  })
}

async function finish(dir: string): Promise<string[]> {
  const last = await live(programOf(dir), undefined)
  const end = last.code === 0 ? [] : [`ended with ${last.code}: ${last.stderr}`]
  return [...end, ...(await verifyFlow(dir))]
}

/** What must be true of a run after any chaos: each part was settled once, and the work came to the branch once. */
async function verifyFlow(dir: string): Promise<string[]> {
  const wrong: string[] = []
  const project = projectIn(dir)
  const path = join(project, '.atelier', 'state', 'atelier.db')
  const store = await openSqliteStore({ path, projection, clock: systemClock })
  try {
    const runs = await store.read((reader) => reader.list('run'))
    for (const { id, state } of runs) if (state !== 'completed') wrong.push(`${id} is ${state}`)
    if (runs.length !== 2) wrong.push(`there are ${runs.length} runs: ${runs.map(({ id }) => id).join(', ')}`)
    const events = await store.events({
      after: 0,
      types: ['item.posted', 'item.done', 'stage.done'],
    })
    const seen = new Set<string>()
    for (const event of events) {
      const { type } = event
      const what =
        event.type === 'stage.done'
          ? `${event.data.run} ${event.data.stage} ${event.data.round}`
          : 'item' in event.data
            ? event.data.item
            : ''
      if (seen.has(`${type} ${what}`)) wrong.push(`${type} twice for ${what}`)
      seen.add(`${type} ${what}`)
    }
  } finally {
    await store.close()
  }
  const merges = gitIn(
    project,
    'log',
    '--first-parent',
    '--format=%(trailers:key=Atelier-Item,valueonly)',
    'main',
  )
  const merged = merges.split('\n').filter((line) => line !== '')
  if (merged.join(' ') !== 'chaos-1/merge') wrong.push(`merged: ${merged.join(', ') || 'nothing'}`)
  return wrong
}
