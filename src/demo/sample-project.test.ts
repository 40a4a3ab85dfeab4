import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { isAtelierError } from '../errors.ts'
import { createSampleProject, sampleFolder } from './sample-project.ts'

const run = promisify(execFile)

/** Commit id of the last patch in sample/history; `sh sample/update-history.sh open DIR` prints it. */
const EXPECTED_HEAD = '8197b34b96d58ffa1455fc29fa2c659003e10254'

let scratch: string

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'atelier sample ü-'))
})

afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(scratch, { recursive: true, force: true })
})

async function git(cwd: string, ...args: string[]): Promise<string> {
  const { stdout } = await run('git', args, { cwd })
  return stdout.trim()
}

/** Runs the sample's own tests as `npm test` there does. */
async function runTests(cwd: string): Promise<{ pass: number; fail: number; failed: string[] }> {
  const output = await run(process.execPath, ['--test', '--test-reporter=tap'], { cwd }).then(
    ({ stdout }) => stdout,
    (error: unknown) => (error as { stdout: string }).stdout,
  )
  return {
    pass: Number(/^# pass (\d+)$/m.exec(output)?.[1]),
    fail: Number(/^# fail (\d+)$/m.exec(output)?.[1]),
    failed: [...output.matchAll(/^not ok \d+ - (.+)$/gm)].map(([, name]) => String(name)),
  }
}

function applyStep(dir: string, step: string): Promise<void> {
  return cp(join(sampleFolder(), 'demo', step), dir, { recursive: true })
}

/** Git settings of somebody else's machine, each of which would change or stop a commit. */
async function useHostileGitSettings(): Promise<void> {
  const home = join(scratch, 'home')
  const hooks = join(home, 'hooks')
  await mkdir(join(home, '.config', 'git'), { recursive: true })
  await mkdir(hooks)
  for (const hook of ['applypatch-msg', 'pre-applypatch', 'pre-commit', 'commit-msg']) {
    await writeFile(join(hooks, hook), '#!/bin/sh\nexit 1\n')
    await chmod(join(hooks, hook), 0o755)
  }
  await writeFile(
    join(home, '.gitconfig'),
    `[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n[core]\n\tautocrlf = true\n\thooksPath = ${hooks}\n` +
      '[init]\n\tdefaultBranch = trunk\n[user]\n\tuseConfigOnly = true\n[am]\n\tkeepcr = true\n',
  )
  await writeFile(join(home, '.config', 'git', 'ignore'), 'lib/\n')
  await writeFile(join(home, '.config', 'git', 'attributes'), '* text eol=crlf\n')
  vi.stubEnv('HOME', home)
  vi.stubEnv('XDG_CONFIG_HOME', join(home, '.config'))
}

test('two creations, one in a folder with spaces and unicode, give the expected commit', async () => {
  const first = await createSampleProject(join(scratch, 'plain'))
  const second = await createSampleProject(join(scratch, 'mit Leerzeichen', 'プロジェクト é'))
  expect([first.head, second.head]).toEqual([EXPECTED_HEAD, EXPECTED_HEAD])
  expect(await git(second.dir, 'status', '--porcelain', '--branch')).toBe('## main')
})

test('the history has several authors and a commit for every patch', async () => {
  const { dir } = await createSampleProject(join(scratch, 'project'))
  const authors = (await git(dir, 'log', '--format=%an')).split('\n')
  expect(authors).toHaveLength((await readdir(join(sampleFolder(), 'history'))).length)
  expect(new Set(authors)).toEqual(new Set(['Inés Duarte', 'Priya Nair', 'Tom Whitfield']))
})

test("the user's git settings and environment change neither the commits nor later work", async () => {
  await useHostileGitSettings()
  vi.stubEnv('GIT_DIR', join(scratch, 'elsewhere.git'))
  vi.stubEnv('GIT_AUTHOR_NAME', 'Somebody Else')
  vi.stubEnv('GIT_COMMITTER_DATE', '2001-01-01T00:00:00Z')
  const { dir, head } = await createSampleProject(join(scratch, 'project'))
  expect(head).toBe(EXPECTED_HEAD)

  vi.stubEnv('GIT_DIR', undefined)
  await applyStep(dir, 'direct/step1')
  await git(dir, 'add', '--all')
  await git(dir, 'commit', '--quiet', '-m', 'Retry failed notifications')
  expect(await git(dir, 'show', '--name-only', '--format=%G? %an', 'HEAD')).toContain('lib/retry.js')
  expect(await git(dir, 'status', '--porcelain')).toBe('')

  const worktree = join(scratch, 'worktree')
  await git(dir, 'worktree', 'add', '--quiet', worktree)
  expect(await git(worktree, 'ls-files', '--eol')).not.toContain('crlf')
})

test('a folder with files in it is refused and left as it was', async () => {
  await writeFile(join(scratch, 'mine.txt'), 'keep me')
  await expect(createSampleProject(scratch)).rejects.toSatisfy((error) =>
    isAtelierError(error, 'already_exists'),
  )
  expect(await readdir(scratch)).toEqual(['mine.txt'])
})

test('a machine without git is told what is missing', async () => {
  vi.stubEnv('PATH', scratch)
  await expect(createSampleProject(join(scratch, 'project'))).rejects.toThrow(/git 2\.28 or newer/)
})

test("the sample's own tests pass", async () => {
  const { dir } = await createSampleProject(join(scratch, 'project'))
  expect(await runTests(dir)).toEqual({ pass: 18, fail: 0, failed: [] })
})

test('the first edit of the direct demo passes its own tests, fails the review, and the second passes all', async () => {
  const { dir } = await createSampleProject(join(scratch, 'project'))

  await applyStep(dir, 'direct/step1')
  expect(await runTests(dir)).toEqual({ pass: 22, fail: 0, failed: [] })

  await applyStep(dir, 'direct/step2')
  expect(await runTests(dir)).toEqual({
    pass: 22,
    fail: 2,
    failed: [
      'attempts: 3 calls an operation that keeps failing three times',
      'there is no pause after the last attempt',
    ],
  })

  await applyStep(dir, 'direct/step3')
  expect(await runTests(dir)).toEqual({ pass: 24, fail: 0, failed: [] })
})

test('of the edits of the board demo, the first for auth fails old tests, and each other passes all', async () => {
  const { dir: auth } = await createSampleProject(join(scratch, 'auth'))
  await applyStep(auth, 'board/auth1')
  const { failed, ...counts } = await runTests(auth)
  expect(counts).toEqual({ pass: 14, fail: 6 })
  expect(failed).toContain('a posted task can be read back')
  await applyStep(auth, 'board/auth2')
  expect(await runTests(auth)).toEqual({ pass: 21, fail: 0, failed: [] })

  const { dir: api } = await createSampleProject(join(scratch, 'api'))
  await applyStep(api, 'board/api')
  expect(await runTests(api)).toEqual({ pass: 21, fail: 0, failed: [] })
})
