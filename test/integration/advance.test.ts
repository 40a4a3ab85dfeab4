import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { requireBranch, resolveTarget } from '../../src/git/refs.ts'
import {
  advanceTarget,
  queueTip,
  stateOfIntent,
  syncTarget,
  type MergeIntent,
} from '../../src/integration/advance.ts'
import { stackCandidates } from '../../src/integration/candidates.ts'
import type { WorkspaceBench } from '../../src/testing/workspace-bench.ts'
import { failureOf } from '../workspaces/support.ts'
import { pending, project } from './support.ts'

/** The intent to merge one more result into a target. */
async function intend(
  shop: WorkspaceBench,
  item: string,
  files: Readonly<Record<string, string>> = { [`${item}.txt`]: item },
  target = 'main',
): Promise<MergeIntent> {
  const old = await queueTip(shop, target)
  const { candidates } = await stackCandidates(shop, old, [pending(shop, item, files, target)])
  return { target, old, new: candidates[0]?.commit ?? '' }
}

const tipOf = (shop: WorkspaceBench, ref = 'main'): string => shop.git('rev-parse', ref)

describe('a target that nobody has checked out', () => {
  test('is moved, and no file of the user changes', async () => {
    const shop = project()
    shop.git('branch', 'release')
    const before = shop.snapshot()
    const intent = await intend(shop, 'x', { 'a.txt': 'new\n' }, 'release')
    expect(await advanceTarget(shop, intent)).toEqual({ kind: 'advanced' })
    expect(tipOf(shop, 'release')).toBe(intent.new)
    expect(shop.snapshot()).toBe(before)
  })

  test('of two integrators with the same old value, one wins', async () => {
    const shop = project()
    shop.git('branch', 'release')
    const intents = await Promise.all(['x', 'y', 'z'].map((item) => intend(shop, item, undefined, 'release')))
    const ends = await Promise.all(intents.map((intent) => advanceTarget(shop, intent)))
    const winner = ends.findIndex(({ kind }) => kind === 'advanced')
    expect(ends.filter(({ kind }) => kind === 'moved')).toHaveLength(2)
    expect(tipOf(shop, 'release')).toBe(intents[winner]?.new)
  })
})

describe('a target that is checked out and clean', () => {
  test('is moved with its files, untracked ones stay, and no hook runs', async () => {
    const shop = project()
    shop.write('mine.txt', 'untracked\n')
    const intent = await intend(shop, 'x', { 'a.txt': 'new\n', 'deep/er/b.txt': 'b\n' })
    for (const name of ['post-merge', 'reference-transaction', 'post-checkout'])
      writeFileSync(join(shop.dir, '.git', 'hooks', name), `#!/bin/sh\ntouch "${shop.dir}/.git/ran"\n`, {
        mode: 0o755,
      })
    expect(await advanceTarget(shop, intent)).toEqual({ kind: 'advanced' })
    expect([tipOf(shop), shop.read('a.txt'), shop.read('deep/er/b.txt')]).toEqual([
      intent.new,
      'new\n',
      'b\n',
    ])
    expect(shop.git('status', '--porcelain')).toBe('?? mine.txt')
    expect(existsSync(join(shop.dir, '.git', 'ran'))).toBe(false)
    expect(await advanceTarget(shop, intent)).toEqual({ kind: 'advanced' })
    rmSync(join(shop.dir, '.git', 'hooks'), { recursive: true })
  })

  test('is not moved where the user committed meanwhile', async () => {
    const shop = project()
    const intent = await intend(shop, 'x')
    const at = shop.commit('by the user')
    expect(await advanceTarget(shop, intent)).toEqual({ kind: 'moved', at })
    expect(await stateOfIntent(shop, intent)).toBe('moved')
  })

  test('of two integrators with the same old value, one wins', async () => {
    const shop = project()
    const intents = await Promise.all(['x', 'y'].map((item) => intend(shop, item)))
    const ends = await Promise.all(intents.map((intent) => advanceTarget(shop, intent)))
    const kinds = ends.map(({ kind }) => kind)
    expect(kinds).toContain('advanced')
    const winner = intents[kinds.indexOf('advanced')]
    // The loser saw the target moved, or its files in the winner's hands.
    expect(kinds.filter((kind) => kind === 'advanced')).toHaveLength(1)
    expect(tipOf(shop)).toBe(winner?.new)
    expect(shop.git('status', '--porcelain')).toBe('')
  })
})

