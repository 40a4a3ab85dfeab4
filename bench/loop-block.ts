/**
 * How long the store keeps an event loop from turning while 16 processes write to one file.
 *
 * Each process writes one small transaction after the other with a short pause, and a timer of 1 ms
 * says how late it is. Sixteen processes on few processors also keep each other waiting, and a
 * machine that others use keeps everybody waiting; neither is caused by the store, so:
 * - where the kernel tells how long a thread was ready to run and had no processor
 *   (/proc/thread-self/schedstat), that time is not counted;
 * - a control group does the same with a store in memory, which never touches a file or a lock.
 *
 * Each round gives the longest delay that any of the sixteen had. The figure is the median of the
 * store's rounds minus that of the control group's.
 */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { projection } from '../src/projection.ts'
import { openSqliteStore } from '../src/stores/sqlite/store.ts'
import { systemClock } from '../src/time/system-clock.ts'
import type { Measurement } from './figure.ts'
import type { LoopReport, LoopRound } from './loop-writer.ts'
import { inFolder, interleaved, median, nextMessage, ROUNDS, startModule, succeeded } from './measuring.ts'

const PROCESSES = 16
const ROUND_MS = 3000

export const loopBlock: Measurement = {
  name: 'loop_block_ms_16',
  what: 'longest delay of an event loop by the store, with 16 processes that write',
  unit: 'ms',
  target: { valueAtMost: 50 },
  measure: (progress) =>
    inFolder(async (dir) => {
      const path = join(dir, 'atelier.db')
      await (await openSqliteStore({ path, projection, clock: systemClock })).close()
      const writers = Array.from({ length: PROCESSES }, () => startModule('loop-writer.ts', [path]))
      await Promise.all(writers.map((writer) => nextMessage(writer)))
      const { first, second } = await interleaved(
        ROUNDS,
        () => writeTogether(writers, 'sqlite'),
        () => writeTogether(writers, 'memory'),
      )
      for (const writer of writers) writer.disconnect()
      await Promise.all(writers.map((writer) => succeeded(writer, 'A writing process')))
      const stores = first.map(({ delayMs }) => delayMs)
      const controls = second.map(({ delayMs }) => delayMs)
      const writes = median(first.map((report) => report.writes)) / (ROUND_MS / 1000)
      progress(
        `${writes.toFixed(0)} writes/s; longest delays ${inMs(stores)}; without the store ${inMs(controls)}`,
      )
      return { value: Math.max(0, median(stores) - median(controls)) }
    }),
}

/** One round of all processes: the longest delay of any of them, and all writes. */
async function writeTogether(
  writers: readonly ChildProcess[],
  store: LoopRound['store'],
): Promise<LoopReport> {
  const reports = writers.map((writer) => nextMessage<LoopReport>(writer))
  for (const writer of writers) writer.send({ store, ms: ROUND_MS } satisfies LoopRound)
  const all = await Promise.all(reports)
  return {
    delayMs: Math.max(...all.map(({ delayMs }) => delayMs)),
    writes: all.reduce((sum, { writes }) => sum + writes, 0),
  }
}

function inMs(values: readonly number[]): string {
  return `${values.map((value) => value.toFixed(1)).join(' ')} ms`
}
