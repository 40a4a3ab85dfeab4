/**
 * Chaos: kills the program at every failpoint and at random moments, starts it again, and checks from outside that every
 * message was answered and every item accepted exactly once, that nothing is stuck or left, and that the log is intact.
 *
 * npm run chaos                          every failpoint once, then random runs of the scenarios: 20, and 200 kills
 * npm run chaos -- --short               fewer of everything: what CI does
 * npm run chaos -- --seed 7 --kills 200  which kills, and how many of them on boards of 30 items and on workflows
 * npm run chaos -- --only merge.intend   the failpoints with this in their name; `direct`, `board`, `workflow` or `recovery` for the rest
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FAILPOINTS, type Failpoint } from '../src/failpoints.ts'
import { deadHostRecovery, type Recovery } from './board-dead-host.ts'
import { boardAtFailpoint, boardAtRandom, isOfBoard, SHARED_POINTS } from './board-run.ts'
import { deadHostNotice } from './dead-host.ts'
import { flowAtFailpoint, flowAtRandom, FLOW_POINTS, isOfFlow, KILLS_PER_FLOW } from './flow-run.ts'
import { inFolder, live, type Program } from './life.ts'
import { verify } from './verify.ts'

const WORKER = join(import.meta.dirname, 'worker.ts')
/** A program that is killed more often than this makes no progress. */
const MAX_LIVES = 60
/** Fewer than the attempts after which a message counts as the killer of its hosts (`MAX_ATTEMPTS`). */
const RANDOM_LIVES = 8
/** A host that died must be noticed within this time, and its items be worked on again. */
const NOTICE_LIMIT_MS = 1000
/** Times that the recovery is measured; the median counts. */
const ROUNDS = 3
/** Kills of one board at most: so many random moments of one run. */
const KILLS_PER_BOARD = 50

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string' },
    casts: { type: 'string' },
    kills: { type: 'string' },
    items: { type: 'string' },
    only: { type: 'string', default: '' },
  },
})
const casts = Number(values.casts ?? (values.short ? 15 : 50))
const runs = Number(values.runs ?? (values.short ? 4 : 20))
const kills = Number(values.kills ?? (values.short ? 10 : 200))
const flowKills = Number(values.kills ?? (values.short ? 6 : 60))
const items = Number(values.items ?? (values.short ? 14 : 30))
const firstSeed = Number(values.seed)
const { only } = values

function programIn(dir: string): Program {
  return { file: WORKER, dir, args: [dir, String(casts)] }
}

/** Lives after the first until the program ends by itself. */
async function liveOn(
  dir: string,
  failpointsOf: (life: number) => string | undefined,
): Promise<{ lives: number; failure?: string }> {
  for (let lives = 1; lives <= MAX_LIVES; lives++) {
    const life = await live(programIn(dir), failpointsOf(lives))
    if (life.killed) continue
    return life.code === 0 ? { lives } : { lives, failure: `ended with ${life.code}: ${life.stderr}` }
  }
  return { lives: MAX_LIVES, failure: 'was killed too often' }
}

/** Kills at one failpoint, then lets the program end. */
async function atFailpoint(point: Failpoint): Promise<string[]> {
  return inFolder(async (dir) => {
    // Turns are lost only where a life before has left some.
    if (point.startsWith('turn.lose')) await live(programIn(dir), 'backend.run.after:3')
    const first = await live(programIn(dir), point)
    if (!first.killed) return [`the failpoint was never reached: code ${first.code} ${first.stderr}`]
    const { failure } = await liveOn(dir, () => undefined)
    return failure === undefined ? verify(dir, casts) : [failure]
  })
}

async function atRandom(seed: number): Promise<{ wrong: string[]; lives: number }> {
  let count = 0
  const wrong = await inFolder(async (dir) => {
    const { lives, failure } = await liveOn(dir, (life) =>
      life <= RANDOM_LIVES ? `random:${seed * 1000 + life}:0.01` : undefined,
    )
    count = lives
    return failure === undefined ? verify(dir, casts) : [failure]
  })
  return { wrong, lives: count }
}

let failed = 0
let passed = 0
/** @param again the options that repeat it */
function report(name: string, wrong: readonly string[], again: string, note = ''): void {
  if (wrong.length === 0) passed++
  else failed++
  console.log(`${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${name}${note}`)
  for (const each of wrong.slice(0, 10)) console.log(`     ${each}`)
  if (wrong.length > 0) console.log(`     again: npm run chaos -- ${again}`)
}

