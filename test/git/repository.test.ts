import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { describeGit, gitDiff, gitSummary, isRepository } from '../../src/git/repository.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'atelier-git-'))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function git(...args: readonly string[]): string {
  const env = {
    PATH: process.env['PATH'],
    HOME: dir,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'A',
    GIT_AUTHOR_EMAIL: 'a@example.org',
    GIT_COMMITTER_NAME: 'A',
    GIT_COMMITTER_EMAIL: 'a@example.org',
  }
  return execFileSync('git', ['-C', dir, ...args], { env, encoding: 'utf8' }).trim()
}

function write(path: string, content: string): void {
  writeFileSync(join(dir, path), content)
}

function commit(subject: string): string {
  git('add', '-A')
  git('commit', '-q', '--allow-empty', '-m', subject)
  return git('rev-parse', 'HEAD')
}

describe('a summary', () => {
  test('has branch, head, changes and the last commits', async () => {
    git('init', '-q', '-b', 'main')
    write('a.txt', 'one\n')
    write('moved.txt', 'text that is long enough to be known again\n')
    commit('first')
    const head = commit('second: with a colon')
    write('a.txt', 'two\n')
    git('mv', 'moved.txt', 'là bas.txt')
    write('日本 "q"\n.txt', '')
    expect(await gitSummary(dir)).toEqual({
      branch: 'main',
      head,
      changes: [
        { status: ' M', path: 'a.txt' },
        { status: 'R ', path: 'là bas.txt', from: 'moved.txt' },
        { status: '??', path: '日本 "q"\n.txt' },
      ],
      commits: [
        { hash: head.slice(0, 7), subject: 'second: with a colon' },
        { hash: expect.any(String) as string, subject: 'first' },
      ],
    })
  })

  test('is the same from a folder below', async () => {
    git('init', '-q', '-b', 'main')
    mkdirSync(join(dir, 'sub'))
    write('sub/a.txt', '')
    write('b.txt', '')
    git('add', '-A')
    expect((await gitSummary(join(dir, 'sub'))).changes.map(({ path }) => path)).toEqual([
      'b.txt',
      'sub/a.txt',
    ])
  })

  test('works before the first commit', async () => {
    git('init', '-q', '-b', 'trunk')
    write('new.txt', '')
    expect(await gitSummary(dir)).toEqual({
      branch: 'trunk',
      head: null,
      changes: [{ status: '??', path: 'new.txt' }],
      commits: [],
    })
  })

  test('works with a detached head', async () => {
    git('init', '-q')
    const first = commit('first')
    commit('second')
    git('checkout', '-q', first)
    expect(await gitSummary(dir)).toMatchObject({ branch: null, head: first, changes: [] })
  })

  test('works with a branch that has an upstream and a name of its own', async () => {
    git('init', '-q', '-b', 'main')
    commit('first')
    git('checkout', '-q', '-b', 'feature/a.b', '--track', 'main')
    commit('second')
    expect((await gitSummary(dir)).branch).toBe('feature/a.b')
  })

  test('shows as many commits as asked for', async () => {
    git('init', '-q')
    for (let n = 1; n <= 7; n++) commit(String(n))
    expect((await gitSummary(dir)).commits.map(({ subject }) => subject)).toEqual(['7', '6', '5', '4', '3'])
    expect((await gitSummary(dir, { commits: 2 })).commits).toHaveLength(2)
  })

  test('reads as a text', async () => {
    git('init', '-q', '-b', 'main')
    const head = commit('first')
    write('a.txt', '')
    expect(describeGit(await gitSummary(dir))).toBe(
      `Git branch: main\nWorking tree:\n?? a.txt\nRecent commits:\n${head.slice(0, 7)} first`,
    )
    expect(describeGit({ branch: null, head: '0123456789abcdef', changes: [], commits: [] })).toBe(
      'Git branch: detached at 0123456789\nWorking tree: clean',
    )
    expect(describeGit({ branch: 'main', head: null, changes: [], commits: [] })).toContain(
      'main (no commits yet)',
    )
  })
})

