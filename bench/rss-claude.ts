/** Memory of a host while it runs 8 turns of a real Claude Code: its own, without that of the programs that it runs. */
import { existsSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openWorkshop } from '../src/workshop.ts'
import { inClaudePlace, missingClaudeCode } from './claude-place.ts'
import type { Measurement } from './figure.ts'
import { median, runAtelier, sleep } from './measuring.ts'

const AGENTS = 8

/** A long answer has 64 pieces: a piece every two seconds keeps all turns running, and talking, for two minutes. */
const STORY = 'once upon a time '.repeat(2000)
const PIECE_MS = 2000

/** Looks at the memory while all turns run. */
const LOOKS = 50
const LOOK_INTERVAL_MS = 200

export const hostRss8: Measurement = {
  name: 'host_rss_mb_8',
  what: `resident memory of a background host that runs ${AGENTS} turns of a real Claude Code, p50`,
  unit: 'MB',
  target: { valueAtMost: 120 },
  missing: () =>
    existsSync('/proc/self/status') ? missingClaudeCode() : 'The memory of a process is read from /proc.',
  measure: (progress) =>
    inClaudePlace({ scenarios: { default: [{ text: STORY, pieceMs: PIECE_MS }] } }, async (place) => {
      const { project, executable, env, server } = place
      const settings = { backend: 'claude', backendConfig: { executable }, env, concurrency: AGENTS }
      await writeFile(join(project, 'atelier.config.json'), JSON.stringify(settings))
      await using shop = await openWorkshop({ dir: project, host: 'none' })
      for (let n = 0; n < AGENTS; n++) {
        shop.agent(`agent_${n}`, 'Works for long.')
        await shop.cast(`agent_${n}`, 'Tell a long story.')
      }
      const running = (): number =>
        server.find({ kind: 'step' }).filter(({ status, end }) => status === 200 && end === undefined).length
      const { pid } = JSON.parse(await runAtelier(project, 'up', '--json')) as { pid: number }
      try {
        // A host that has ended has no memory to read.
        while (running() < AGENTS && residentMb(pid) > 0) await sleep(LOOK_INTERVAL_MS)
        const seen: number[] = []
        for (let look = 0; look < LOOKS; look++) {
          await sleep(LOOK_INTERVAL_MS)
          seen.push(residentMb(pid))
        }
        if (running() < AGENTS) throw new Error('Not all turns ran until the end.')
        progress(`least ${Math.min(...seen).toFixed(1)} MB, most ${Math.max(...seen).toFixed(1)} MB`)
        return { value: median(seen) }
      } finally {
        await runAtelier(project, 'down', '--now')
      }
    }),
}

/** VmRSS, which the kernel gives in kB. */
function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) / 1024
}