/** One failpoint in one scenario. */
interface Case {
  readonly name: string
  readonly point: Failpoint
  readonly run: (point: Failpoint) => Promise<string[]>
}

/** As many at once as there are processors: each spends most of its time in waiting for processes. */
async function runCases(cases: readonly Case[]): Promise<void> {
  const queue = [...cases]
  const lanes = Array.from({ length: Math.min(4, availableParallelism()) }, async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      report(next.name, await next.run(next.point), `--only ${next.point}`)
  })
  await Promise.all(lanes)
}

async function runDirect(): Promise<void> {
  for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
    const { wrong, lives } = await atRandom(seed)
    const again = `--only direct --seed ${seed} --runs 1 --casts ${casts}`
    report(`random seed ${seed}`, wrong, again, ` (${lives} lives)`)
  }
}

async function runFlows(): Promise<void> {
  for (let seed = firstSeed, rest = flowKills; rest > 0; seed++) {
    const count = Math.min(rest, KILLS_PER_FLOW)
    const { wrong, killed } = await flowAtRandom({ seed, kills: count })
    const again = `--only workflow --seed ${seed} --kills ${count}`
    report(`workflow seed ${seed}`, wrong, again, ` (${killed} kills)`)
    // A run that has ended early leaves the other kills to the next one.
    rest -= Math.max(killed, 1)
  }
}

async function runBoards(): Promise<void> {
  for (let seed = firstSeed, rest = kills; rest > 0; seed++) {
    const count = Math.min(rest, KILLS_PER_BOARD)
    const name = `board seed ${seed}`
    const onKill = (number: number): void =>
      void process.stderr.write(`${name}: ${number} of ${count} kills\n`)
    const begun = Date.now()
    const { wrong, killed } = await boardAtRandom({ seed, items, kills: count, onKill })
    const note = ` (${items} items, ${killed} kills, ${Math.round((Date.now() - begun) / 1000)} s)`
    report(name, wrong, `--only board --seed ${seed} --kills ${count} --items ${items}`, note)
    // A board that is done early leaves the other kills to the next one.
    rest -= Math.max(killed, 1)
  }
}

/** Measures a few times: other work on the machine must not decide. */
async function reportTimes(name: string, measure: () => Promise<Recovery>): Promise<void> {
  const all: Recovery[] = []
  for (let round = 0; round < ROUNDS; round++) all.push(await measure())
  const times = all.map(({ ms }) => ms)
  const median = times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number
  const late = median <= NOTICE_LIMIT_MS ? [] : [`after ${median} ms`]
  report(
    name,
    [...all.flatMap(({ wrong }) => wrong), ...late],
    '--only recovery',
    ` (${times.join(', ')} ms)`,
  )
}

async function runRecovery(): Promise<void> {
  await reportTimes('a dead host on the same machine is noticed', async () => ({
    ms: await deadHostNotice(),
    wrong: [],
  }))
  await reportTimes('the item of a dead host is claimed again', deadHostRecovery)
}

const cases = [
  ...FAILPOINTS.filter((point) => !isOfBoard(point) && !isOfFlow(point)).map((point) => ({
    name: point,
    point,
    run: atFailpoint,
  })),
  ...[...FAILPOINTS.filter(isOfBoard), ...SHARED_POINTS].map((point) => ({
    name: `board: ${point}`,
    point,
    run: boardAtFailpoint,
  })),
  ...[...FAILPOINTS.filter(isOfFlow), ...FLOW_POINTS].map((point) => ({
    name: `workflow: ${point}`,
    point,
    run: flowAtFailpoint,
  })),
].filter(({ point }) => point.includes(only))

const begun = Date.now()
console.log(
  `chaos: ${cases.length} failpoints once each; then from seed ${firstSeed} ${runs} runs of ${casts} casts on 5 agents, ` +
    `${kills} kills on boards of ${items} items, and ${flowKills} on runs of workflows`,
)
await runCases(cases)
if (only === '' || only === 'direct') await runDirect()
if (only === '' || only === 'board') await runBoards()
if (only === '' || only === 'workflow') await runFlows()
if (only === '' || only === 'recovery') await runRecovery()
console.log(`${passed} passed, ${failed} failed, ${Math.round((Date.now() - begun) / 1000)} s`)
process.exitCode = failed === 0 && passed > 0 ? 0 : 1
