/** The git repository that the team works on. */
import { operation, type Operation } from './operation.ts'

const gitSummary: Operation = operation({
  name: 'git-summary',
  summary: 'Show branch, status and recent commits, as agents with gitContext are told',
  group: 'repository',
  needs: 'team',
  rights: 'read',
  params: [],
  examples: ['atelier git-summary'],
  library: 'await shop.gitSummary()',
  run: (shop) => shop.gitSummary(),
})

const gitDiff: Operation = operation({
  name: 'git-diff',
  summary: 'Show what has changed since the last commit',
  group: 'repository',
  needs: 'team',
  rights: 'read',
  params: [],
  examples: ['atelier git-diff'],
  library: 'await shop.gitDiff()',
  run: (shop) => shop.gitDiff(),
})

export const REPOSITORY: readonly Operation[] = [gitSummary, gitDiff]
