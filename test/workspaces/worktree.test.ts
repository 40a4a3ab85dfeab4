import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'

import { describe, expect, onTestFinished, test } from 'vitest'

import type { WorkspaceBench } from '../../src/testing/workspace-bench.ts'
import { listWorktrees } from '../../src/git/worktrees.ts'
import { worktreeWorkspaces } from '../../src/workspaces/worktree.ts'
import { findWorktree } from '../../src/workspaces/worktree/record.ts'
import { removeWorktree } from '../../src/workspaces/worktree/removal.ts'
import { attemptBranches, bench, failureOf } from './support.ts'

test('AS-37: two attempts on the same file have two folders, two branches and both commits, and the main tree stays as it is (A39, B38)', async () => {
  const shop = bench()
  const before = shop.snapshot()
  const [x, y] = await Promise.all([
    shop.acquire({ item: { id: 'x', title: 'X' } }),
    shop.acquire({ item: { id: 'y', title: 'Y' } }),
  ])
  shop.write('a.txt', 'from x\n', x.cwd)
  shop.write('a.txt', 'from y\n', y.cwd)
  const [one, two] = await Promise.all([
    shop.adapter.commit(x, { subject: 'X' }),
    shop.adapter.commit(y, { subject: 'Y' }),
  ])
  expect(new Set([x.cwd, y.cwd, shop.dir]).size).toBe(3)
  expect(new Set([x.branch, y.branch]).size).toBe(2)
  expect(shop.git('show', `${one.head}:a.txt`)).toBe('from x')
  expect(shop.git('show', `${two.head}:a.txt`)).toBe('from y')
  expect(shop.snapshot()).toBe(before)
})

test('many attempts that start at once all get a worktree', async () => {
  const shop = bench()
  const all = await Promise.all(Array.from({ length: 12 }, () => shop.acquire()))
  expect(new Set(all.map(({ branch }) => branch)).size).toBe(12)
  expect(new Set(all.map(({ env }) => env['ATELIER_PORT'])).size).toBe(12)
  expect((await shop.adapter.list()).every(({ state }) => state === 'whole')).toBe(true)
})

test('worktrees are listed while others are made and taken away, whose records are half there at times', async () => {
  const shop = bench()
  let isOver = false
  const makeAndRemove = async (): Promise<void> => {
    for (let times = 0; times < 5; times++) {
      const { attempt } = await shop.acquire()
      await shop.adapter.release({ attempt }, { files: 'remove' })
    }
  }
  const lookOn = async (): Promise<void> => {
    while (!isOver) await listWorktrees({ dir: shop.dir })
  }
  const looking = Promise.all([lookOn(), lookOn()])
  await Promise.race([looking, Promise.all(Array.from({ length: 4 }, makeAndRemove))])
  isOver = true
  await looking
  expect(await listWorktrees({ dir: shop.dir })).toHaveLength(1)
}, 60_000)

test('two releases at once take it away once, and both say where its work is', async () => {
  const shop = bench()
  const { attempt, cwd } = await shop.acquire()
  shop.write('new.txt', 'work\n', cwd)
  const [one, two] = await Promise.all([
    shop.adapter.release({ attempt }, { files: 'remove' }),
    worktreeWorkspaces({ dir: shop.dir, stateDir: shop.stateDir }).release({ attempt }, { files: 'remove' }),
  ])
  expect([one.removed, two.removed]).toEqual([true, true])
  expect(two.saved).toEqual(one.saved)
  expect(shop.git('show', `${one.saved[0]?.commit}:new.txt`)).toBe('work')
  expect(await shop.adapter.list()).toEqual([])
})

test('hosts that take the same worktrees away at once do not meet, and what is saved is whole', async () => {
  const shop = bench()
  const project = { dir: shop.dir }
  const folder = join(realpathSync(shop.stateDir), 'worktrees')
  for (let round = 0; round < 4; round++) {
    const { attempt, cwd } = await shop.acquire()
    for (let n = 0; n < 200; n++) shop.write(`new-${n}.txt`, 'work\n', cwd)
    const own = findWorktree({ commonDir: join(shop.dir, '.git'), folder, prefix: '' }, attempt)
    if (own === undefined) throw new Error('There is no worktree.')
    const all = await Promise.all(Array.from({ length: 3 }, () => removeWorktree(project, own)))
    expect(all.map(({ removed }) => removed)).toEqual([true, true, true])
    expect(shop.git('ls-tree', '--name-only', `refs/atelier/saved/${attempt}`).match(/new-/gu)).toHaveLength(
      200,
    )
  }
})

