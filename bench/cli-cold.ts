/** How long a look at the team takes as a process of its own, against Node with nothing to do. */
import { spawnSync } from 'node:child_process'
import { scriptedBackend } from '../src/agent-backends/scripted.ts'
import { openWorkshop } from '../src/workshop.ts'
import type { Measurement } from './figure.ts'
import { atelier, environment, inFolder, interleaved, median } from './measuring.ts'

const WARM_UP = 5
const RUNS = 40

export const cliCold: Measurement = {
  name: 'cli_cold_ms',
  what: '`atelier status --json` as a process, p50; floor: `node -e 0`',
  unit: 'ms',
  target: { ratioAtMost: 2.5 },
  measure: (progress) =>
    inFolder(async (dir) => {
      await makeTeam(dir)
      const status = atelier('status', '--json')
      const product = (): number => runTime(dir, status)
      const floor = (): number => runTime(dir, ['-e', '0'])
      await interleaved(WARM_UP, product, floor)
      const { first, second } = await interleaved(RUNS, product, floor)
      progress(
        `${RUNS} runs of each: fastest ${Math.min(...first).toFixed(1)} and ${Math.min(...second).toFixed(1)} ms`,
      )
      return { value: median(first), floor: median(second) }
    }),
}

/** A few agents that have worked. */
async function makeTeam(dir: string): Promise<void> {
  const backend = scriptedBackend()
  await using shop = await openWorkshop({ dir, config: false, backends: [backend] })
  shop.configure({ backend: backend.id })
  for (const agent of ['impl', 'reviewer', 'tester']) {
    shop.agent(agent, 'Answers at once.')
    await shop.ask(agent, 'hello')
  }
}

function runTime(cwd: string, words: readonly string[]): number {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, words, { cwd, env: environment(), encoding: 'utf8' })
  const time = performance.now() - start
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}: ${stderr}`)
  return time
}
