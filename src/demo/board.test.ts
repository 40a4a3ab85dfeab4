import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { widthOf } from '../cli/text.ts'
import { messageOf } from '../errors.ts'
import type { AtelierEvent } from '../events.ts'
import { listProcesses } from '../processes/process-table.ts'
import { openViews } from '../workshop.ts'
import { playBoard } from './board.ts'
import type { DemoSink } from './narrator.ts'
import { runDemo } from './run.ts'
import { createSampleProject } from './sample-project.ts'

function pipe(write: (text: string) => void = () => {}): DemoSink {
  return { isTerminal: false, colour: false, width: Number.POSITIVE_INFINITY, write }
}

interface Played {
  readonly text: string
  readonly dir: string
  readonly events: readonly AtelierEvent[]
  readonly git: (...args: readonly string[]) => string
}

async function played(dir: string, text: string): Promise<Played> {
  const views = await openViews({ dir })
  try {
    const events = await views.events({ after: 0, last: 1000 })
    return { text, dir, events, git: (...args) => git(dir, args) }
  } finally {
    await views.close()
  }
}

function git(dir: string, args: readonly string[]): string {
  return execFileSync('git', ['-C', dir, ...args], { encoding: 'utf8' }).trim()
}

async function watchBoard(): Promise<Played> {
  let text = ''
  await runDemo({ name: 'board', out: pipe((piece) => void (text += piece)) })
  const dir = /^Project: (.+)$/mu.exec(text)?.[1] ?? ''
  onTestFinished(() => rm(dirname(dir), { recursive: true, force: true }))
  return played(dir, text)
}

/** The place of a text among the lines; fails where there is none. */
function lineOf(text: string, pattern: RegExp): number {
  const at = text.split('\n').findIndex((line) => pattern.test(line))
  expect({ pattern, found: at !== -1 }).toEqual({ pattern, found: true })
  return at
}

/** Processes that the hosts of the demo started and that still run. */
async function processesLeft(events: readonly AtelierEvent[]): Promise<readonly number[]> {
  const hosts = events.flatMap(({ type, data }) => (type === 'host.started' ? [data.host] : []))
  expect(hosts).toHaveLength(1)
  const lists = await Promise.all(hosts.map((host) => listProcesses({ host })))
  return lists.flat().flatMap(({ marked, pid }) => (marked && pid !== process.pid ? [pid] : []))
}

test('the board of the demo: two coders edit the same file, a red try is tried again, both are merged once, and main is green (AS-21, A39, AS-37)', async () => {
  const { text, dir, events, git: read } = await watchBoard()
  execFileSync(process.execPath, ['--test'], { cwd: dir, stdio: 'ignore' })
  expect(text).toContain('green: 24 pass, 0 fail')

  const done = events.flatMap(({ type, data }) => (type === 'item.done' ? [data] : []))
  expect(done.map(({ item }) => item).toSorted()).toEqual(['api', 'api_review', 'auth', 'auth_review'])
  const merged = done.filter(({ commit }) => commit !== null)
  const trailer = (key: string): string[] =>
    read('log', '--first-parent', '--reverse', `--format=%(trailers:key=${key},valueonly,separator=)`)
      .split('\n')
      .filter((line) => line !== '')
  expect(trailer('Atelier-Item')).toEqual(merged.map(({ item }) => item))
  expect(trailer('Atelier-Attempt')).toEqual(merged.map(({ attempt }) => attempt))
  for (const { commit } of merged) {
    const files = read('diff', '--name-only', `${commit}^1`, commit ?? '').split('\n')
    expect(files).toEqual(expect.arrayContaining(['README.md', 'lib/api.js']))
  }

  expect(read('status', '--porcelain')).toBe('')
  expect(read('branch', '--format=%(refname:short)')).toBe('main')
  expect(read('worktree', 'list').split('\n')).toHaveLength(1)
  expect(await processesLeft(events)).toEqual([])
})

test('a watcher of the board reads who does what, why it was not done, and what became of it (AS-21)', async () => {
  const { text, dir } = await watchBoard()
  const order = (...patterns: readonly RegExp[]): void => {
    const places = patterns.map((pattern) => lineOf(text, pattern))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
  }
  order(
    /^ {2}auth_review {2}waits for auth$/u,
    /^ {2}auth {9}claimed by coder_\d$/u,
    /\$ git branch --show-current → atelier\/auth\/\w+$/u,
    /Every request needs a token now\. Done/u,
    /^ {2}auth {9}node --test is red after .*: 14 pass, 6 fail$/u,
    /^ {2}auth {9}so it is not done; its next try, in 1\.0 s, is told why$/u,
    /^ {2}auth {9}claimed by coder_\d, try 2$/u,
    /^ {2}auth {9}verified: node --test is green after/u,
    /^ {2}auth {9}done: merged into main as [\da-f]{7}, where it is green, too$/u,
    /^ {2}auth_review {2}claimed by reviewer_1$/u,
    /\$ git log -1 --format=%s → Merge auth: Require a token$/u,
    /Approved: no request/u,
    /^The board$/u,
    /^ {2}auth +code +coder_\d .* \$0\.13 {2}verified · Require a token$/u,
    /^ {2}4 done, \$0\.27$/u,
    /^git log --graph --oneline main$/u,
    /^What to try next$/u,
  )
  order(/Merge (?:auth|api)/u, /^ {2}\* +8197b34 /u)

  const lines = text.replaceAll(dir, '/tmp/atelier-demo-123456/task-ledger').split('\n')
  expect(lines.filter((line) => widthOf(line) > 80)).toEqual([])
  expect(lines.length).toBeLessThan(100)
  expect(text).toContain(`npm run atelier -- work show auth --dir ${dir}`)
})

test('Ctrl-C in the board demo ends its agents and gives their items back', async () => {
  const root = await mkdtemp(join(tmpdir(), 'atelier-demo-test-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const project = await createSampleProject(join(root, 'project'))
  const interrupt = new AbortController()
  let text = ''
  const out = pipe((piece) => {
    text += piece
    if (text.includes('$ git branch')) interrupt.abort()
  })
  const ended = playBoard(project, { out, signal: interrupt.signal })
  await expect(ended).rejects.toMatchObject({ code: 'cancelled' })
  expect(text.slice(text.indexOf('What to try next'))).toContain(`board --dir ${project.dir}`)
  const { events, git: read } = await played(project.dir, text)
  expect(read('rev-parse', 'main')).toBe(project.head)
  expect(await processesLeft(events)).toEqual([])
  const views = await openViews({ dir: project.dir })
  const { items } = await views.board()
  await views.close()
  expect(items.map(({ id, status }) => `${id} ${status}`).toSorted()).toEqual([
    'api ready',
    'api_review new',
    'auth ready',
    'auth_review new',
  ])
})

test('real agents play direct only, and the error says so', async () => {
  const error = await runDemo({ name: 'board', backend: 'claude', out: pipe() }).catch(
    (thrown: unknown) => thrown,
  )
  expect(error).toMatchObject({ code: 'invalid_input' })
  expect(messageOf(error)).toContain('Allowed with --backend claude: direct.')
})