describe('an attempt that goes on where another one was suspended', () => {
  /** An attempt that committed something and left something else, and is released. */
  async function suspended(shop: WorkspaceBench): Promise<{ attempt: string; head: string; base: string }> {
    const { attempt, cwd, base } = await shop.acquire()
    shop.write('a.txt', 'committed\n', cwd)
    const head = shop.commit('part', cwd)
    shop.write('a.txt', 'changed\n', cwd)
    shop.write('new.txt', 'new\n', cwd)
    await shop.adapter.release({ attempt }, { files: 'remove' })
    return { attempt, head, base: base as string }
  }

  test('begins on its commit, with its files, and is compared with what that one began from', async () => {
    const shop = bench()
    const { attempt, head, base } = await suspended(shop)
    shop.write('other.txt', 'moved on\n')
    shop.commit('moved on')
    const next = await shop.acquire({ continues: { attempts: ['nobody', attempt], upon: base } })
    expect(next.base).toBe(base)
    const state = await shop.adapter.inspect(next)
    expect(state).toMatchObject({ head, uncommitted: ['a.txt', 'new.txt'] })
    expect(state.files.map(({ path }) => path)).toEqual(['a.txt', 'new.txt'])
    expect(shop.gitIn(next.cwd, 'status', '--porcelain')).toBe('M a.txt\n?? new.txt')
  })

  test('begins anew where nothing was left, or where it lacks what its change has by now', async () => {
    const shop = bench()
    const { attempt } = await suspended(shop)
    shop.write('other.txt', 'moved on\n')
    const tip = shop.commit('moved on')
    const without = await shop.acquire({ continues: { attempts: ['nobody'], upon: null } })
    expect(await shop.adapter.inspect(without)).toMatchObject({ head: tip, uncommitted: [] })
    const later = await shop.acquire({ continues: { attempts: [attempt], upon: tip } })
    expect(await shop.adapter.inspect(later)).toMatchObject({ head: tip, uncommitted: [] })
  })
})

describe('a project with submodules', () => {
  function withSubmodule(shop: WorkspaceBench): void {
    const other = bench()
    shop.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', other.dir, 'lib/other')
    shop.git('commit', '--quiet', '-m', 'Add a submodule')
  }

  test('is refused where no set-up command gets them, and nothing is left', async () => {
    const shop = bench()
    withSubmodule(shop)
    const error = await failureOf(shop.acquire())
    expect(error).toMatchObject({ code: 'unsupported', details: { submodules: ['lib/other'] } })
    expect(await shop.adapter.list()).toEqual([])
    expect(attemptBranches(shop)).toEqual([])
  })

  test('has them where a set-up command gets them, and is taken away like any other', async () => {
    const setUp = ['git -c protocol.file.allow=always submodule --quiet update --init --recursive']
    const shop = bench({ setUp })
    withSubmodule(shop)
    const workspace = await shop.acquire()
    expect(existsSync(join(workspace.cwd, 'lib', 'other', 'a.txt'))).toBe(true)
    shop.write('a.txt', 'work\n', workspace.cwd)
    await shop.adapter.commit(workspace, { subject: 'Work' })
    const released = await shop.adapter.release(workspace, { files: 'remove' })
    expect(released).toMatchObject({ removed: true })
    expect(await shop.adapter.list()).toEqual([])
  })
})

