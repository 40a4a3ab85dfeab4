/** Notices hosts that are gone and puts their messages back. */
import { decideLoss, type LossReason } from '../agents/mailbox.ts'
import type { NewEvent } from '../events.ts'
import type { Reader } from '../store.ts'
import type { HostRow, MessageRow, TurnRow } from '../tables.ts'
import { repeat, type CancelTimer } from '../time/clock.ts'
import type { Holding, HostEnvironment, ProcessIdentity, TeamContext } from './context.ts'

/** How often the processes of known hosts are looked for: a dead one is noticed within a second. */
const LOOK_INTERVAL_MS = 400

/** Every so many looks the table is read again, for hosts and turns that no event announced. */
const LOOKS_PER_READ = 12

/** Why a host counts as gone, or undefined while it lives. Across machines only the lease counts. */
export function reasonGone(
  host: HostRow,
  identity: Pick<ProcessIdentity, 'machine' | 'isAlive'>,
  now: number,
): 'host_died' | 'lease_expired' | undefined {
  if (host.machine === identity.machine && !identity.isAlive(host.pid, host.pidStart)) return 'host_died'
  return host.expiresAt < now ? 'lease_expired' : undefined
}

/** Watches the other hosts of a workshop for as long as this one runs. */
export class Liveness {
  readonly #team: TeamContext
  readonly #identity: ProcessIdentity
  readonly #self: string
  readonly #onError: (error: unknown) => void
  readonly #sweepHost: HostEnvironment['sweepHost']
  readonly #holdings: readonly Holding[]
  #hosts: readonly HostRow[] = []
  #looks = 0
  #stale = true
  #stop: CancelTimer = () => {}
  #unsubscribe: () => void = () => {}

  constructor(
    team: TeamContext,
    { identity, sweepHost, holdings }: Pick<HostEnvironment, 'identity' | 'sweepHost' | 'holdings'>,
    self: string,
    onError: (error: unknown) => void,
  ) {
    this.#team = team
    this.#identity = identity
    this.#sweepHost = sweepHost
    this.#holdings = holdings
    this.#self = self
    this.#onError = onError
  }

  async open(): Promise<void> {
    this.#unsubscribe = this.#team.feed.subscribe((event) => {
      if (event.type === 'host.started' || event.type === 'host.stopped' || event.type === 'host.lost')
        this.#stale = true
    })
    this.#stop = repeat(this.#team.loops, LOOK_INTERVAL_MS, () => this.look().catch(this.#onError))
    await this.look()
  }

  close(): void {
    this.#stop()
    this.#unsubscribe()
  }

  /** Looks once. */
  async look(): Promise<void> {
    if (this.#stale || this.#looks++ % LOOKS_PER_READ === 0) await this.#read()
    for (const host of this.#hosts) {
      const reason = reasonGone(host, this.#identity, this.#team.clock.now())
      if (reason !== undefined) await this.#bury(host.id, reason)
    }
  }

  async #read(): Promise<void> {
    this.#stale = false
    const { hosts, running } = await this.#team.store.read(async (reader) => {
      const turns = await reader.list('turn', { where: { state: 'running' } })
      const attempts = await reader.list('attempt', { where: { state: 'running' } })
      return { hosts: await reader.list('host'), running: [...turns, ...attempts] }
    })
    this.#hosts = hosts.filter((host) => host.id !== this.#self)
    // Host rows may be lost; a turn or an attempt whose host nobody knows is lost with it.
    const known = new Set([this.#self, ...hosts.map((host) => host.id)])
    for (const host of new Set(running.map((one) => one.host)))
      if (host !== null && !known.has(host)) await this.#bury(host, 'host_died')
  }

  async #bury(host: string, reason: 'host_died' | 'lease_expired'): Promise<void> {
    this.#stale = true
    // What it started here is ended before its messages are handed on; on other machines, its own guard does that.
    if (reason === 'host_died') await this.#sweepHost(host).catch(this.#onError)
    await loseTurns(this.#team, this.#holdings, {
      host,
      reason,
      by: this.#self,
      onlyIf: (row) => isGone(row, this.#identity),
    })
  }
}

/** Looked at again inside of the transaction: a host that has renewed its lease since then lives. */
function isGone(row: HostRow | undefined, identity: ProcessIdentity): (now: number) => boolean {
  return (now) => row === undefined || reasonGone(row, identity, now) !== undefined
}

interface Loss {
  readonly host: string
  readonly reason: LossReason
  /** The host that says so. */
  readonly by: string
  readonly onlyIf?: (row: HostRow | undefined) => (now: number) => boolean
}

/** Gives up every running turn of a host, and whatever else it holds, and removes the host, in one commit. */
export async function loseTurns(
  team: TeamContext,
  holdings: readonly Holding[],
  { host, reason, by, onlyIf }: Loss,
): Promise<void> {
  await team.store.transact({
    name: 'turn.lose',
    keys: [`host:${host}`],
    by: { actor: by, via: 'host' },
    async load(reader) {
      const row = await reader.get('host', host)
      const turns = await runningTurns(reader, host)
      const held: Awaited<ReturnType<Holding['load']>>[] = []
      for (const holding of holdings) held.push(await holding.load(reader, host))
      return { row, turns, held }
    },
    decide({ row, turns, held }, now) {
      if (onlyIf !== undefined && !onlyIf(row)(now)) return { events: [] }
      const lost = turns.flatMap(({ turn, message }) => decideLoss(turn, message, reason).events)
      const farewell: NewEvent[] =
        row === undefined
          ? []
          : reason === 'host_stopped'
            ? [{ type: 'host.stopped', data: { host } }]
            : [{ type: 'host.lost', data: { host, reason } }]
      return {
        events: [...lost, ...held.flatMap((giveBack) => giveBack(reason)), ...farewell],
        rows: row === undefined ? [] : [{ table: 'host', remove: host }],
      }
    },
  })
}

async function runningTurns(
  reader: Reader,
  host: string,
): Promise<{ turn: TurnRow; message: MessageRow | undefined }[]> {
  const turns = await reader.list('turn', { where: { state: 'running', host } })
  const pairs: { turn: TurnRow; message: MessageRow | undefined }[] = []
  for (const turn of turns) pairs.push({ turn, message: await reader.get('message', turn.message) })
  return pairs
}
