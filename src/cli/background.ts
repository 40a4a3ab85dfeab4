/** Starting the background host, and finding the one that runs. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from 'node:fs'
import { extname, join } from 'node:path'
import { AtelierError } from '../errors.ts'
import type { HostedWorkshop } from '../facade/workshop.ts'
import type { Outputs } from '../operations/outputs.ts'
import { sleep } from '../time/clock.ts'
import type { Session } from './session.ts'

type Host = Outputs['status']['hosts'][number]

/** A host that was started for a cast ends after this long without work. */
export const IDLE_EXIT = '30s'

/** Loading a configuration in TypeScript on a busy machine takes seconds. */
const START_LIMIT_MS = 30_000
const LOOK_INTERVAL_MS = 25

/** What the host wrote before is not needed for ever. */
const LOG_LIMIT_BYTES = 1_000_000
const LOG_TAIL_LINES = 8

/** The background host of this workshop on this machine, if one is alive. */
export async function backgroundHost(shop: HostedWorkshop): Promise<Host | undefined> {
  const hosts = await shop.hosts()
  return hosts
    .filter(({ kind, local, state }) => kind === 'background' && local && state !== 'dead')
    .toSorted((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1))[0]
}

/** Where the background host writes what it has to say. */
export function hostLog(dir: string): string {
  return join(dir, '.atelier', 'state', 'host.log')
}

export interface StartedHost {
  readonly pid: number
  /** False: it was running already. */
  readonly started: boolean
}

/**
 * Finds the background host, or starts one and waits until it is at work.
 * @throws AtelierError `host_failed` with the end of its log
 */
export async function ensureBackgroundHost(
  session: Session,
  shop: HostedWorkshop,
  { idleExit }: { readonly idleExit?: string } = {},
): Promise<StartedHost> {
  const running = await backgroundHost(shop)
  if (running?.state === 'running') return { pid: running.pid, started: false }
  const child = startHost(session, idleExit)
  const deadline = session.clock.now() + START_LIMIT_MS
  for (;;) {
    const host = await backgroundHost(shop)
    const ended = child.exitCode !== null || child.signalCode !== null
    // Another command may have started one at the same moment. The older one stays; ours ends when it sees it, and
    // until then a `down` could miss it.
    if (host?.state === 'running' && (ended || host.pid === child.pid))
      return { pid: host.pid, started: !ended }
    if (ended) throw startFailed(session, 'ended at once')
    if (session.clock.now() > deadline)
      throw startFailed(session, `was not ready after ${START_LIMIT_MS / 1000} s`)
    await sleep(session.clock, LOOK_INTERVAL_MS)
  }
}

/** Starts this same program as a process of its own that outlives the command. */
function startHost({ dir, terminal }: Session, idleExit: string | undefined): ChildProcess {
  const log = openLog(hostLog(dir))
  const program = join(import.meta.dirname, `main${extname(import.meta.filename)}`)
  const words = [program, 'host', '--dir', dir, ...(idleExit === undefined ? [] : ['--idle-exit', idleExit])]
  try {
    const child = spawn(process.execPath, words, {
      cwd: dir,
      detached: true,
      env: terminal.env,
      stdio: ['ignore', log, log],
    })
    child.unref()
    return child
  } finally {
    closeSync(log)
  }
}

function openLog(file: string): number {
  mkdirSync(join(file, '..'), { recursive: true })
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) truncateSync(file)
  return openSync(file, 'a')
}

function startFailed({ dir }: Session, what: string): AtelierError {
  const log = hostLog(dir)
  const lines = readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES)
  return new AtelierError(
    'host_failed',
    `The background host ${what}. The end of ${log}:\n${lines.join('\n')}`,
    {
      details: { log },
    },
  )
}
