/** How long it takes until nothing is left of a host that died with 200 processes, against killing them by known pids. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { newId } from '../src/ids.ts'
import { childEnvironment } from '../src/processes/environment.ts'
import { listProcesses } from '../src/processes/process-table.ts'
import { sweep } from '../src/processes/sweep.ts'
import type { Measurement } from './figure.ts'
import { killKnown } from './floors.mjs'
import { interleaved, median, ROUNDS, sleep } from './measuring.ts'

const PROCESSES = 200
const WARM_UP = 1
const LOOK_INTERVAL_MS = 10

export const sweepTime: Measurement = {
  name: 'sweep_ms',
  what: `ending ${PROCESSES} processes, each in a session of its own, by their marker; floor: by known pids`,
  unit: 'ms',
  target: { valueAtMost: 500 },
  async measure(progress) {
    await interleaved(WARM_UP, swept, killed)
    const { first, second } = await interleaved(ROUNDS, swept, killed)
    const { length } = await listProcesses()
    progress(`${length} other processes; slowest ${Math.max(...first).toFixed(1)} ms`)
    return { value: median(first), floor: median(second) }
  },
}

async function swept(): Promise<number> {
  const { host } = await startProcesses()
  const start = performance.now()
  const { killed: count, left } = await sweep({ markers: { host } })
  const time = performance.now() - start
  if (count !== PROCESSES || left > 0) throw new Error(`${count} processes were ended, and ${left} are left.`)
  return time
}

async function killed(): Promise<number> {
  const { pids } = await startProcesses()
  const start = performance.now()
  killKnown(pids)
  return performance.now() - start
}

/** A shell starts them and goes, so that nobody but the marker knows them. */
async function startProcesses(): Promise<{ readonly host: string; readonly pids: readonly number[] }> {
  const host = newId('host')
  const script = `n=0; while [ $n -lt ${PROCESSES} ]; do setsid sleep 600 & n=$((n+1)); done`
  const env = childEnvironment({ markers: { host } })
  const shell = spawn('/bin/sh', ['-c', script], { cwd: '/', env, stdio: 'ignore' })
  await once(shell, 'exit')
  for (;;) {
    const marked = (await listProcesses({ host })).filter((entry) => entry.marked)
    const isReady = marked.every(({ pid, session }) => pid === session)
    if (isReady && marked.length === PROCESSES) return { host, pids: marked.map(({ pid }) => pid) }
    await sleep(LOOK_INTERVAL_MS)
  }
}
