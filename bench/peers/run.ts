/** `npm run bench:peers`: the same no-op steps on other durable engines, side by side, each in a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { inFolder } from '../measuring.ts'
import { cellOf, outcomeOf, type Cell, type Outcome } from './cell.ts'
import { choiceOf, USAGE, type Choice, type Task } from './choice.ts'
import { install } from './install.ts'
import { FLOOR, type Peer } from './peers.ts'
import { jsonOf, tableOf, type Row } from './table.ts'

const LIMIT_MS = 120_000

/** What takes longer is measured once: what disturbs it is a small part of it, and everybody waits. */
const LONG_MS = 20_000

/** Nothing is reported to anybody, and no run is traced. */
const ENVIRONMENT = {
  ...process.env,
  NODE_ENV: 'production',
  LANGSMITH_TRACING: 'false',
  LANGCHAIN_TRACING_V2: 'false',
  MASTRA_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
}

async function main(): Promise<number> {
  let choice: Choice
  try {
    choice = choiceOf(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n${USAGE}`)
    return 2
  }
  const peers = [FLOOR, ...choice.peers]
  const missing = installed(peers)
  const rows: Row[] = []
  for (const task of choice.tasks) rows.push(await rowOf(task, { peers, missing, rounds: choice.rounds }))
  process.stdout.write(choice.json ? jsonOf(rows) : tableOf(peers, rows))
  return missing.size === 0 ? 0 : 1
}

/** Why a peer's packages are not there, by its folder. */
function installed(peers: readonly Peer[]): ReadonlyMap<string, string> {
  const missing = new Map<string, string>()
  for (const folder of new Set(peers.filter(({ hasPackages }) => hasPackages).map((peer) => peer.folder))) {
    try {
      install(join(import.meta.dirname, folder), (text) => say(`${folder}: ${text}`))
    } catch (error) {
      missing.set(folder, `${folder} could not be installed here: ${messageOf(error)}`)
    }
  }
  return missing
}

/** The peers take turns in each round: others use the machine, too. */
async function rowOf(
  task: Task,
  {
    peers,
    missing,
    rounds,
  }: {
    readonly peers: readonly Peer[]
    readonly missing: ReadonlyMap<string, string>
    readonly rounds: number
  },
): Promise<Row> {
  const outcomes = new Map<string, Outcome[]>(peers.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const peer of peers) {
      const before = outcomes.get(peer.name) ?? []
      if (!before.every(isWorthRepeating)) continue
      const why = missing.get(peer.folder)
      const outcome = why === undefined ? await run(peer, task) : { error: why }
      before.push(outcome)
      say(`${task.shape} ${task.size} ${task.sync} ${peer.name}: ${JSON.stringify(outcome)}`)
    }
  }
  const cells = new Map<string, Cell>([...outcomes].map(([name, found]) => [name, cellOf(found)]))
  return { task, cells }
}

function isWorthRepeating(outcome: Outcome): boolean {
  return 'ms' in outcome && outcome.ms < LONG_MS
}

async function run({ folder, words }: Peer, { shape, size, sync }: Task): Promise<Outcome> {
  return inFolder(async (dir) => {
    const program = join(import.meta.dirname, folder, 'run.mjs')
    const args = [
      program,
      shape,
      String(size),
      ...words,
      '--dir',
      dir,
      ...(sync === 'full' ? ['--full'] : []),
    ]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: ENVIRONMENT })
    let isOver = false
    const limit = setTimeout(() => {
      isOver = true
      child.kill('SIGKILL')
    }, LIMIT_MS)
    let [output, errors] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece))
    child.stderr.setEncoding('utf8').on('data', (piece: string) => (errors += piece))
    await once(child, 'close')
    clearTimeout(limit)
    if (isOver) return { over: LIMIT_MS }
    const ending = String(child.exitCode ?? child.signalCode)
    return outcomeOf(output) ?? { error: `${folder} ended with ${ending}: ${lastLineOf(errors)}` }
  })
}

function lastLineOf(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

process.exitCode = await main()
