/** Sees to it that somebody runs the agents that a command is about. */
import { messageOf } from '../errors.ts'
import type { HostedWorkshop } from '../facade/workshop.ts'
import type { Outputs } from '../operations/outputs.ts'
import { repeat } from '../time/clock.ts'
import { backgroundClock } from '../time/system-clock.ts'
import { ensureBackgroundHost, IDLE_EXIT } from './background.ts'
import { note, openOptions, type Session } from './session.ts'

type Status = Outputs['status']

/** How often the hosts are looked at, so that one that died does not leave a command waiting for ever. */
const LOOK_INTERVAL_MS = 1000

export interface HostingOptions {
  /** The agents that the command is about; `all` is every agent. */
  readonly agents: readonly string[] | 'all'
  /**
   * `call`: they work for this call, and in this process where no other host runs them. `background`: what
   * they do goes on after the call, so a host in the background has to run it; only if there is work at all.
   */
  readonly work: 'call' | 'background'
}

export interface Hosting {
  /** Looks again who has work and who runs it. */
  look(): Promise<void>
  /** Ends the host of this process, if there is one, after its running turns. */
  close(): Promise<void>
}

/**
 * From now on until it is closed, agents that no live host would run are run by one of our own; also
 * when the host that ran them goes away meanwhile.
 */
export async function keepHosted(
  session: Session,
  shop: HostedWorkshop,
  options: HostingOptions,
): Promise<Hosting> {
  let own: HostedWorkshop | undefined
  let wanted: Wanted = new Map()
  const provide = async (): Promise<void> => {
    if (own !== undefined || wanted.size === 0 || unserved(await shop.hosts(), wanted).length === 0) return
    if (options.work === 'background') return startInBackground(session, shop, wanted)
    own = await session.open.workshop({
      ...openOptions(session),
      host: 'foreground',
      hostAgents: [...wanted.keys()],
    })
  }
  const look = async (): Promise<void> => {
    wanted = wantedAgents(await shop.status(), options)
    await provide()
  }
  await look()
  let looking = Promise.resolve()
  const stop = repeat(backgroundClock, LOOK_INTERVAL_MS, () => {
    looking = provide().catch((error: unknown) => note(session, `warning: ${messageOf(error)}`))
    return looking
  })
  return {
    look,
    async close() {
      stop()
      await looking
      await own?.close()
    },
  }
}

/** Agents by the backend they need. */
type Wanted = ReadonlyMap<string, string>

function wantedAgents({ agents }: Status, options: HostingOptions): Wanted {
  const wanted = agents.filter(({ name, status }) => {
    if (options.agents !== 'all' && !options.agents.includes(name)) return false
    return options.work === 'call' || status === 'working' || status === 'waiting' || status === 'offline'
  })
  return new Map(wanted.map(({ name, backend }) => [name, backend]))
}

/** Those that no live host would run. A foreground host is there for its own agents only. */
function unserved(hosts: Status['hosts'], wanted: Wanted): readonly string[] {
  const servers = hosts.filter(({ kind, state }) => state === 'running' && kind !== 'foreground')
  return [...wanted]
    .filter(([, backend]) => !servers.some(({ backends }) => backends.includes(backend)))
    .map(([name]) => name)
}

async function startInBackground(session: Session, shop: HostedWorkshop, wanted: Wanted): Promise<void> {
  const { pid, started } = await ensureBackgroundHost(session, shop, { idleExit: IDLE_EXIT })
  if (started)
    note(session, `Started a background host (pid ${pid}); it ends when it has been idle for ${IDLE_EXIT}.`)
  const left = unserved(await shop.hosts(), wanted)
  if (left.length === 0) return
  const backends = [...new Set(left.map((name) => wanted.get(name)))].join(', ')
  note(
    session,
    `warning: the running host does not offer the backend ${backends}. It reads the configuration when it starts: atelier down, then atelier up.`,
  )
}
