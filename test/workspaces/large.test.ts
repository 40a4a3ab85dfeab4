import { execFileSync } from 'node:child_process'
import { closeSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { worktreeWorkspaces } from '../../src/workspaces/worktree.ts'
import { bench, failureOf } from './support.ts'

const FILES = 50_000

test('a project of 50,000 files gets a worktree, is looked into, committed and removed', async () => {
  const shop = bench()
  const files = Array.from({ length: FILES }, (_, at) => `M 100644 :1 dir ${at % 500}/file ${at} ü.txt`)
  const input = [
    'blob\nmark :1\ndata 3\nabc',
    'commit refs/heads/large\ncommitter A <a@example.org> 1 +0000\ndata 5\nlarge',
    ...files.map((line) => line.replace(/:1 (.*)$/u, ':1 "$1"')),
    '',
  ].join('\n')
  execFileSync('git', ['fast-import', '--quiet'], { cwd: shop.dir, input })
  const workspace = await shop.acquire({ base: [{ commit: shop.git('rev-parse', 'large') }] })
  shop.write('dir 7/file 7 ü.txt', 'changed\n', workspace.cwd)
  const state = await shop.adapter.inspect(workspace)
  expect(state.files.map(({ path }) => path)).toEqual(['dir 7/file 7 ü.txt'])
  const { tree } = await shop.adapter.commit(workspace, { subject: 'One of many' })
  expect(tree).toBe(state.tree)
  expect((await shop.adapter.release(workspace, { files: 'remove' })).removed).toBe(true)
}, 120_000)

const canMount = process.platform === 'linux' && process.getuid?.() === 0 && mounts()

function mounts(): boolean {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test.skipIf(!canMount)(
  'a full disk is disk_full, and what was there stays (needs root to mount a small disk)',
  async () => {
    const shop = bench()
    const disk = join(shop.stateDir, 'disk')
    execFileSync('mkdir', ['-p', disk])
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk])
    onTestFinished(() => void execFileSync('umount', ['-l', disk]))
    const adapter = worktreeWorkspaces({ dir: shop.dir, stateDir: disk })
    shop.write('large.bin', 'x'.repeat(3_000_000))
    shop.commit('more than fits')
    expect(await failureOf(adapter.acquire(shop.request()))).toMatchObject({ code: 'disk_full' })
    expect(await adapter.list()).toEqual([])
    const base = [{ commit: shop.git('rev-parse', 'HEAD~') }]
    const workspace = await adapter.acquire(shop.request({ base }))
    shop.write('work.txt', 'precious\n', workspace.cwd)
    const filler = join(disk, 'filler')
    fill(filler)
    // What is saved lies in the repository, which is on another disk.
    const { saved } = await adapter.release(workspace, { files: 'remove' })
    expect(shop.git('show', `${saved[0]?.ref}:work.txt`)).toBe('precious')
    rmSync(filler)
  },
)

/** Writes until nothing more fits. */
function fill(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (;;) writeSync(file, Buffer.alloc(4096))
  } catch {
    closeSync(file)
  }
}
