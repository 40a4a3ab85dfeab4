/** Begins to make a worktree and is killed while its set-up runs. */
import { worktreeWorkspaces } from '../../../src/workspaces/worktree.ts'

const [dir = '', stateDir = '', attempt = ''] = process.argv.slice(2)
const adapter = worktreeWorkspaces({ dir, stateDir, setUp: [`kill -9 ${process.pid}`] })
await adapter.acquire({
  attempt,
  item: { id: 'item', title: 'An item' },
  change: 'change',
  base: [],
  access: 'write',
  slot: 0,
})
