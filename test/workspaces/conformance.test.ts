import { describe, expect, test } from 'vitest'

import { workspaceCases } from '../../src/testing/workspace-conformance.ts'
import { sharedWorkspaces } from '../../src/workspaces/shared.ts'
import { worktreeWorkspaces } from '../../src/workspaces/worktree.ts'

describe('worktrees (A39, B38)', () => {
  const cases = workspaceCases({ open: (project) => worktreeWorkspaces(project) })
  test.each(cases)('$name', async ({ run }) => expect(run()).resolves.toBeUndefined())
  test('have a suite that asks something of them', () => expect(cases.length).toBeGreaterThan(14))
})

describe('the shared folder', () => {
  const cases = workspaceCases({ open: ({ dir }) => sharedWorkspaces({ dir }) })
  test.each(cases)('$name', async ({ run }) => expect(run()).resolves.toBeUndefined())
})

test('a skipped case has to exist and to have a reason', () => {
  const harness = { open: ({ dir }: { readonly dir: string }) => sharedWorkspaces({ dir }) }
  expect(() => workspaceCases(harness, { 'no such case': 'because' })).toThrow('There is no case')
  const name = 'keeps a place that is to be kept'
  expect(() => workspaceCases(harness, { [name]: ' ' })).toThrow('without a reason')
  expect(workspaceCases(harness, { [name]: 'It keeps nothing.' }).map((one) => one.name)).not.toContain(name)
})
