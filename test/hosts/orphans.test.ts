/**
 * No process is left: turns whose tools start processes in the background, in sessions of their own, are cancelled,
 * killed and given up at random, and so are their hosts. Seen from outside, by /proc.
 *
 * ATELIER_ORPHANS_SEED=7 repeats the choices of a run; it prints its seed.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { AtelierEvent } from '../../src/events.ts'
import type { HostedWorkshop } from '../../src/facade/workshop.ts'
import { randomFraction } from '../../src/ids.ts'
import { sleep } from '../../src/time/clock.ts'
import { systemClock } from '../../src/time/system-clock.ts'
import { openWorkshop } from '../../src/workshop.ts'
import { processesGiven, processesWith } from '../cli/processes.ts'
import { temporaryFolder } from '../direct/team.ts'
import { until } from '../processes/support.ts'
import { startChild, type TestProcess } from './processes.ts'

const TURNS = 100
const HOSTS = 3
const AGENTS = Array.from({ length: 8 }, (_, n) => `agent${n}`)
const LONGEST_PEACE_MS = 150

/** What a tool starts and leaves; `SLEEP` is a sleep that only this run has. */
const BACKGROUND = [
  'setsid SLEEP &',
  'nohup setsid SLEEP >/dev/null 2>&1 &',
  '(setsid sh -c \'trap "" TERM HUP; SLEEP & setsid SLEEP & wait\' &)',
  'for n in 1 2 3 4 5; do (cd / && setsid SLEEP &); done',
  // One that forks while it is being ended.
  "setsid sh -c 'while :; do setsid SLEEP & sleep 0.1; done' &",
]
const ENDINGS = [
  'sleep 0.05; echo done',
  'exit 3',
  'SLEEP',
  'SLEEP',
  'SLEEP',
  'trap "" TERM; SLEEP & wait; SLEEP',
]

const ACTS = [
  'cancel',
  'cancel',
  'cancel',
  'kill child',
  'kill child',
  'kill host',
  'kill host',
  'give up',
] as const

test('100 turns with background processes, ended in every way, leave no process, also when nobody restarts a host', async () => {
  const run = await Run.open()
  await run.play(TURNS)
  // The hosts are alive: it is they who have left nothing.
  await until('nothing is left of what was cancelled and killed', () => run.sleepers().length === 0)

  for (const agent of AGENTS) await run.shop.cast(agent, run.script('SLEEP'))
  await until('every agent works', () => run.sleepers().length >= 2 * AGENTS.length)
  for (const { child } of run.hosts) child.kill('SIGKILL')
  await Promise.all(run.hosts.map(({ ended }) => ended))
  await until('nothing is left of what was orphaned', () => run.sleepers().length === 0)
  await until('no guard is left, nor anything else', () => run.marked().length === 0)
  expect(run.entries()).toEqual([])
  await run.shop.close({ drain: false })
}, 120_000)

test('a host ends what a dead one left before it hands on its messages, also when the guard was killed first', async () => {
  const [dir, state] = [await temporaryFolder(), await temporaryFolder()]
  // It looks after other hosts, and runs no agent itself.
  const shop = await openWorkshop({ dir, config: false, hostAgents: [] })
  shop.configure({ backend: 'command', backendConfig: { command: ['/bin/sh', '-c'], input: 'argument' } })
  await shop.agent('worker', '').stored
  const host = startChild('command-host.ts', [dir], { XDG_STATE_HOME: state })
  await host.line('ready')
  await shop.cast('worker', 'setsid sleep 600 & sleep 600')
  // The host, its guard, the shell and two that sleep.
  await until('the agent works', () => processesWith(state).length === 5)
  const watch = shop.watch({ types: ['turn.lost'] })
  for (const pid of guardsIn(state)) kill(pid)
  host.child.kill('SIGKILL')
  await watch.next()
  expect(processesWith(state)).toEqual([])
  await shop.close({ drain: false })
})

function guardsIn(state: string): number[] {
  const guards = processesWith('ATELIER_GUARD=')
  return processesWith(state).filter((pid) => guards.includes(pid))
}

class Run {
  readonly shop: HostedWorkshop
  readonly dir: string
  readonly state: string
  hosts: TestProcess[] = []
  readonly #random: () => number
  readonly #duration: string
  readonly #cancel = new Map<string, AbortController>()
  readonly #watching = new AbortController()
  #started = 0

  constructor(shop: HostedWorkshop, dir: string, state: string, seed: number) {
    this.shop = shop
    this.dir = dir
    this.state = state
    this.#random = sequence(seed)
    // A number that no other process has among its arguments.
    this.#duration = `86400.${process.pid}${Math.floor(randomFraction() * 1e9)}`
  }

