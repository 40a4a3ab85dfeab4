import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
    write('b.txt', 'one\n')
    commit('first')
    write('a.txt', 'staged\n')
    git('add', 'a.txt')
    write('b.txt', 'not staged ü\n')
    const diff = await gitDiff(dir)
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
    await expect(gitSummary(dir)).rejects.toMatchObject({ code: 'not_found' })
  })
})

test('looking runs nothing that the repository names, and writes nothing', async () => {
  git('init', '-q')
  write('a.txt', 'one\n')
  write('.gitattributes', '*.txt diff=evil\n')
  commit('first')
  write('a.txt', 'two\n')
  const ran = join(dir, '.git', 'ran')
  const evil = join(dir, '.git', 'evil')
  writeFileSync(evil, `#!/bin/sh\ntouch ${ran}\n`)
  chmodSync(evil, 0o755)
  mkdirSync(join(dir, '.git', 'hooks'), { recursive: true })
  for (const hook of ['post-index-change', 'fsmonitor-watchman']) {
    writeFileSync(join(dir, '.git', 'hooks', hook), `#!/bin/sh\ntouch ${ran}\n`)
    chmodSync(join(dir, '.git', 'hooks', hook), 0o755)
  }
  for (const name of [
    'core.fsmonitor',
    'core.pager',
    'diff.external',
    'diff.evil.command',
    'diff.evil.textconv',
    'gpg.program',
  ]) {
    git('config', name, evil)
  }
  git('config', 'log.showSignature', 'true')
  await gitSummary(dir)
  await gitDiff(dir)
  await isRepository(dir)
  expect(existsSync(ran)).toBe(false)
  expect(existsSync(join(dir, '.git', 'index.lock'))).toBe(false)
})