describe('what an attempt starts from', () => {
  test('heads that do not merge are named with their files, and nothing is left', async () => {
    const shop = bench()
    const one = shop.commitOn('HEAD', { 'a.txt': 'this\n' })
    const two = shop.commitOn('HEAD', { 'a.txt': 'that\n' })
    const base = [{ commit: one }, { commit: two, item: 'dep' }]
    const error = await failureOf(shop.acquire({ base }))
    expect(error.code).toBe('merge_conflict')
    expect(error.details).toMatchObject({ head: two, item: 'dep', files: ['a.txt'] })
    expect(await shop.adapter.list()).toEqual([])
    expect(attemptBranches(shop)).toEqual([])
  })

  test('heads that are in each other need no merge', async () => {
    const shop = bench()
    const first = shop.git('rev-parse', 'HEAD')
    const later = shop.commitOn('HEAD', { 'b.txt': '' })
    expect((await shop.acquire({ base: [{ commit: first }, { commit: later }] })).base).toBe(later)
    expect((await shop.acquire({ base: [{ commit: later }, { commit: first }] })).base).toBe(later)
  })

  test('is the commit of a detached HEAD, too', async () => {
    const shop = bench()
    shop.git('switch', '--quiet', '--detach', 'HEAD')
    expect((await shop.acquire()).base).toBe(shop.git('rev-parse', 'HEAD'))
    shop.git('switch', '--quiet', 'main')
  })

  test('is said to be missing before the first commit', async () => {
    const shop = bench()
    shop.git('switch', '--quiet', '--orphan', 'empty')
    const error = await failureOf(shop.acquire())
    expect(error).toMatchObject({ code: 'not_found', details: { reason: 'unborn', branch: 'empty' } })
    expect(error.message).toContain('no commit on empty yet')
    shop.git('switch', '--quiet', 'main')
    expect(await failureOf(shop.acquire({ base: [{ commit: '1'.repeat(40) }] }))).toMatchObject({
      code: 'not_found',
    })
  })

  test('does not contain what is not committed in the main tree, and leaves it there', async () => {
    const shop = bench()
    shop.write('a.txt', 'by the user\n')
    shop.write('untracked.txt', 'by the user\n')
    const before = shop.snapshot()
    const { cwd } = await shop.acquire()
    expect(shop.read('a.txt', cwd)).toBe('one\n')
    expect(shop.snapshot()).toBe(before)
  })

  test('is worked on in the folder that the project has below the top of the repository', async () => {
    const shop = bench()
    shop.write('packages/tool ü/index.txt', 'x\n')
    shop.commit('a package')
    const dir = join(shop.dir, 'packages', 'tool ü')
    const adapter = worktreeWorkspaces({ dir, stateDir: join(dir, '.atelier', 'state') })
    const workspace = await adapter.acquire(shop.request())
    expect(readFileSync(join(workspace.cwd, 'index.txt'), 'utf8')).toBe('x\n')
    expect(workspace.cwd).toBe(join(workspace.root, 'packages', 'tool ü'))
    await adapter.release(workspace, { files: 'remove' })
    expect(shop.git('worktree', 'list').split('\n')).toHaveLength(1)
  })
})

describe('the branch of an attempt', () => {
  test('is another one where the name is taken, and what is there stays', async () => {
    const shop = bench()
    const request = shop.request({ item: { id: 'auth', title: '' }, attempt: 'att_12345678' })
    shop.git('branch', 'atelier/auth/12345678')
    const head = shop.commitOn('HEAD', { 'b.txt': '' })
    const { branch } = await shop.adapter.acquire({ ...request, base: [{ commit: head }] })
    expect(branch).toBe('atelier/auth-2/12345678')
    expect(shop.git('rev-parse', 'atelier/auth/12345678')).toBe(shop.git('rev-parse', 'main'))
    await shop.adapter.release(request, { files: 'remove' })
    expect(attemptBranches(shop)).toEqual(['atelier/auth/12345678'])
  })

  test('is found where a branch stands in the way of the whole folder', async () => {
    const shop = bench()
    shop.git('branch', 'atelier')
    const { branch, attempt } = await shop.acquire({ item: { id: 'auth', title: '' } })
    expect(branch).toBe(`atelier-auth/${attempt.slice(-8)}`)
  })

  test('follows an agent that switches to a branch of its own', async () => {
    const shop = bench()
    const workspace = await shop.acquire()
    shop.gitIn(workspace.cwd, 'switch', '--quiet', '--create', 'feature/mine')
    shop.write('b.txt', 'x\n', workspace.cwd)
    expect((await shop.adapter.inspect(workspace)).branch).toBe('feature/mine')
    const { head } = await shop.adapter.commit(workspace, { subject: 'Mine' })
    expect(shop.git('rev-parse', `${workspace.branch}`)).toBe(head)
    await shop.adapter.release(workspace, { files: 'remove' })
    expect(shop.git('rev-parse', 'feature/mine')).toBe(head)
    expect(attemptBranches(shop)).toEqual([])
  })
})

