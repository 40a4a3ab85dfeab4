/** Memory of a host while it runs 8 turns of a real Claude Code: its own, without that of the programs that it runs. */
import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import type { ClaudeHostInput } from './claude-host.ts'
import { inClaudePlace, missingClaudeCode } from './claude-place.ts'
import type { Measurement } from './figure.ts'
import { median, sleep, startModule, succeeded } from './measuring.ts'

const AGENTS = 8

/** Each answer is 8,000 words and a piece of it comes every 20 ms, so that all turns run, and talk, for a minute. */
const STORY = 'once upon a time '.repeat(2000)
const PIECE_MS = 20

/** Looks at the memory while all turns run. */
const LOOKS = 50
const LOOK_INTERVAL_MS = 200

export const hostRss8: Measurement = {
  name: 'host_rss_mb_8',
  what: `resident memory of a host that runs ${AGENTS} turns of a real Claude Code, p50`,
  unit: 'MB',
  target: { valueAtMost: 120 },
  missing: () =>
    existsSync('/proc/self/status') ? missingClaudeCode() : 'The memory of a process is read from /proc.',
  measure: (progress) =>
    inClaudePlace({ scenarios: { default: [{ text: STORY, pieceMs: PIECE_MS }] } }, async (place) => {
      const { project, executable, env, server } = place
      const input: ClaudeHostInput = { project, executable, env, agents: AGENTS }
      const host = startModule('claude-host.ts', [JSON.stringify(input)])
      const running = (): number =>
        server.find({ kind: 'step' }).filter(({ status, end }) => status === 200 && end === undefined).length
      while (running() < AGENTS) {
        if (host.exitCode !== null) throw new Error(`The host ended with ${host.exitCode}.`)
        await sleep(LOOK_INTERVAL_MS)
      }
      const seen: number[] = []
      for (let look = 0; look < LOOKS; look++) {
        await sleep(LOOK_INTERVAL_MS)
        seen.push(residentMb(host))
      }
      if (running() < AGENTS) throw new Error('Not all turns ran until the end.')
      host.send('end')
      await succeeded(host, 'The host')
      progress(`least ${Math.min(...seen).toFixed(1)} MB, most ${Math.max(...seen).toFixed(1)} MB`)
      return { value: median(seen) }
    }),
}

/** VmRSS, which the kernel gives in kB. */
function residentMb({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) / 1024
}