describe('a target whose tree is not clean', () => {
  test('stays exactly as it is; the work waits on a branch, and comes when the tree is clean (AS-38)', async () => {
    const shop = project()
    shop.write('a.txt', 'by the user\n')
    const before = shop.snapshot()
    const first = await intend(shop, 'x')
    expect(await advanceTarget(shop, first)).toEqual({
      kind: 'main_tree_dirty',
      reason: 'dirty',
      path: shop.dir,
      what: ['a.txt'],
      branch: 'atelier/main',
    })
    expect(shop.snapshot()).toBe(before)
    expect(await stateOfIntent(shop, first)).toBe('waiting')
    // The next one stands on it.
    const second = await intend(shop, 'y')
    expect(second.old).toBe(first.new)
    expect((await advanceTarget(shop, second)).kind).toBe('main_tree_dirty')
    expect(tipOf(shop, 'atelier/main')).toBe(second.new)
    expect((await syncTarget(shop, 'main')).kind).toBe('main_tree_dirty')
    shop.git('checkout', '--quiet', 'a.txt')
    expect(await syncTarget(shop, 'main')).toEqual({ kind: 'advanced' })
    expect([tipOf(shop), shop.read('y.txt')]).toEqual([second.new, 'y'])
    expect(shop.git('branch', '--list', 'atelier/main')).toBe('')
    expect(await syncTarget(shop, 'main')).toEqual({ kind: 'nothing' })
  })

  test('takes the next result with all that waits, once it is clean', async () => {
    const shop = project()
    shop.write('a.txt', 'by the user\n')
    await advanceTarget(shop, await intend(shop, 'x'))
    shop.git('checkout', '--quiet', 'a.txt')
    expect(await advanceTarget(shop, await intend(shop, 'y'))).toEqual({ kind: 'advanced' })
    expect([shop.read('x.txt'), shop.read('y.txt')]).toEqual(['x', 'y'])
    expect(shop.git('branch', '--list', 'atelier/main')).toBe('')
  })

  test('that goes on by itself has to be merged with what waits', async () => {
    const shop = project()
    shop.write('a.txt', 'by the user\n')
    const intent = await intend(shop, 'x')
    await advanceTarget(shop, intent)
    const target = shop.commit('by the user')
    expect(await syncTarget(shop, 'main')).toEqual({ kind: 'diverged', waiting: intent.new, target })
    expect(await queueTip(shop, 'main')).toBe(target)
    // What waits is a result like any other then.
    const waiting = { item: 'waiting', attempt: 'att_waiting', title: '', head: intent.new }
    const { candidates } = await stackCandidates(shop, target, [waiting])
    const merged = { target: 'main', old: target, new: candidates[0]?.commit ?? '' }
    expect(await advanceTarget(shop, merged)).toEqual({ kind: 'advanced' })
    expect(shop.git('branch', '--list', 'atelier/main')).toBe('')
  })

  test('keeps untracked files that would be overwritten', async () => {
    const shop = project()
    shop.write('x.txt', 'by the user\n')
    expect(await advanceTarget(shop, await intend(shop, 'x'))).toMatchObject({
      kind: 'main_tree_dirty',
      reason: 'untracked',
      what: ['x.txt'],
    })
    expect(shop.read('x.txt')).toBe('by the user\n')
  })

  test('is not touched in a rebase, a merge, or while another git holds its index', async () => {
    const shop = project()
    const intent = await intend(shop, 'x')
    const lock = join(shop.dir, '.git', 'index.lock')
    writeFileSync(lock, '')
    expect(await advanceTarget(shop, intent)).toMatchObject({ reason: 'locked', what: [lock] })
    rmSync(lock)
    shop.git('branch', '-D', 'atelier/main')
    writeFileSync(join(shop.dir, '.git', 'MERGE_HEAD'), `${tipOf(shop)}\n`)
    expect(await advanceTarget(shop, intent)).toMatchObject({ reason: 'unfinished', what: ['merge'] })
    rmSync(join(shop.dir, '.git', 'MERGE_HEAD'))
    shop.git('branch', '-D', 'atelier/main')
    shop.commit('one more')
    const next = await intend(shop, 'y')
    execFileSync('git', ['-c', 'sequence.editor=sed -i s/pick/edit/', 'rebase', '-q', '-i', 'HEAD~1'], {
      cwd: shop.dir,
      stdio: 'pipe',
    })
    expect(await advanceTarget(shop, next)).toMatchObject({ reason: 'unfinished', what: ['rebase'] })
    shop.git('rebase', '--abort')
  })
})