describe('before anything is removed', () => {
  test('commits that no other branch has are saved as well', async () => {
    const shop = bench()
    const workspace = await shop.acquire()
    shop.write('b.txt', 'x\n', workspace.cwd)
    const { head } = await shop.adapter.commit(workspace, { subject: 'B' })
    const { saved } = await shop.adapter.release(workspace, { files: 'remove' })
    expect(saved).toEqual([{ ref: `refs/atelier/saved/${workspace.attempt}`, commit: head }])
    expect(attemptBranches(shop)).toEqual([])
  })

  test('merged commits need not be', async () => {
    const shop = bench()
    const workspace = await shop.acquire()
    shop.write('b.txt', 'x\n', workspace.cwd)
    const { head } = await shop.adapter.commit(workspace, { subject: 'B' })
    shop.git('merge', '--quiet', '--ff-only', head)
    expect((await shop.adapter.release(workspace, { files: 'remove' })).saved).toEqual([])
  })

  test('work is saved that an agent left on no branch, beside the branch that it left', async () => {
    const shop = bench()
    const workspace = await shop.acquire()
    shop.write('b.txt', 'on the branch\n', workspace.cwd)
    const left = shop.commit('left', workspace.cwd)
    shop.gitIn(workspace.cwd, 'switch', '--quiet', '--detach', 'HEAD~')
    shop.write('c.txt', 'detached\n', workspace.cwd)
    shop.commit('detached', workspace.cwd)
    shop.write('d.txt', 'not committed\n', workspace.cwd)
    const { saved } = await shop.adapter.release(workspace, { files: 'remove' })
    const ref = `refs/atelier/saved/${workspace.attempt}`
    expect(saved.map((one) => one.ref)).toEqual([ref, `${ref}-branch`])
    expect(shop.git('show', `${ref}:d.txt`)).toBe('not committed')
    expect(shop.git('show', `${ref}:c.txt`)).toBe('detached')
    expect(shop.git('rev-parse', `${ref}-branch`)).toBe(left)
  })

  test('a repository of its own inside keeps the worktree, since a commit cannot hold it', async () => {
    const shop = bench()
    const workspace = await shop.acquire()
    for (const name of ['with', 'without']) {
      mkdirSync(join(workspace.cwd, name))
      shop.gitIn(join(workspace.cwd, name), 'init', '--quiet')
    }
    shop.write('x.txt', 'x\n', join(workspace.cwd, 'with'))
    shop.commit('inner', join(workspace.cwd, 'with'))
    const { removed, warnings } = await shop.adapter.release(workspace, { files: 'remove' })
    expect(removed).toBe(false)
    expect(warnings.join('\n')).toMatch(/with.*cannot be saved/u)
    expect(existsSync(join(workspace.cwd, 'with', 'x.txt'))).toBe(true)
    const error = await failureOf(shop.adapter.commit(workspace, { subject: 'With inner' }))
    expect(error).toMatchObject({ code: 'workspace_failed', details: { reason: 'nested' } })
    for (const name of ['with', 'without']) rmSync(join(workspace.cwd, name), { recursive: true })
  })

  test.skipIf(process.getuid?.() === 0)(
    'a file that cannot be read keeps the worktree, and the others are saved (root reads everything)',
    async () => {
      const shop = bench()
      const workspace = await shop.acquire()
      shop.write('closed.txt', 'x\n', workspace.cwd)
      shop.write('open.txt', 'x\n', workspace.cwd)
      chmodSync(join(workspace.cwd, 'closed.txt'), 0)
      const { removed, warnings } = await shop.adapter.release(workspace, { files: 'remove' })
      expect([removed, warnings]).toEqual([false, [expect.stringContaining('closed.txt')]])
      const ref = `refs/atelier/saved/${workspace.attempt}`
      expect(shop.git('ls-tree', '--name-only', ref)).toContain('open.txt')
      chmodSync(join(workspace.cwd, 'closed.txt'), 0o600)
    },
  )

  test('folders that may not be written are no obstacle', async () => {
    const shop = bench()
    const workspace = await shop.acquire()
    shop.write('ignored/cache/module/file', 'x', workspace.cwd)
    chmodSync(join(workspace.cwd, 'ignored', 'cache', 'module', 'file'), 0o444)
    chmodSync(join(workspace.cwd, 'ignored', 'cache', 'module'), 0o555)
    expect((await shop.adapter.release(workspace, { files: 'remove' })).removed).toBe(true)
    expect(existsSync(workspace.root)).toBe(false)
  })
})

