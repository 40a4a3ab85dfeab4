import { execFileSync } from 'node:child_process'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { FAILPOINTS, type Failpoint } from '../../src/failpoints.ts'
import { attemptBranches, bench } from './support.ts'

/** In the order of an attempt's life; a number is which hit of it is meant. */
const POINTS = [
  ...['worktree.add.before', 'worktree.add.after', 'worktree.branch.before', 'worktree.branch.after'],
  ...['worktree.files.before', 'worktree.files.after', 'git.save.before', 'git.save.after'],
  ...['git.commit.before', 'git.commit.after', 'git.save.before:2', 'git.save.after:2'],
  ...['worktree.remove.before', 'worktree.remove.after'],
]

test.each(POINTS)(
  'an attempt that is killed at %s leaves nothing behind that is not found, and loses no work',
  async (point) => {
    expect(FAILPOINTS).toContain(point.replace(/:\d$/u, '') as Failpoint)
    const shop = bench()
    shop.write('.gitignore', 'ignored\n')
    shop.commit('ignore')
    const before = shop.snapshot()
    const { attempt } = shop.request()
    const child = join(import.meta.dirname, 'children', 'attempt.ts')
    const env = { ...process.env, ATELIER_FAILPOINTS: point }
    const run = (): unknown =>
      execFileSync(process.execPath, [child, shop.dir, shop.stateDir, attempt], { env, stdio: 'pipe' })
    expect(run).toThrow(expect.objectContaining({ signal: 'SIGKILL' }))
    for (const found of await shop.adapter.list())
      expect((await shop.adapter.release(found, { files: 'remove' })).removed).toBe(true)
    expect(await shop.adapter.list()).toEqual([])
    expect(attemptBranches(shop)).toEqual([])
    expect(shop.git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(shop.snapshot()).toBe(before)
    const progress = existsSync(join(shop.dir, 'ignored')) ? shop.read('ignored') : ''
    const written = { '': [], first: ['first.txt'], second: ['first.txt', 'second.txt'] }[progress]
    for (const name of written ?? ['?'])
      expect(shop.git('show', `refs/atelier/saved/${attempt}:${name}`)).toBe('precious')
  },
)

test('an attempt that is killed while its files are removed keeps what was saved, not what was left of it', async () => {
  const shop = bench()
  const { attempt } = shop.request()
  const child = join(import.meta.dirname, 'children', 'attempt.ts')
  const env = { ...process.env, ATELIER_FAILPOINTS: 'worktree.remove.before' }
  const run = (): unknown =>
    execFileSync(process.execPath, [child, shop.dir, shop.stateDir, attempt], { env, stdio: 'pipe' })
  expect(run).toThrow(expect.objectContaining({ signal: 'SIGKILL' }))
  const saved = shop.git('rev-parse', `refs/atelier/saved/${attempt}`)
  const [found] = await shop.adapter.list()
  for (const name of ['first.txt', 'second.txt']) rmSync(join(found?.path ?? '', name))
  expect(await shop.adapter.release({ attempt }, { files: 'remove' })).toMatchObject({ removed: true })
  expect(shop.git('rev-parse', `refs/atelier/saved/${attempt}`)).toBe(saved)
  expect(await shop.adapter.list()).toEqual([])
})
