import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { WorkspaceBench } from '../../src/testing/workspace-bench.ts'
import { sharedWorkspaces } from '../../src/workspaces/shared.ts'
import { failureOf } from './support.ts'

function project(): WorkspaceBench {
  const made = new WorkspaceBench({ open: ({ dir }) => sharedWorkspaces({ dir }) })
  onTestFinished(() => made.close())
  return made
}

test('the shared folder tells what an attempt changed from what lay there before', async () => {
  const shop = project()
  shop.write('a.txt', 'changed by the user\n')
  shop.write('old.txt', 'untracked\n')
  shop.write('gone.txt', 'untracked\n')
  shop.write('kept.txt', 'untracked\n')
  const workspace = await shop.acquire()
  shop.write('old.txt', 'untracked, and longer\n')
  shop.write('new.txt', 'x\n')
  rmSync(join(shop.dir, 'gone.txt'))
  shop.gitIn(shop.dir, 'add', 'kept.txt')
  const { files, uncommitted } = await shop.adapter.inspect(workspace)
  expect(files.map(({ path, change }) => `${change} ${path}`).toSorted()).toEqual([
    'added kept.txt',
    'added new.txt',
    'deleted gone.txt',
    'modified old.txt',
  ])
  expect(uncommitted.toSorted()).toEqual(['a.txt', 'kept.txt', 'new.txt', 'old.txt'])
})

test('the shared folder is not moved to another commit', async () => {
  const shop = project()
  const head = shop.git('rev-parse', 'HEAD')
  expect((await shop.acquire({ base: [{ commit: head }] })).base).toBe(head)
  const other = shop.commitOn('HEAD', { 'b.txt': '' })
  expect(await failureOf(shop.acquire({ base: [{ commit: other }] }))).toMatchObject({ code: 'unsupported' })
})

test('the shared folder needs no repository, and says then that it knows of no change', async () => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'atelier-shared-')))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  const shop = project()
  const adapter = sharedWorkspaces({ dir })
  const workspace = await adapter.acquire(shop.request())
  expect([workspace.cwd, workspace.base, workspace.tree]).toEqual([dir, null, null])
  expect(await adapter.inspect(workspace)).toMatchObject({ head: null, tree: null, files: [] })
  expect(await adapter.diff(workspace)).toBe('')
  shop.gitIn(dir, 'init', '--quiet')
  const fresh = await adapter.acquire(shop.request())
  expect(fresh.base).toBeNull()
  shop.write('a.txt', 'x\n', dir)
  expect((await adapter.inspect(fresh)).files).toMatchObject([{ path: 'a.txt', change: 'added' }])
})
