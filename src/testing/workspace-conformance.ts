/**
 * What every workspace adapter must do, as named cases that any test runner can run:
 *
 *     for (const { name, run } of workspaceCases(harness)) test(name, run)
 *
 * A case about what an adapter says it cannot do checks that it refuses it. One that it cannot show is skipped by
 * name and with a reason.
 */
import { deepEqual, equal, match, notEqual, ok, rejects } from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'

import { isAtelierError, type ErrorCode } from '../errors.ts'
import { WorkspaceBench, type WorkspaceHarness } from './workspace-bench.ts'

/** One case; `run` throws where the adapter does not do what it must. */
export interface WorkspaceCase {
  readonly name: string
  readonly run: () => Promise<void>
}

/**
 * The cases for one adapter.
 * @throws Error if a skipped case does not exist or has no reason
 */
export function workspaceCases(
  harness: WorkspaceHarness,
  skip: Readonly<Record<string, string>> = {},
): readonly WorkspaceCase[] {
  for (const [name, reason] of Object.entries(skip)) {
    if (!(name in CASES)) throw new Error(`There is no case ${JSON.stringify(name)} to skip.`)
    if (reason.trim() === '') throw new Error(`The case ${JSON.stringify(name)} is skipped without a reason.`)
  }
  const names = Object.keys(CASES).filter((name) => !(name in skip))
  return names.map((name) => ({
    name,
    run: async () => {
      const bench = new WorkspaceBench(harness)
      try {
        await (CASES[name] as CaseBody)(bench)
      } finally {
        await bench.close()
      }
    },
  }))
}

type CaseBody = (bench: WorkspaceBench) => Promise<void>

/** An adapter that cannot do something says so; it does not ignore it. */
async function refuses(what: Promise<unknown>, code: ErrorCode = 'unsupported'): Promise<void> {
  await rejects(what, (error) => isAtelierError(error, code))
}

