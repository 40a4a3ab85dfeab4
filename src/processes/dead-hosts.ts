/** Ends what hosts left running when they died. Several processes may do so at once for the same host. */
import { sleep } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { deadHosts, strikeHost, type HostEntry } from './ledger.ts'
import { sweep } from './sweep.ts'

/**
 * A process that its host had just started when it died shows the marker a moment later: its environment is empty
 * while the system loads its program. So nothing counts as left only when two looks, so far apart, agree.
 */
const SECOND_LOOK_MS = 150
/** Each kills what it finds; more would not help. */
const MAX_LOOKS = 10

export interface Ended {
  readonly killed: number
  /** False if processes outlived SIGKILL, in uninterruptible sleep or as somebody else's, or fork faster than they die. */
  readonly isDone: boolean
}

/** Ends all that carries the marker of a host that is gone, and strikes the host out once nothing is left. */
export async function endDeadHost(host: string): Promise<Ended> {
  let killed = 0
  for (let look = 1; ; look++) {
    const found = await sweep({ markers: { host } })
    killed += found.killed
    if (found.left > 0 || look === MAX_LOOKS) return { killed, isDone: false }
    if (look > 1 && found.killed === 0) break
    await sleep(systemClock, SECOND_LOOK_MS)
  }
  strikeHost(host)
  return { killed, isDone: true }
}

export interface EndedHost extends HostEntry {
  readonly killed: number
}

/** Ends what the dead hosts of this user left on this machine, in whatever workshop; gives those that left something. */
export async function endDeadHosts(): Promise<readonly EndedHost[]> {
  const ended = await Promise.all(
    deadHosts(systemClock.now()).map(async (entry) => ({ ...entry, ...(await endDeadHost(entry.host)) })),
  )
  return ended.filter(({ killed }) => killed > 0)
}
