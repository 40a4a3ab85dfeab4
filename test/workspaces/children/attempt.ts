/** An attempt from its worktree to its removal: work that is committed, and work that is not. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { worktreeWorkspaces } from '../../../src/workspaces/worktree.ts'

const [dir = '', stateDir = '', attempt = ''] = process.argv.slice(2)
const adapter = worktreeWorkspaces({ dir, stateDir })
const workspace = await adapter.acquire({
  attempt,
  item: { id: 'item', title: 'An item' },
  change: 'change',
  base: [],
  access: 'write',
  slot: 0,
})
writeFileSync(join(workspace.cwd, 'first.txt'), 'precious\n')
writeFileSync(join(dir, 'ignored'), 'first')
await adapter.commit(workspace, { subject: 'First' })
writeFileSync(join(workspace.cwd, 'second.txt'), 'precious\n')
writeFileSync(join(dir, 'ignored'), 'second')
await adapter.release(workspace, { files: 'remove' })
