/**
 * What `run.mjs` of every peer shares: `node run.mjs SHAPE N [--full] [--form NAME] [--dir FOLDER]` makes N no-op steps
 * durable, and prints one line of JSON, `{ms, steps, version, fsync}` or `{error}`. Plain JavaScript, since the peers'
 * packages are not there when this repository is checked.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { stepsOf } from './shapes.ts'

const CACHE = join(import.meta.dirname, '..', '..', 'node_modules', '.cache')

/** What the numbers of `PRAGMA synchronous` mean. */
const SYNCHRONOUS = ['OFF', 'NORMAL', 'FULL', 'EXTRA']

/**
 * Prepares what runs the steps, untimed, and measures the run from its order until its durable end.
 *
 * @param packages whose versions are stated
 * @param prepare gets {steps, dir, isFull, form}, gives {run, modes, close}: `run` gives how many steps ran, `modes`
 *   says, when they have run, which journal and synchronous mode they ran with
 */
export async function measurePeer(packages, prepare) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { full: { type: 'boolean', default: false }, form: { type: 'string' }, dir: { type: 'string' } },
  })
  const dir = values.dir ?? newFolder()
  let line
  try {
    const steps = stepsOf(positionals[0], Number(positionals[1]))
    const { run, modes, close } = await prepare({ steps, dir, isFull: values.full, form: values.form })
    const start = performance.now()
    const ran = await run()
    const ms = performance.now() - start
    if (ran !== steps.length) throw new Error(`${ran} of ${steps.length} steps ran.`)
    line = { ms, steps: ran, version: versionOf(packages), fsync: await modes() }
    await close()
  } catch (error) {
    line = { error: error instanceof Error ? error.message : String(error) }
    process.exitCode = 1
  }
  if (values.dir === undefined) rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  // Some peers keep timers or connections that would hold the process.
  process.stdout.write(`${JSON.stringify(line)}\n`, () => process.exit())
}

/** On the disk of the project: a system's temporary folder may be memory, where a commit costs nothing. */
function newFolder() {
  mkdirSync(CACHE, { recursive: true })
  return mkdtempSync(join(CACHE, 'atelier-peer-'))
}

/** Of the packages in the peer's own folder; the floor has none and is Node's own SQLite. */
function versionOf(packages) {
  if (packages.length === 0) return `node ${process.versions.node}, SQLite ${process.versions.sqlite}`
  const folder = join(process.argv[1], '..', 'node_modules')
  return packages
    .map((name) => `${name} ${JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8')).version}`)
    .join(', ')
}

/** @param {{journal: unknown, synchronous: unknown}} answers of the two pragmas */
export function modesOf({ journal, synchronous }) {
  return `${String(journal)}, ${SYNCHRONOUS[Number(synchronous)] ?? String(synchronous)}`
}

/** Runs each step as soon as those it depends on have run, as a program with promises does it. */
export async function runAsReady(steps, runStep) {
  const ended = new Map()
  for (const { id, dependsOn } of steps) {
    const before = Promise.all(dependsOn.map((each) => ended.get(each)))
    ended.set(
      id,
      before.then(() => runStep(id)),
    )
  }
  await Promise.all(ended.values())
}