describe('what an agent or a crash can break', () => {
  test('a deleted folder is named, its commits are saved, and other worktrees stay', async () => {
    const shop = bench()
    const elsewhere = join(shop.dir, '..', 'elsewhere')
    shop.git('worktree', 'add', '--quiet', '--detach', elsewhere)
    rmSync(elsewhere, { recursive: true })
    const workspace = await shop.acquire()
    shop.write('b.txt', 'x\n', workspace.cwd)
    const { head } = await shop.adapter.commit(workspace, { subject: 'B' })
    rmSync(workspace.root, { recursive: true })
    expect(await failureOf(shop.adapter.inspect(workspace))).toMatchObject({ code: 'not_found' })
    expect(await shop.adapter.list()).toMatchObject([{ attempt: workspace.attempt, state: 'gone' }])
    const { removed, saved } = await shop.adapter.release(workspace, { files: 'remove' })
    expect([removed, saved.map(({ commit }) => commit)]).toEqual([true, [head]])
    // A person's worktree on a disk that is not plugged in looks just like this.
    expect(shop.git('worktree', 'list')).toContain('elsewhere')
    shop.git('worktree', 'remove', '--force', elsewhere)
  })

  test('a deleted .git file leads neither the engine nor the agent into the main repository', async () => {
    const shop = bench()
    const request = shop.request()
    const workspace = await shop.adapter.acquire(request)
    const before = shop.snapshot()
    rmSync(join(workspace.root, '.git'))
    shop.write('b.txt', 'x\n', workspace.cwd)
    const env = { ...process.env, ...workspace.env }
    expect(() => execFileSync('git', ['status'], { cwd: workspace.cwd, env, stdio: 'pipe' })).toThrow(
      'not a git repository',
    )
    expect((await shop.adapter.inspect(workspace)).uncommitted).toEqual(['b.txt'])
    await shop.adapter.adopt(request)
    expect(shop.gitIn(workspace.cwd, 'status', '--porcelain')).toBe('?? b.txt')
    rmSync(join(workspace.root, '.git'))
    const { saved } = await shop.adapter.release(workspace, { files: 'remove' })
    expect(shop.git('show', `${saved[0]?.ref}:b.txt`)).toBe('x')
    expect(shop.snapshot()).toBe(before)
  })

  test('a process that is killed while it makes a worktree leaves one that is found and removed', async () => {
    const shop = bench()
    const { attempt } = shop.request()
    const child = join(import.meta.dirname, 'children', 'acquire.ts')
    const kill = (): unknown =>
      execFileSync(process.execPath, [child, shop.dir, shop.stateDir, attempt], { stdio: 'pipe' })
    expect(kill).toThrow(expect.objectContaining({ signal: 'SIGKILL' }))
    expect(await shop.adapter.list()).toMatchObject([{ attempt, state: 'partial', access: 'write' }])
    expect(await shop.adapter.adopt(shop.request({ attempt }))).toBeUndefined()
    expect((await shop.adapter.release({ attempt }, { files: 'remove' })).removed).toBe(true)
    expect(await shop.adapter.list()).toEqual([])
    expect(attemptBranches(shop)).toEqual([])
  })

  test('a folder that git does not know is removed when it is empty, and kept when it is not', async () => {
    const shop = bench()
    const folder = join(shop.stateDir, 'worktrees', 'att_strange')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'notes.txt'), 'whose?')
    const kept = await shop.adapter.release({ attempt: 'att_strange' }, { files: 'remove' })
    expect([kept.removed, kept.warnings]).toEqual([false, [expect.stringContaining('no record')]])
    rmSync(join(folder, 'notes.txt'))
    expect((await shop.adapter.release({ attempt: 'att_strange' }, { files: 'remove' })).removed).toBe(true)
    expect(existsSync(folder)).toBe(false)
  })

  test('a name that leads elsewhere is refused', async () => {
    const shop = bench()
    for (const attempt of ['../x', '.git', '', 'a/b'])
      expect(await failureOf(shop.adapter.release({ attempt }, { files: 'remove' }))).toMatchObject({
        code: 'invalid_input',
      })
  })
})

