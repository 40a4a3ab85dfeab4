/** The git worktrees in which attempts work. */
import { operation, type Operation } from './operation.ts'

const worktrees: Operation = operation({
  name: 'worktrees',
  summary: 'List the git worktrees of attempts, or take away those that nobody uses',
  details:
    'With prune, what is not committed there is saved to a ref below refs/atelier/saved first, and is named; a worktree whose work cannot be saved stays.',
  group: 'board',
  needs: 'team',
  rights: 'operate',
  params: [
    {
      name: 'action',
      type: 'string',
      positional: true,
      choices: ['list', 'prune'],
      description: 'What to do with them',
      default: 'list',
    },
    { name: 'dryRun', type: 'boolean', description: 'With prune: only say which would go' },
  ],
  examples: ['atelier worktrees', 'atelier worktrees prune --dry-run', 'atelier worktrees prune'],
  library: 'await shop.worktrees(); await shop.pruneWorktrees({ dryRun: true })',
  run: (shop, { action = 'list', dryRun = false }) =>
    action === 'list' ? shop.worktrees() : shop.pruneWorktrees({ dryRun }),
})

export const WORKTREES: readonly Operation[] = [worktrees]
