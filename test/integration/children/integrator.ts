/** An integrator in a process of its own, until nothing is left to merge. usage: integrator.ts DIR STATE HOST */
import { Integrator } from '../../../src/integration/integrator.ts'
import { ManualClock } from '../../../src/time/manual-clock.ts'
import { worktreeWorkspaces } from '../../../src/workspaces/worktree.ts'
import { openTeamStore } from '../team-store.ts'

const [, , dir = '', stateDir = '', host = ''] = process.argv
const { store, team } = await openTeamStore(stateDir, new ManualClock())
const integrator = new Integrator(team, {
  host,
  repositoryDir: dir,
  stateDir,
  worktrees: async () => worktreeWorkspaces({ dir, stateDir }),
  onError(error) {
    process.stderr.write(`${String(error)}\n`)
  },
})
process.stdout.write('open\n')
await integrator.open()
await integrator.ended()
await integrator.close()
team.feed.close()
await store.close()
