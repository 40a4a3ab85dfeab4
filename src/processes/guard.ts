/**
 * The guard of a host: a process that does nothing but wait for the host's death, and then ends what the host started.
 *
 *     waiting ── reads a word: the host ended in order ── exits
 *        └────── end of file: the host died ── sweeps the host's marker until nothing is left ── exits
 *
 * It waits as a shell, which takes less than two megabytes, and becomes Node when there is something to do. The pipe is closed by the
 * system, however the host dies. A child that the host has forked and that has not yet become its program holds a copy of
 * the pipe, which closes as it does: so the guard wakes only when every child can be told by its marker.
 */
import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { extname, join } from 'node:path'

import { messageOf } from '../errors.ts'
import { crash } from '../failpoints.ts'
import { sleep } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { childEnvironment, GUARD_VARIABLE } from './environment.ts'
import { isDead, readStat } from './identity.ts'
import { enterHost, strikeHost } from './ledger.ts'
import { sweep } from './sweep.ts'

/** The word may be any; that the line ends is what counts. */
const RELEASE = 'released\n'
const SCRIPT = 'read -r word || exec "$@"'

/** A shell reads a word in a millisecond; one that was frozen never does. */
const DISMISS_LIMIT_MS = 2000

/** The hosts of this process that started children. */
const guards = new Map<string, Guard>()
let isWarned = false

/**
 * Starts the host's guard and enters the host in the ledger, if that has not been done; called before each of its children
 * starts. Never throws: where there can be no guard its children are started all the same, and a warning says so once.
 * What a turn started is ended with the turn without it, so that refusing to work would cost more than it saves.
 * @param dir the folder of the child
 */
export async function guardHost(host: string, dir: string): Promise<void> {
  let guard = guards.get(host)
  if (guard === undefined) guards.set(host, (guard = new Guard(host)))
  await guard.ensure(dir)
}

/** Ends what is left of a host of this process that ends in order, and its guard. Costs nothing if it started nothing. */
export async function releaseHost(host: string): Promise<void> {
  const guard = guards.get(host)
  guards.delete(host)
  await guard?.release()
}

class Guard {
  readonly #host: string
  #isEntered = false
  #process: ChildProcess | undefined
  #ready: Promise<void> = Promise.resolve()

  constructor(host: string) {
    this.#host = host
  }

  /** One after the other: children that start at the same moment share one guard. */
  ensure(dir: string): Promise<void> {
    this.#ready = this.#ready.then(async () => {
      // First, so that there is no moment in which an entry has nobody who strikes it out.
      try {
        if (!isRunning(this.#process)) this.#process = await startGuard(this.#host)
      } catch (thrown) {
        warn(
          `The guard of this host cannot be started (${messageOf(thrown)}): if this process is killed, what its agents ` +
            'have started goes on until the next atelier command.',
        )
      }
      try {
        if (!this.#isEntered) enterHost(this.#host, dir, systemClock.now())
        this.#isEntered = true
      } catch (thrown) {
        warn(
          `The ledger of hosts cannot be written (${messageOf(thrown)}): if this process and its guard are both killed, ` +
            'what its agents have started goes on. Make that folder writable, or name another one with XDG_STATE_HOME.',
        )
      }
    })
    return this.#ready
  }

  async release(): Promise<void> {
    await this.#ready
    // Such as the processes of a turn whose backend did not end when it was cancelled.
    const { left } = await sweep({ markers: { host: this.#host } })
    crash('guard.release.before')
    if (isRunning(this.#process)) await dismiss(this.#process)
    crash('guard.release.after')
    if (left === 0) strikeHost(this.#host)
  }
}

function isRunning(guard: ChildProcess | undefined): guard is ChildProcess {
  if (guard?.exitCode !== null || guard.signalCode !== null) return false
  // It may have ended just now: Node says so in a later turn of the event loop, and it is not reaped before.
  const stat = readStat(guard.pid as number)
  return stat === undefined || !isDead(stat.state)
}

/** @throws Error of the system, if there is no shell or no room for another process */
async function startGuard(host: string): Promise<ChildProcess> {
  const program = join(import.meta.dirname, `guard-main${extname(import.meta.filename)}`)
  const { spawn } = await import('node:child_process')
  crash('guard.start.before')
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'sh', process.execPath, program, host], {
    // It keeps no folder busy and no stream open, and no Ctrl-C or hangup of a terminal reaches it.
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: childEnvironment({ set: { [GUARD_VARIABLE]: host } }),
  })
  const { stdin } = guard
  // A guard that was killed closes the pipe; the next child starts another one.
  stdin.on('error', () => {})
  await new Promise<void>((resolve, reject) => {
    guard.once('spawn', resolve).once('error', reject)
  })
  guard.unref()
  ;(stdin as Socket).unref()
  crash('guard.start.after')
  return guard
}

/** Waits for its end, so that a host that has ended in order leaves not even its guard. */
async function dismiss(guard: ChildProcess): Promise<void> {
  const exited = new Promise<void>((resolve) => guard.once('exit', () => resolve()))
  guard.ref()
  guard.stdin?.end(RELEASE)
  const waiting = new AbortController()
  const isLate = await Promise.race([exited, sleep(systemClock, DISMISS_LIMIT_MS, waiting.signal)])
  waiting.abort()
  if (isLate === true) guard.kill('SIGKILL')
}

function warn(text: string): void {
  if (!isWarned) process.emitWarning(text, { type: 'AtelierWarning', code: 'ATELIER_UNGUARDED' })
  isWarned = true
}
