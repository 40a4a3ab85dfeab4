import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import { moveLocked } from '../../src/git/ref-lock.ts'
import { listRefs, moveRef, refValue } from '../../src/git/refs.ts'
import { git, runGit } from '../../src/git/run.ts'
import { branchUse, listWorktrees, parseWorktrees } from '../../src/git/worktrees.ts'
import { WorkspaceBench } from '../../src/testing/workspace-bench.ts'
import { sharedWorkspaces } from '../../src/workspaces/shared.ts'
import { failureOf } from '../workspaces/support.ts'

function repository(): WorkspaceBench {
  const made = new WorkspaceBench({ open: ({ dir }) => sharedWorkspaces({ dir }) })
  onTestFinished(() => made.close())
  return made
}

const REF = 'refs/atelier/changes/x'

describe('moving a ref', () => {
  test('makes, moves and deletes it from the value that is named, and from no other', async () => {
    const shop = repository()
    const one = shop.git('rev-parse', 'main')
    const two = shop.commitOn('main', { 'b.txt': '' })
    expect(await moveRef(shop, { ref: REF, old: null, new: one, why: 't' })).toEqual({ moved: true })
    expect(await moveRef(shop, { ref: REF, old: null, new: two, why: 't' })).toEqual({
      moved: false,
      at: one,
    })
    expect(await moveRef(shop, { ref: REF, old: two, new: one, why: 't' })).toEqual({ moved: false, at: one })
    expect(await moveRef(shop, { ref: REF, old: one, new: two, why: 't' })).toEqual({ moved: true })
    expect(await listRefs(shop, 'refs/atelier/')).toEqual([{ ref: REF, commit: two }])
    expect(await moveRef(shop, { ref: REF, old: one, new: null, why: 't' })).toEqual({
      moved: false,
      at: two,
    })
    expect(await moveRef(shop, { ref: REF, old: two, new: null, why: 't' })).toEqual({ moved: true })
    expect(await refValue(shop, REF)).toBeUndefined()
    expect(await moveRef(shop, { ref: REF, old: two, new: one, why: 't' })).toEqual({
      moved: false,
      at: null,
    })
  })

  test('of many that try from the same value, one succeeds', async () => {
    const shop = repository()
    const old = shop.git('rev-parse', 'main')
    await moveRef(shop, { ref: REF, old: null, new: old, why: 't' })
    const commits = ['1', '2', '3', '4', '5', '6'].map((text) => shop.commitOn('main', { 'b.txt': text }))
    const ends = await Promise.all(
      commits.map((next) => moveRef(shop, { ref: REF, old, new: next, why: 't' })),
    )
    expect(ends.filter(({ moved }) => moved)).toHaveLength(1)
    expect(await refValue(shop, REF)).toBe(commits[ends.findIndex(({ moved }) => moved)])
  })

  test('names a lock that a crashed git left', async () => {
    const shop = repository()
    const commit = shop.git('rev-parse', 'main')
    await moveRef(shop, { ref: REF, old: null, new: commit, why: 't' })
    const next = shop.commitOn('main', {})
    writeFileSync(join(shop.dir, '.git', `${REF}.lock`), '')
    const error = await failureOf(moveRef(shop, { ref: REF, old: commit, new: next, why: 't' }))
    expect(error).toMatchObject({ code: 'workspace_failed' })
    expect(error.message).toContain(`${REF}.lock`)
  })
})

describe('a ref that is locked while something else is done', () => {
  test('moves only if that says so', async () => {
    const shop = repository()
    const old = shop.git('rev-parse', 'main')
    const next = shop.commitOn('main', {})
    const move = { ref: REF, old: null, new: old, why: 't' }
    expect((await moveLocked(shop, move, async () => ({ move: true }))).moved).toBe(true)
    const on = { ...move, old, new: next }
    expect((await moveLocked(shop, on, async () => ({ move: false }))).moved).toBe(false)
    const broken = moveLocked(shop, on, async () => {
      throw new Error('in the middle')
    })
    await expect(broken).rejects.toThrow('in the middle')
    expect(await refValue(shop, REF)).toBe(old)
    const wrong = { ...on, old: next }
    expect(await moveLocked(shop, wrong, async () => ({ move: true }))).toEqual({ moved: false, at: old })
  })

  test('is moved by nobody else meanwhile', async () => {
    const shop = repository()
    const old = shop.git('rev-parse', 'main')
    const [mine, theirs] = [shop.commitOn('main', { m: '' }), shop.commitOn('main', { t: '' })]
    await moveRef(shop, { ref: REF, old: null, new: old, why: 't' })
    let other: ReturnType<typeof moveRef> | undefined
    await moveLocked(shop, { ref: REF, old, new: mine, why: 't' }, async () => {
      other = moveRef(shop, { ref: REF, old, new: theirs, why: 't' })
      expect(await refValue(shop, REF)).toBe(old)
      return { move: true }
    })
    expect(await other).toEqual({ moved: false, at: mine })
  })

  test('is let go as it was when its holder is killed', async () => {
    const shop = repository()
    const old = shop.git('rev-parse', 'main')
    const next = shop.commitOn('main', {})
    await moveRef(shop, { ref: REF, old: null, new: old, why: 't' })
    const child = join(import.meta.dirname, 'children', 'hold.ts')
    const hold = (): unknown =>
      execFileSync(process.execPath, [child, shop.dir, REF, old, next], { stdio: 'pipe' })
    expect(hold).toThrow(expect.objectContaining({ signal: 'SIGKILL' }))
    expect(await refValue(shop, REF)).toBe(old)
    expect(await moveRef(shop, { ref: REF, old, new: next, why: 't' })).toEqual({ moved: true })
  })
})

