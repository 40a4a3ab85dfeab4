/** What a guard becomes when its host has died. usage: guard-main HOST */
import { sleep } from '../time/clock.ts'
import { systemClock } from '../time/system-clock.ts'
import { endDeadHost } from './dead-hosts.ts'

/** A process in uninterruptible sleep goes when the disk or the network answers. */
const RETRY_MS = 1000
/** After that the ledger remembers the host, and the next command tries. */
const MAX_TRIES = 60

const [, , host = ''] = process.argv
for (let tries = 1; !(await endDeadHost(host)).isDone && tries < MAX_TRIES; tries++)
  await sleep(systemClock, RETRY_MS)