const CASES: Readonly<Record<string, CaseBody>> = {
  'gives a folder with the files of the project': async (bench) => {
    const { cwd, base, env, attempt } = await bench.acquire()
    equal(bench.read('a.txt', cwd), 'one\n')
    equal(bench.read('sub folder/ü.txt', cwd), 'two\n')
    equal(base, bench.git('rev-parse', 'HEAD'))
    equal(env['ATELIER_ATTEMPT'], attempt)
  },

  'gives plain data, which works after it was stored': async (bench) => {
    const workspace = await bench.acquire()
    const stored = JSON.parse(JSON.stringify(workspace)) as typeof workspace
    deepEqual(stored, workspace)
    equal((await bench.adapter.inspect(stored)).tree, workspace.tree)
  },

  'gives ports that no other slot has': async (bench) => {
    const first = await bench.acquire()
    const second = await bench.acquire()
    const ports = [first, second].map(({ env }) => Number(env['ATELIER_PORT']))
    ok(ports.every((port) => port > 1023 && port < 32_768))
    notEqual(ports[0], ports[1])
    match(String(first.env['ATELIER_PORT_RANGE']), /^\d+-\d+$/u)
    await refuses(bench.acquire({ slot: -1 }), 'invalid_input')
  },

  'sees no change where nothing was done': async (bench) => {
    const workspace = await bench.acquire()
    const state = await bench.adapter.inspect(workspace)
    deepEqual([state.files, state.uncommitted, state.commits], [[], [], []])
    deepEqual([state.extendsBase, state.unfinished, state.conflicts], [true, null, []])
    deepEqual([state.head, state.tree], [workspace.base, workspace.tree])
    equal(await bench.adapter.diff(workspace), '')
  },

  'sees what was changed, added and deleted, committed or not': async (bench) => {
    const workspace = await bench.acquire()
    bench.write('new ö.txt', 'a\nb\n', workspace.root)
    bench.write('ignored/x', 'x', workspace.root)
    bench.commit('work', workspace.root)
    bench.write('a.txt', 'one\nmore\n', workspace.root)
    rmSync(join(workspace.root, 'sub folder'), { recursive: true })
    const state = await bench.adapter.inspect(workspace)
    deepEqual(state.files.map(({ path, change }) => `${change} ${path}`).toSorted(), [
      'added new ö.txt',
      'deleted sub folder/ü.txt',
      'modified a.txt',
    ])
    deepEqual(state.uncommitted.toSorted(), ['a.txt', 'sub folder/ü.txt'])
    deepEqual(
      state.commits.map(({ subject }) => subject),
      ['work'],
    )
    notEqual(state.tree, workspace.tree)
    match(await bench.adapter.diff(workspace), /^\+more$/mu)
    ok((await bench.adapter.diff(workspace, { maxBytes: 10 })).length <= 10)
  },

  'sees untracked files, and looks without changing anything': async (bench) => {
    const workspace = await bench.acquire()
    bench.write('untracked.txt', 'x\n', workspace.root)
    bench.write('a.txt', 'staged\n', workspace.root)
    bench.gitIn(workspace.root, 'add', 'a.txt')
    bench.write('a.txt', 'not staged\n', workspace.root)
    const before = bench.gitIn(workspace.root, 'status', '--porcelain')
    const state = await bench.adapter.inspect(workspace)
    await bench.adapter.diff(workspace)
    deepEqual(state.files.map(({ path }) => path).toSorted(), ['a.txt', 'untracked.txt'])
    equal(bench.gitIn(workspace.root, 'status', '--porcelain'), before)
  },

  'names commits that the agent took away': async (bench) => {
    const workspace = await bench.acquire()
    bench.gitIn(workspace.root, 'commit', '--quiet', '--amend', '-m', 'another first one')
    equal((await bench.adapter.inspect(workspace)).extendsBase, false)
  },

  'names a merge that is not finished, and its conflicts': async (bench) => {
    const other = bench.commitOn('HEAD', { 'a.txt': 'theirs\n' })
    const workspace = await bench.acquire()
    bench.write('a.txt', 'ours\n', workspace.root)
    bench.commit('ours', workspace.root)
    await rejects(async () => bench.gitIn(workspace.root, 'merge', other))
    const state = await bench.adapter.inspect(workspace)
    deepEqual([state.unfinished, state.conflicts], ['merge', ['a.txt']])
    const committed = bench.adapter.commit(workspace, { subject: 'with conflict marks' })
    await refuses(committed, bench.adapter.capabilities().commits ? 'merge_conflict' : 'unsupported')
    bench.gitIn(workspace.root, 'merge', '--abort')
  },

  'keeps attempts apart, if it says so': async (bench) => {
    const before = bench.snapshot()
    const first = await bench.acquire()
    if (!bench.adapter.capabilities().isolated) return equal(first.root, bench.dir)
    const second = await bench.acquire()
    bench.write('a.txt', 'first\n', first.cwd)
    bench.write('a.txt', 'second\n', second.cwd)
    equal(bench.read('a.txt', first.cwd), 'first\n')
    equal(bench.read('a.txt', second.cwd), 'second\n')
    notEqual(first.branch, second.branch)
    equal(bench.snapshot(), before)
  },

  'starts from the commits that are named, or refuses': async (bench) => {
    const one = bench.commitOn('HEAD', { 'one.txt': '1\n' })
    const two = bench.commitOn('HEAD', { 'two.txt': '2\n' })
    const acquired = bench.acquire({ base: [{ commit: one }, { commit: two, item: 'dep' }] })
    if (!bench.adapter.capabilities().isolated) return refuses(acquired)
    const { cwd, root, base } = await acquired
    deepEqual([bench.read('one.txt', cwd), bench.read('two.txt', cwd)], ['1\n', '2\n'])
    equal(bench.gitIn(root, 'rev-parse', 'HEAD'), base)
  },

  'throws away what a reader writes, or refuses readers': async (bench) => {
    const acquired = bench.acquire({ access: 'read' })
    if (!bench.adapter.capabilities().access.includes('read')) return refuses(acquired)
    const workspace = await acquired
    bench.write('a.txt', 'written\n', workspace.cwd)
    bench.commit('a reader', workspace.cwd)
    equal(workspace.branch, null)
    await refuses(bench.adapter.commit(workspace, { subject: 'no' }))
    const released = await bench.adapter.release(workspace, { files: 'remove' })
    deepEqual([released.removed, released.saved, existsSync(workspace.root)], [true, [], false])
  },

  'commits what is not committed, or refuses to': async (bench) => {
    const workspace = await bench.acquire()
    bench.write('a.txt', 'done\n', workspace.cwd)
    const committing = bench.adapter.commit(workspace, { subject: 'Do it' })
    if (!bench.adapter.capabilities().commits) return refuses(committing)
    const { head, tree } = await committing
    equal(bench.git('rev-parse', `refs/heads/${workspace.branch}`), head)
    equal(bench.git('show', `${head}:a.txt`), 'done')
    equal((await bench.adapter.inspect(workspace)).tree, tree)
    match(
      bench.git('log', '-1', '--format=%B', head),
      new RegExp(`Atelier-Attempt: ${workspace.attempt}`, 'u'),
    )
    // Nothing is left to commit.
    equal((await bench.adapter.commit(workspace, { subject: 'Again' })).head, head)
  },

  'loses nothing when a place is given up': async (bench) => {
    const workspace = await bench.acquire()
    bench.write('work.txt', 'precious\n', workspace.cwd)
    const { removed, saved } = await bench.adapter.release(workspace, { files: 'remove' })
    const [ref] = saved
    if (removed) equal(bench.git('show', `${ref?.ref}:work.txt`), 'precious')
    else equal(bench.read('work.txt', workspace.cwd), 'precious\n')
  },

  'keeps a place that is to be kept': async (bench) => {
    const workspace = await bench.acquire()
    bench.write('work.txt', 'x\n', workspace.cwd)
    equal((await bench.adapter.release(workspace, { files: 'keep' })).removed, false)
    equal(bench.read('work.txt', workspace.cwd), 'x\n')
  },

  'gives up a place that is not there without a word': async (bench) => {
    const workspace = await bench.acquire()
    await bench.adapter.release(workspace, { files: 'remove' })
    await bench.adapter.release(workspace, { files: 'remove' })
    await bench.adapter.release({ attempt: 'att_never' }, { files: 'remove' })
  },

  'finds and takes up what an ended process left, if it says so': async (bench) => {
    const request = bench.request()
    const workspace = await bench.adapter.acquire(request)
    bench.write('work.txt', 'half\n', workspace.cwd)
    const later = bench.open()
    if (!later.capabilities().survivesCrash) {
      deepEqual(await later.list(), [])
      return equal(await later.adopt(request), undefined)
    }
    const found = await later.list()
    deepEqual(
      found.map(({ attempt, state }) => [attempt, state]),
      [[request.attempt, 'whole']],
    )
    const adopted = await later.adopt({ ...request, slot: 7 })
    deepEqual(
      [adopted?.cwd, adopted?.branch, adopted?.base],
      [workspace.cwd, workspace.branch, workspace.base],
    )
    notEqual(adopted?.env['ATELIER_PORT'], workspace.env['ATELIER_PORT'])
    equal(await later.adopt(bench.request()), undefined)
    await refuses(later.acquire(request), 'already_exists')
  },
}
