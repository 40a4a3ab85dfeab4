/** What a host keeps in memory for agents that it has run, against a host that has run none. */
import type { Measurement } from './figure.ts'
import { inFolder, median, nextMessage, startModule, succeeded } from './measuring.ts'

const AGENTS = 10_000
const RUNS = 3

export const rssGrowth: Measurement = {
  name: 'rss_growth_mb',
  what: 'memory of a host with 10,000 agents that each had 3 turns, minus that of an empty host',
  unit: 'MB',
  target: { valueAtMost: 30 },
  measure: async (progress) => {
    const empty: number[] = []
    for (let run = 0; run < RUNS; run++) empty.push(await hostMemory(0))
    const full = await hostMemory(AGENTS)
    progress(`empty ${median(empty).toFixed(1)} MB, with ${AGENTS} agents ${full.toFixed(1)} MB`)
    return { value: full - median(empty) }
  },
}

/** Resident memory of a host process after its work, MB. */
function hostMemory(agents: number): Promise<number> {
  return inFolder(async (dir) => {
    const host = startModule('rss-host.ts', [dir, String(agents)], { execArgv: ['--expose-gc'] })
    const { rssMb } = await nextMessage<{ rssMb: number }>(host)
    await succeeded(host, 'The measured host')
    return rssMb
  })
}