describe('the use of a branch', () => {
  test('is told for branches that are free, checked out, changed, and in a bisect', async () => {
    const shop = repository()
    shop.git('branch', 'free')
    expect(await branchUse(shop, 'refs/heads/free')).toEqual({ state: 'free' })
    expect(await branchUse(shop, 'refs/heads/main')).toMatchObject({
      state: 'clean',
      place: { dir: shop.dir },
    })
    shop.write('a.txt', 'changed\n')
    expect(await branchUse(shop, 'refs/heads/main')).toMatchObject({ state: 'busy', what: ['a.txt'] })
    shop.git('checkout', '--quiet', 'a.txt')
    for (const subject of ['two', 'three']) shop.commit(subject)
    shop.git('bisect', 'start', 'HEAD', 'HEAD~2')
    expect(await branchUse(shop, 'refs/heads/main')).toMatchObject({ reason: 'unfinished', what: ['bisect'] })
    shop.git('bisect', 'reset')
  })

  test('is read from a list of all kinds of working trees', async () => {
    const fields = ['worktree /a b', 'HEAD 1a', 'branch refs/heads/x', '', 'worktree /c', 'bare', '']
    const more = ['worktree /d', 'HEAD 000', 'detached', 'locked why not', 'prunable gone', '', '']
    expect(parseWorktrees([...fields, ...more].join('\0'))).toEqual([
      { path: '/a b', head: '1a', ref: 'refs/heads/x', isBare: false, isLocked: false },
      { path: '/c', head: null, ref: null, isBare: true, isLocked: false },
      { path: '/d', head: null, ref: null, isBare: false, isLocked: true },
    ])
    const shop = repository()
    expect(await listWorktrees(shop)).toMatchObject([{ path: shop.dir, ref: 'refs/heads/main' }])
  })
})

describe('running git', () => {
  test('has no variable of this process that points at another repository', async () => {
    const shop = repository()
    process.env['GIT_DIR'] = '/nowhere'
    try {
      expect((await git(shop, ['rev-parse', '--show-toplevel'])).trim()).toBe(shop.dir)
    } finally {
      delete process.env['GIT_DIR']
    }
  })

  test('ends when it is cancelled, and when it takes too long', async () => {
    const shop = repository()
    shop.git('config', 'alias.wait', '!sleep 60')
    expect(await failureOf(runGit(shop, ['wait'], { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'cancelled',
    })
    expect(await failureOf(runGit(shop, ['wait'], { timeoutMs: 50 }))).toMatchObject({ code: 'timeout' })
  })

  test('says what failed and where', async () => {
    const shop = repository()
    const error = await failureOf(git(shop, ['rev-parse', '--verify', 'nothing']))
    expect(error).toMatchObject({
      code: 'workspace_failed',
      details: { reason: 'git', command: 'rev-parse' },
    })
    expect(await failureOf(git({ dir: '/' }, ['status']))).toMatchObject({ code: 'not_found' })
  })

  test('takes input of any length', async () => {
    const shop = repository()
    const input = 'ü'.repeat(500_000)
    const hash = (await git(shop, ['hash-object', '-w', '--stdin'], { input })).trim()
    expect(await git(shop, ['cat-file', 'blob', hash])).toBe(input)
    const cut = await runGit(shop, ['cat-file', 'blob', hash], { maxBytes: 10 })
    expect([cut.output.length, cut.isCut]).toEqual([5, true])
  })
})