  static async open(): Promise<Run> {
    const seed = Number(process.env['ATELIER_ORPHANS_SEED'] ?? Math.floor(randomFraction() * 2 ** 31))
    process.stdout.write(`orphans: ATELIER_ORPHANS_SEED=${seed}\n`)
    const dir = await temporaryFolder()
    const shop = await openWorkshop({ dir, config: false, host: 'none' })
    shop.configure({ backend: 'command', backendConfig: { command: ['/bin/sh', '-c'], input: 'argument' } })
    for (const agent of AGENTS) await shop.agent(agent, '').stored
    const run = new Run(shop, dir, await temporaryFolder(), seed)
    // A run that fails leaves nothing either.
    onTestFinished(async () => {
      for (const { child } of run.hosts) child.kill('SIGKILL')
      await until('nothing is left', () => run.marked().filter(kill).length === 0)
    })
    await Promise.all(Array.from({ length: HOSTS }, () => run.#startHost()))
    return run
  }

  /** A turn that starts processes in the background, then ends so. */
  script(ending: string): string {
    return `${this.#pick(BACKGROUND)}\n${ending}`.replaceAll('SLEEP', `sleep ${this.#duration}`)
  }

  /** Keeps every agent busy until so many turns were started, and ends each of them somehow. */
  async play(turns: number): Promise<void> {
    const watched = this.#watch()
    await Promise.all(
      AGENTS.map(async (agent) => {
        while (this.#started < turns) await this.#ask(agent)
      }),
    )
    this.#watching.abort()
    await watched
  }

  /** The processes of this run's tools: told by what they are, whatever they carry. */
  sleepers(): number[] {
    return processesGiven(this.#duration)
  }

  /** Everything that was started with this run's environment: hosts, guards, and what carries a marker. */
  marked(): number[] {
    return processesWith(this.state)
  }

  /** Hosts in the ledger; a host that is killed while it writes leaves a file of another name. */
  entries(): string[] {
    return readdirSync(join(this.state, 'atelier', 'hosts')).filter((name) => name.endsWith('.json'))
  }

  async #ask(agent: string): Promise<void> {
    const cancel = new AbortController()
    this.#cancel.set(agent, cancel)
    await this.shop.ask(agent, this.script(this.#pick(ENDINGS)), { signal: cancel.signal }).catch(() => {})
  }

  async #watch(): Promise<void> {
    const acts: Promise<void>[] = []
    const { signal } = this.#watching
    for await (const event of this.shop.watch({ types: ['turn.started'], signal })) {
      if (event.type !== 'turn.started') continue
      this.#started++
      acts.push(this.#end(event))
    }
    await Promise.all(acts)
  }

  async #end({ data }: Extract<AtelierEvent, { type: 'turn.started' }>): Promise<void> {
    const act = this.#pick(ACTS)
    await sleep(systemClock, this.#random() * LONGEST_PEACE_MS)
    const { pid } = (await this.shop.hosts()).find(({ id }) => id === data.host) ?? {}
    if (act === 'kill child') killChild(pid, data.turn)
    else if (act !== 'cancel') await this.#replace(pid, act === 'kill host' ? 'SIGKILL' : 'SIGTERM')
    // Whatever became of the turn, its message goes with it.
    this.#cancel.get(data.agent)?.abort()
  }

  async #replace(pid: number | undefined, signal: NodeJS.Signals): Promise<void> {
    const host = this.hosts.find(({ child }) => child.pid === pid)
    if (host === undefined) return
    this.hosts = this.hosts.filter((other) => other !== host)
    host.child.kill(signal)
    await Promise.all([host.ended, this.#startHost()])
  }

  async #startHost(): Promise<void> {
    const host = startChild('command-host.ts', [this.dir], { XDG_STATE_HOME: this.state })
    this.hosts.push(host)
    await host.line('ready').catch((error: unknown) => {
      // It may be killed before it says so: it has taken over turns by then.
      if (this.hosts.includes(host)) throw error
    })
  }

  #pick<One>(from: readonly One[]): One {
    return from[Math.floor(this.#random() * from.length)] as One
  }
}

/** Mulberry32. */
function sequence(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Kills what the host itself has started for a turn: a coding agent that crashes. */
function killChild(host: number | undefined, turn: string): void {
  for (const pid of processesWith(`ATELIER_TURN=${turn}`)) if (parentOf(pid) === host) kill(pid)
}

/** False if it has ended since it was seen. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    return false
  }
}

/** Undefined for a process that has ended. */
function parentOf(pid: number): number | undefined {
  try {
    return Number(/^PPid:\s+(\d+)/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return undefined
  }
}
