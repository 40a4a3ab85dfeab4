/** Processes that the real Claude Code starts in the background end with their turn, and with their host. */
import { expect, it } from 'vitest'

import { randomFraction } from '../../src/ids.ts'
import { processesGiven, processesWith } from '../cli/processes.ts'
import { until } from '../processes/support.ts'
import { useClaude } from './support.ts'
import { kill, openTeam } from './team-support.ts'

const place = useClaude()
const AGENTS = ['one', 'two', 'three', 'four'] as const
/** What the tool of each agent leaves running, besides itself. */
const BACKGROUND = 4

it('leave nothing when a turn is cancelled, and when hosts are killed and nobody restarts them', async () => {
  // A number that no other process has among its arguments.
  const duration = `86400.${process.pid}${Math.floor(randomFraction() * 1e9)}`
  const sleep = `sleep ${duration}`
  const command = `setsid ${sleep} & nohup ${sleep} & (setsid sh -c '${sleep} & ${sleep}' &) ; ${sleep}`
  const server = await place.serve({
    scenarios: {
      default: [{ tools: [{ name: 'Bash', input: { command } }] }],
      background: [
        { tools: [{ name: 'Bash', input: { command, run_in_background: true } }] },
        { tools: [{ name: 'Bash', input: { command: sleep } }] },
      ],
    },
  })
  const team = await openTeam(place, server, { concurrency: 2 })
  const hosts = [await team.host(), await team.host()]
  for (const agent of AGENTS)
    await team.shop.agent(agent, 'Runs commands.', { allowedTools: ['Bash'] }).stored
  const cancel = new AbortController()
  const cancelled = team.shop.ask('one', 'Run it.', { signal: cancel.signal })
  for (const agent of ['two', 'three', 'four'])
    await team.shop.cast(agent, agent === 'three' ? 'Run it.' : '[[script:background]] Run it.')
  const ofTurns = async (): Promise<readonly (readonly [string, number])[]> =>
    (await team.events('turn.started')).map(({ data: { agent, turn } }) => {
      const marked = new Set(processesWith(`ATELIER_TURN=${turn}`))
      return [agent, processesGiven(duration).filter((pid) => marked.has(pid)).length]
    })
  await until('every tool runs', async () => {
    const counts = await ofTurns()
    return counts.length === AGENTS.length && counts.every(([, count]) => count > BACKGROUND)
  })

  cancel.abort()
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
  await until('nothing of the cancelled turn is left', async () =>
    (await ofTurns()).every(([agent, count]) => (agent === 'one' ? count === 0 : count > BACKGROUND)),
  )

  await Promise.all(hosts.map(kill))
  await until('nothing of the orphaned turns is left', () => processesGiven(duration).length === 0)
  const turns = (await team.events('turn.started')).map(({ data }) => data.turn)
  await until('nothing that carries their markers is left', () =>
    turns.every((turn) => processesWith(`ATELIER_TURN=${turn}`).length === 0),
  )
})
