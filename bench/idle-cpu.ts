/** What the background host costs while nobody asks it anything. Linux only: it reads /proc. */
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Measurement } from './figure.ts'
import { inFolder, runAtelier, sleep } from './measuring.ts'

const SETTLE_MS = 3000
const WINDOW_MS = 15_000

/** Length of the kernel's tick in /proc: USER_HZ is 100 on every Linux. */
const TICK_MS = 10

export const idleCpu: Measurement = {
  name: 'idle_cpu_percent',
  what: 'processor time of an idle `atelier up`',
  unit: '%',
  target: { valueAtMost: 1 },
  measure: (progress) =>
    inFolder(async (dir) => {
      await writeFile(
        join(dir, 'atelier.config.json'),
        JSON.stringify({
          backend: 'scripted',
          scripted: { reply: 'done' },
          agents: { impl: { role: 'Answers at once.' }, reviewer: { role: 'Answers at once.' } },
        }),
      )
      const { pid } = JSON.parse(await runAtelier(dir, 'up', '--json')) as { pid: number }
      try {
        await runAtelier(dir, 'ask', 'impl', 'hello')
        await sleep(SETTLE_MS)
        const start = performance.now()
        const before = processorTimeMs(pid)
        await sleep(WINDOW_MS)
        const used = processorTimeMs(pid) - before
        const elapsed = performance.now() - start
        progress(`${used} ms of processor time in ${(elapsed / 1000).toFixed(1)} s`)
        return { value: (used / elapsed) * 100 }
      } finally {
        await runAtelier(dir, 'down')
      }
    }),
}

/** User and system time of a process and of its children that have ended: fields 14 to 17 of proc_pid_stat(5). */
function processorTimeMs(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  let ticks = 0
  for (const field of fields.slice(11, 15)) ticks += Number(field)
  return ticks * TICK_MS
}
