import { existsSync, readFileSync } from 'node:fs'
import { AtelierError } from '../../errors.ts'
import type { HostedWorkshop } from '../../facade/workshop.ts'
import type { Outputs } from '../../operations/outputs.ts'
import { sleep } from '../../time/clock.ts'
import { EXIT_OK, type ExitStatus } from '../command.ts'
import { plural } from '../format.ts'
import { note, openOptions, printJson, type Session } from '../session.ts'

type Host = Outputs['status']['hosts'][number]

interface DownInput {
  readonly now?: boolean
}

/** What became of one host. */
interface Ended {
  readonly pid: number
  /** `drained`: its turns had finished. `interrupted`: they were given up. `killed`: it did not end in time. */
  readonly how: 'drained' | 'interrupted' | 'killed'
}

/** How long running turns may take to finish. */
const DRAIN_LIMIT_MS = 30_000

/** How long a host may take to end processes of turns that it gives up: their own ladder takes up to 10 s. */
const INTERRUPT_LIMIT_MS = 15_000
const LOOK_INTERVAL_MS = 25

/** `atelier down`: when it returns, the hosts and everything they had started are gone. */
export async function runDown({ now = false }: DownInput, session: Session): Promise<ExitStatus> {
  // A configuration that cannot be read is no reason to let a host go on.
  const shop = await session.open.workshop({ ...openOptions(session), host: 'none', config: false })
  try {
    const hosts = await liveHosts(shop)
    const ended: Ended[] = []
    for (const host of hosts) ended.push(await endHost(session, shop, host, now))
    const waiting = (await shop.status()).agents.filter(({ status }) => status === 'offline').length
    if (session.globals.json === true) printJson(session, { ended, waiting })
    else tell(session, ended, waiting)
    return EXIT_OK
  } finally {
    await shop.close()
  }
}

async function liveHosts(shop: HostedWorkshop): Promise<readonly Host[]> {
  return (await shop.hosts()).filter(
    ({ kind, local, state }) => kind === 'background' && local && state !== 'dead',
  )
}

async function endHost(session: Session, shop: HostedWorkshop, host: Host, now: boolean): Promise<Ended> {
  const ask = (interrupt: boolean): Promise<void> =>
    shop.stopHost(host.id, { now: interrupt }).catch(ignoreMissing)
  const gone = (limitMs: number): Promise<boolean> => waitUntilGone(session, shop, host, limitMs)
  await ask(now)
  if (!now) {
    if (await gone(DRAIN_LIMIT_MS)) return { pid: host.pid, how: 'drained' }
    note(
      session,
      `Turns of host ${host.pid} are still running after ${DRAIN_LIMIT_MS / 1000} s; interrupting them.`,
    )
    await ask(true)
  }
  if (await gone(INTERRUPT_LIMIT_MS)) return { pid: host.pid, how: 'interrupted' }
  // Looked at once more, so that no other process is hit that has got its number meanwhile. The guard ends its children.
  if ((await liveHosts(shop)).some(({ id }) => id === host.id)) process.kill(host.pid, 'SIGKILL')
  if (await gone(INTERRUPT_LIMIT_MS)) return { pid: host.pid, how: 'killed' }
  throw new AtelierError(
    'host_failed',
    `The host with pid ${host.pid} did not end. Its log may say why: .atelier/state/host.log`,
    {
      details: { pid: host.pid },
    },
  )
}

/** A host that has just ended by itself is what was asked for. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof AtelierError && error.code === 'not_found')) throw error
}

async function waitUntilGone(
  { clock }: Session,
  shop: HostedWorkshop,
  host: Host,
  limitMs: number,
): Promise<boolean> {
  const deadline = clock.now() + limitMs
  for (;;) {
    const registered = (await liveHosts(shop)).some(({ id }) => id === host.id)
    if (!registered && !isRunning(host.pid)) return true
    if (clock.now() > deadline) return false
    await sleep(clock, LOOK_INTERVAL_MS)
  }
}

/** A process that has ended and that nobody has collected yet, as in a container without an init, is gone. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  try {
    return !/\) Z /u.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    // It ended in between, or this system has no such file.
    return !existsSync('/proc/self/stat')
  }
}

function tell(session: Session, ended: readonly Ended[], waiting: number): void {
  if (ended.length === 0) note(session, 'No background host is running.')
  for (const { pid, how } of ended) note(session, `Ended the background host (pid ${pid}): ${HOW[how]}.`)
  if (waiting > 0)
    note(session, `${plural(waiting, 'agent')} still have work; it goes on with the next host.`)
}

const HOW: Readonly<Record<Ended['how'], string>> = {
  drained: 'its turns had finished',
  interrupted: 'running turns were interrupted',
  killed: 'it did not end by itself and was killed',
}