describe('.worktreeinclude', () => {
  test('brings files that it names and git ignores, and nothing else', async () => {
    const shop = bench()
    shop.write('.gitignore', '.env*\nlocal/\nignored/\nlink\nsecret.txt\n')
    shop.write('.worktreeinclude', '# mine\n.env*\n!.env.example\nlocal/\nlink\nnot-ignored.txt\na.txt\n')
    shop.commit('include')
    shop.write('.env', 'KEY=1\n')
    shop.write('.env.example', 'KEY=\n')
    shop.write('local/ü b/settings.json', '{}')
    shop.write('not-ignored.txt', 'x')
    shop.write('secret.txt', 'x')
    symlinkSync('local', join(shop.dir, 'link'))
    const { cwd, warnings } = await shop.acquire()
    expect(shop.read('.env', cwd)).toBe('KEY=1\n')
    expect(shop.read('local/ü b/settings.json', cwd)).toBe('{}')
    expect(shop.read('link/ü b/settings.json', cwd)).toBe('{}')
    const others = ['.env.example', 'not-ignored.txt', 'secret.txt']
    expect(others.filter((name) => existsSync(join(cwd, name)))).toEqual([])
    expect(warnings).toEqual([])
    rmSync(join(shop.dir, 'not-ignored.txt'))
  })

  test('writes through no link that leads out of the worktree, and over no file', async () => {
    const shop = bench()
    shop.write('.gitignore', 'conf/*.env\nignored/\n')
    shop.write('.worktreeinclude', 'conf/*.env\n')
    shop.write('conf/readme', '')
    shop.commit('include')
    shop.write('conf/my.env', 'KEY=1\n')
    const outside = join(shop.dir, '..', 'outside')
    mkdirSync(outside)
    const dir = join(shop.dir, '..', 'agent')
    shop.git('worktree', 'add', '--quiet', '--detach', dir)
    rmSync(join(dir, 'conf'), { recursive: true })
    symlinkSync(outside, join(dir, 'conf'))
    const evil = shop.commit('a link', dir)
    shop.git('worktree', 'remove', '--force', dir)
    const { warnings } = await shop.acquire({ base: [{ commit: evil }] })
    expect(warnings).toEqual([expect.stringContaining('conf/my.env')])
    expect(existsSync(join(outside, 'my.env'))).toBe(false)
  })
})

describe('set-up and tear-down', () => {
  test('run in the worktree with its variables', async () => {
    const shop = bench({
      setUp: ['echo "$ATELIER_PORT $ATELIER_SLOT $ATELIER_BRANCH" > ignored.env', ['touch', 'a b.env']],
      tearDown: ['cp ignored.env "$ATELIER_PROJECT/ignored/seen"'],
    })
    mkdirSync(join(shop.dir, 'ignored'))
    const { cwd, env, branch } = await shop.acquire()
    expect(shop.read('ignored.env', cwd)).toBe(`${env['ATELIER_PORT']} ${env['ATELIER_SLOT']} ${branch}\n`)
    expect(existsSync(join(cwd, 'a b.env'))).toBe(true)
    const [{ attempt } = { attempt: '' }] = await shop.adapter.list()
    expect((await shop.adapter.release({ attempt }, { files: 'remove' })).warnings).toEqual([])
    expect(shop.read('ignored/seen')).toContain(branch)
  })

  test('a set-up that fails is an error with its output and its log, and leaves nothing', async () => {
    const shop = bench({ setUp: ['echo starting; echo no network >&2; exit 7'] })
    const error = await failureOf(shop.acquire())
    expect(error).toMatchObject({
      code: 'workspace_failed',
      details: { reason: 'set-up', exitCode: 7, tail: 'starting\nno network' },
    })
    expect(readFileSync(String(error.details['logFile']), 'utf8')).toBe('starting\nno network\n')
    expect(await shop.adapter.list()).toEqual([])
    expect(attemptBranches(shop)).toEqual([])
  })

  test('a set-up that hangs is ended, and so is one that is cancelled', async () => {
    const shop = bench({ setUp: ['sleep 60'], setUpTimeoutMs: 100 })
    expect((await failureOf(shop.acquire())).details).toMatchObject({ timedOut: true })
    const cancelled = await failureOf(shop.acquire({ signal: AbortSignal.abort() }))
    expect(cancelled.code).toBe('cancelled')
    expect(await shop.adapter.list()).toEqual([])
  })

  test('a tear-down that fails is a warning', async () => {
    const shop = bench({ tearDown: ['exit 3'] })
    const workspace = await shop.acquire()
    const { removed, warnings } = await shop.adapter.release(workspace, { files: 'remove' })
    expect([removed, warnings]).toEqual([true, [expect.stringContaining('exit code 3')]])
  })
})

test('ports that another program holds are not given', async () => {
  const shop = bench({ ports: { first: 24_000, size: 3 } })
  const server = createServer()
  await new Promise<void>((resolve) => void server.listen(24_001, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  expect((server.address() as AddressInfo).port).toBe(24_001)
  expect((await shop.acquire({ slot: 0 })).env['ATELIER_PORT_RANGE']).toBe('24600-24602')
  expect((await shop.acquire({ slot: 1 })).env['ATELIER_PORT_RANGE']).toBe('24003-24005')
})