describe('a diff', () => {
  test('has what is staged and what is not', async () => {
    git('init', '-q')
    write('a.txt', 'one\n')
    write('ü b.txt', 'one\n')
    commit('first')
    write('a.txt', 'staged\n')
    git('add', 'a.txt')
    write('ü b.txt', 'not staged ü\n')
    const diff = await gitDiff(dir)
    expect(diff).toContain('+++ b/ü b.txt')
    expect(diff).toContain('+staged')
    expect(diff).toContain('+not staged ü')
  })

  test('works before the first commit, and without changes', async () => {
    git('init', '-q')
    expect(await gitDiff(dir)).toBe('')
    write('a.txt', 'new\n')
    git('add', '-A')
    expect(await gitDiff(dir)).toContain('+new')
  })

  test('leaves out files of which only the times changed', async () => {
    git('init', '-q')
    for (const name of ['a.txt', 'b.txt', 'c.txt', 'd.txt']) write(name, 'same\n')
    commit('first')
    for (const name of ['a.txt', 'b.txt', 'd.txt']) utimesSync(join(dir, name), 1, 1)
    write('c.txt', 'diff --git of a line\n')
    const diff = await gitDiff(dir)
    expect(diff).toMatch(/^diff --git a\/c\.txt b\/c\.txt\n/u)
    expect(diff.match(/^diff --git/gmu)).toHaveLength(1)
    expect(diff).toContain('+diff --git of a line')
  })

  test('is cut where it is longer than asked for', async () => {
    git('init', '-q')
    write('a.txt', '')
    commit('first')
    write('a.txt', 'x\n'.repeat(10_000))
    expect(await gitDiff(dir, { maxBytes: 500 })).toHaveLength(500)
  })
})

describe('a folder without a repository', () => {
  test('is told apart', async () => {
    expect(await isRepository(dir)).toBe(false)
    expect(await isRepository(join(dir, 'none'))).toBe(false)
    git('init', '-q')
    expect(await isRepository(dir)).toBe(true)
  })

  test('is an error that names the folder', async () => {
    for (const look of [gitSummary, gitDiff]) {
      await expect(look(dir)).rejects.toMatchObject({
        code: 'not_found',
        message: expect.stringContaining(dir) as string,
      })
    }
    await expect(gitSummary(join(dir, 'none'))).rejects.toMatchObject({ code: 'not_found' })
  })

  test('is also what a bare repository is', async () => {
    git('init', '-q', '--bare')
    expect(await isRepository(dir)).toBe(false)
    // It may claim to have a working tree.
    git('config', 'core.bare', 'false')
    git('config', 'core.worktree', dir)
    expect(await isRepository(dir)).toBe(false)
    await expect(gitSummary(dir)).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('looking runs nothing that the repository names, and writes nothing', async () => {
  git('init', '-q')
  write('a.txt', 'one\n')
  write('same.txt', 'same\n')
  write('.gitattributes', '*.txt diff=evil\n')
  sign(commit('first'))
  write('a.txt', 'two\n')
  // Looks changed until it is read, which git would note in the index.
  utimesSync(join(dir, 'same.txt'), 1, 1)
  const ran = join(dir, '.git', 'ran')
  const evil = join(dir, '.git', 'evil')
  writeFileSync(evil, `#!/bin/sh\necho "$0 $*" >> ${ran}\n`)
  chmodSync(evil, 0o755)
  copyFileSync(evil, join(dir, '.git', 'hooks', 'post-index-change'))
  const programs = [
    'core.fsmonitor',
    'core.pager',
    'diff.external',
    'diff.evil.command',
    'diff.evil.textconv',
    'gpg.program',
  ]
  for (const name of programs) git('config', name, evil)
  git('config', 'log.showSignature', 'true')
  const index = readFileSync(join(dir, '.git', 'index'))
  const { commits, changes } = await gitSummary(dir)
  await gitDiff(dir)
  await isRepository(dir)
  expect([commits.length, changes.length]).toEqual([1, 1])
  expect(existsSync(ran) ? readFileSync(ran, 'utf8') : '').toBe('')
  expect(readFileSync(join(dir, '.git', 'index'))).toEqual(index)
})

/** Puts a signature that nobody can check on the commit that is checked out. */
function sign(head: string): void {
  const text = git('cat-file', 'commit', head)
  const signature = 'gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----'
  writeFileSync(join(dir, '.git', 'signed'), `${text.replace('\n\n', `\n${signature}\n\n`)}\n`)
  git('reset', '-q', git('hash-object', '-t', 'commit', '-w', join(dir, '.git', 'signed')))
}
