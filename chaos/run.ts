/**
 * Chaos: kills the program at every failpoint and at random ones, starts it again, and checks from outside that
 * every message was answered exactly once, that none is stuck, and that the log is intact.
 *
 * npm run chaos                     every failpoint once, then 20 random runs
 * npm run chaos -- --short          fewer casts and random runs: what CI does
 * npm run chaos -- --seed 7 --runs 3 --casts 50
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FAILPOINTS, type Failpoint } from '../src/failpoints.ts'
import { deadHostNotice } from './dead-host.ts'
import { verify, verifyProcesses } from './verify.ts'

const WORKER = join(import.meta.dirname, 'worker.ts')
/** A program that is killed more often than this makes no progress. */
const MAX_LIVES = 60
/** Fewer than the attempts after which a message counts as the killer of its hosts (`MAX_ATTEMPTS`). */
const RANDOM_LIVES = 8
/** A host that died must be noticed within this time. */
const NOTICE_LIMIT_MS = 1000

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    runs: { type: 'string' },
    casts: { type: 'string' },
  },
})
const casts = Number(values.casts ?? (values.short ? 15 : 50))
const runs = Number(values.runs ?? (values.short ? 4 : 20))
const firstSeed = Number(values.seed)

interface Life {
  readonly killed: boolean
  readonly code: number | null
  readonly stderr: string
}

/** Runs the program once; `failpoints` is what `ATELIER_FAILPOINTS` says. */
function live(dir: string, failpoints: string | undefined): Promise<Life> {
  const env: NodeJS.ProcessEnv = { ...process.env, XDG_STATE_HOME: dir }
  delete env['ATELIER_FAILPOINTS']
  if (failpoints !== undefined) env['ATELIER_FAILPOINTS'] = failpoints
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [WORKER, dir, String(casts)], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let stderr = ''
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(-4000)))
    child.on('close', (code, signal) => resolve({ killed: signal === 'SIGKILL', code, stderr }))
  })
}

/** Lives after the first until the program ends by itself. */
async function liveOn(
  dir: string,
  failpointsOf: (life: number) => string | undefined,
): Promise<{ lives: number; failure?: string }> {
  for (let lives = 1; lives <= MAX_LIVES; lives++) {
    const life = await live(dir, failpointsOf(lives))
    if (life.killed) continue
    return life.code === 0 ? { lives } : { lives, failure: `ended with ${life.code}: ${life.stderr}` }
  }
  return { lives: MAX_LIVES, failure: 'was killed too often' }
}

async function inFolder(act: (dir: string) => Promise<string[]>): Promise<string[]> {
  const dir = await mkdtemp(join(tmpdir(), 'atelier-chaos-'))
  const wrong = [...(await act(dir)), ...(await verifyProcesses(dir))]
  if (wrong.length === 0) await rm(dir, { recursive: true, force: true })
  else console.log(`  kept: ${dir}`)
  return wrong
}

/** Kills at one failpoint, then lets the program end. */
async function atFailpoint(point: Failpoint): Promise<string[]> {
  return inFolder(async (dir) => {
    // Turns are lost only where a life before has left some.
    if (point.startsWith('turn.lose')) await live(dir, 'backend.run.after:3')
    const first = await live(dir, point)
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
function report(name: string, wrong: readonly string[], note = ''): void {
  if (wrong.length === 0) passed++
  else failed++
  console.log(`${wrong.length === 0 ? 'ok  ' : 'FAIL'} ${name}${note}`)
  for (const each of wrong.slice(0, 10)) console.log(`     ${each}`)
}

console.log(
  `chaos: ${casts} casts on 5 agents; ${FAILPOINTS.length} failpoints once each, then ${runs} random runs from seed ${firstSeed}`,
)
for (const point of FAILPOINTS) report(point, await atFailpoint(point))
for (let seed = firstSeed; seed < firstSeed + runs; seed++) {
  const { wrong, lives } = await atRandom(seed)
  report(`random seed ${seed}`, wrong, ` (${lives} lives)`)
}
const noticed = await deadHostNotice()
report(
  'a dead host on the same machine is noticed',
  noticed <= NOTICE_LIMIT_MS ? [] : [`after ${noticed} ms`],
  ` (${noticed} ms)`,
)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