describe('an integrator that was killed', () => {
  test('before the target moved: the intent is not applied', async () => {
    const shop = project()
    expect(await stateOfIntent(shop, await intend(shop, 'x'))).toBe('not_applied')
  })

  test('between the move of the target and the settlement: the intent is applied, also when the target went on', async () => {
    const shop = project()
    const intent = await intend(shop, 'x')
    await advanceTarget(shop, intent)
    expect(await stateOfIntent(shop, intent)).toBe('applied')
    shop.commit('by the user')
    expect(await stateOfIntent(shop, intent)).toBe('applied')
  })

  test.each(['git.files.before', 'git.files.after'])(
    'really, at %s: the branch is let go, and the next one finishes the merge (AS-38)',
    async (point) => {
      const shop = project()
      const intent = await intend(shop, 'x', { 'a.txt': 'new\n', 'b.txt': 'b\n' })
      const child = join(import.meta.dirname, 'children', 'advance.ts')
      const env = { ...process.env, ATELIER_FAILPOINTS: point }
      const run = (): unknown =>
        execFileSync(process.execPath, [child, shop.dir, 'main', intent.old, intent.new], {
          env,
          stdio: 'pipe',
        })
      expect(run).toThrow(expect.objectContaining({ signal: 'SIGKILL' }))
      expect(tipOf(shop)).toBe(intent.old)
      expect(await stateOfIntent(shop, intent)).toBe('not_applied')
      expect(await advanceTarget(shop, intent)).toEqual({ kind: 'advanced' })
      expect([tipOf(shop), shop.git('status', '--porcelain'), shop.read('b.txt')]).toEqual([
        intent.new,
        '',
        'b\n',
      ])
    },
  )

  test('between the files and the branch: what looks dirty is finished and not given up', async () => {
    const shop = project()
    const intent = await intend(shop, 'x', { 'a.txt': 'new\n', 'b.txt': 'b\n' })
    // What git does in a fast-forward before it moves the branch.
    shop.git('read-tree', '-m', '-u', intent.old, intent.new)
    expect(shop.git('status', '--porcelain')).not.toBe('')
    expect(await stateOfIntent(shop, intent)).toBe('not_applied')
    expect(await advanceTarget(shop, intent)).toEqual({ kind: 'advanced' })
    expect([tipOf(shop), shop.git('status', '--porcelain')]).toEqual([intent.new, ''])
  })
})

describe('the target', () => {
  test('is the branch that is checked out, or the one that is named', async () => {
    const shop = project()
    shop.git('branch', 'feature/ü')
    const commit = tipOf(shop)
    expect(await resolveTarget(shop)).toEqual({
      kind: 'branch',
      branch: 'main',
      ref: 'refs/heads/main',
      commit,
    })
    expect(await resolveTarget(shop, 'feature/ü')).toMatchObject({ branch: 'feature/ü', commit })
    expect(await failureOf(resolveTarget(shop, 'mian'))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Did you mean main?') as string,
    })
    // An expression is no name of a branch.
    expect(await failureOf(resolveTarget(shop, 'main~0'))).toMatchObject({ code: 'not_found' })
    expect(await failureOf(queueTip(shop, 'none'))).toMatchObject({ code: 'not_found' })
  })

  test('is none where HEAD is detached, which says how to go on', async () => {
    const shop = project()
    shop.git('switch', '--quiet', '--detach')
    const target = await resolveTarget(shop)
    expect(target.kind).toBe('detached')
    expect(() => requireBranch(target)).toThrow('git switch -c NAME')
    shop.git('switch', '--quiet', 'main')
    expect(requireBranch(await resolveTarget(shop)).branch).toBe('main')
  })

  test('does not exist before the first commit', async () => {
    const shop = project()
    const dir = join(shop.dir, '..', 'new')
    mkdirSync(dir)
    expect(await failureOf(resolveTarget({ dir }))).toMatchObject({ code: 'not_found' })
    shop.gitIn(dir, 'init', '--quiet', '--initial-branch=main')
    for (const branch of [undefined, 'main'])
      expect(await failureOf(resolveTarget({ dir }, branch))).toMatchObject({
        code: 'not_found',
        details: { reason: 'unborn' },
      })
  })

  test('cannot be parked where a branch name is in the way', async () => {
    const shop = project()
    const intent = await intend(shop, 'x')
    shop.git('branch', 'atelier')
    shop.write('a.txt', 'dirty\n')
    expect(await failureOf(advanceTarget(shop, intent))).toMatchObject({
      code: 'already_exists',
      details: { inTheWay: 'refs/heads/atelier' },
    })
    shop.git('branch', '-D', 'atelier')
  })
})
