import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { widthOf } from '../cli/text.ts'
import type { AtelierEvent } from '../events.ts'
import { listProcesses } from '../processes/process-table.ts'
import type { RunView } from '../runs/view-types.ts'
import { openViews } from '../workshop.ts'
import { playFeature } from './feature.ts'
import type { DemoSink } from './narrator.ts'
import { runDemo } from './run.ts'
import { createSampleProject } from './sample-project.ts'

function pipe(write: (text: string) => void = () => {}): DemoSink {
  return { isTerminal: false, colour: false, width: Number.POSITIVE_INFINITY, write }
}

interface Watched {
  readonly text: string
  readonly dir: string
  readonly run: RunView | null
  readonly events: readonly AtelierEvent[]
  readonly git: (...args: readonly string[]) => string
}

async function recorded(dir: string, text: string): Promise<Watched> {
  const views = await openViews({ dir })
  try {
    const events = await views.events({ after: 0, last: 1000 })
    const git = (...args: readonly string[]): string =>
      execFileSync('git', ['-C', dir, ...args], { encoding: 'utf8' }).trim()
    return { text, dir, events, git, run: await views.workflowStatus('feature') }
  } finally {
    await views.close()
  }
}

async function watchFeature(options: { readonly workers?: boolean } = {}): Promise<Watched> {
  let text = ''
  await runDemo({ name: 'feature', ...options, out: pipe((piece) => void (text += piece)) })
  const dir = /^Project: (.+)$/mu.exec(text)?.[1] ?? ''
  onTestFinished(() => rm(dirname(dir), { recursive: true, force: true }))
  return recorded(dir, text)
}

/** Processes that the hosts of the demo started and that still run. */
async function processesLeft(events: readonly AtelierEvent[]): Promise<readonly number[]> {
  const hosts = events.flatMap(({ type, data }) => (type === 'host.started' ? [data.host] : []))
  const lists = await Promise.all(hosts.map((host) => listProcesses({ host })))
  return lists.flat().flatMap(({ marked, pid }) => (marked && pid !== process.pid ? [pid] : []))
}

const WITH_WORKERS = ['planner', 'coder_1', 'tester_1', 'reviewer_1'] as const
const WITHOUT = ['planner', 'coder', 'tester', 'reviewer'] as const

test.each([
  ['with board workers', {}, WITH_WORKERS],
  ['without board workers', { workers: false }, WITHOUT],
] as const)(
  'the feature of the demo is planned, built, tested, sent back once and merged once, %s (A41, A45, AS-44, B08)',
  async (_how, options, [planner, coder, tester, reviewer]) => {
    const { text, dir, events, git, run } = await watchFeature(options)
    expect(run).toMatchObject({ id: 'feature-1', status: 'completed' })
    expect(run?.stages.map(({ stage, round, owner, scores }) => [stage, round, owner, scores])).toEqual([
      ['plan', 1, planner, []],
      ['implement', 2, coder, []],
      ['test', 2, tester, []],
      ['verify', 2, ':engine', []],
      ['review', 2, reviewer, [62, 91]],
    ])
    execFileSync(process.execPath, ['--test'], { cwd: dir, stdio: 'ignore' })
    expect(git('show', 'main:README.md')).toContain('`DELETE /tasks/:id`')
    const merges = git('log', '--first-parent', '--format=%(trailers:key=Atelier-Item,valueonly)', 'main')
    expect(merges.split('\n').filter((line) => line !== '')).toEqual(['feature-1/merge'])
    expect(git('status', '--porcelain')).toBe('')
    expect(git('branch', '--format=%(refname:short)')).toBe('main')
    expect(git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(await processesLeft(events)).toEqual([])

    const places = [
      /^> runWorkflow\('feature', \{ inputs: \{ verify: 'node --test' \} \}\)$/mu,
      new RegExp(`^ {2}plan {9}taken by ${planner}$`, 'mu'),
      new RegExp(`^ {2}implement {4}taken by ${coder}$`, 'mu'),
      /README\.md \|\| true → 0$/mu,
      /^ {2}review {7}sends it back, with 62 of 100$/mu,
      /^ {2}implement {4}begins again, told what review says$/mu,
      new RegExp(`^ {2}implement#2 {2}taken by ${coder}$`, 'mu'),
      /README\.md \|\| true → 1$/mu,
      /^ {2}review#2 {5}done, with 91 of 100$/mu,
      /^ {2}merge {8}all of it is on main as [\da-f]{7}$/mu,
      /^ {2}feature-1 {2}completed {2}5 of 5 stages/mu,
      /Merge feature-1\/merge/u,
      /^What to try next$/mu,
    ].map((pattern) => text.search(pattern))
    expect(places).not.toContain(-1)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    const lines = text.replaceAll(dir, '/tmp/atelier-demo-123456/task-ledger').split('\n')
    expect(lines.filter((line) => widthOf(line) > 80)).toEqual([])
  },
)

test('Ctrl-C in the feature demo ends its agents; the run stays and nothing is merged', async () => {
  const root = await mkdtemp(join(tmpdir(), 'atelier-demo-test-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const project = await createSampleProject(join(root, 'project'))
  const interrupt = new AbortController()
  let text = ''
  const out = pipe((piece) => {
    text += piece
    if (text.includes('$ git branch')) interrupt.abort()
  })
  const ended = playFeature(project, { out, signal: interrupt.signal })
  await expect(ended).rejects.toMatchObject({ code: 'cancelled' })
  expect(text.slice(text.indexOf('What to try next'))).toContain('workflow status')
  const { events, git, run } = await recorded(project.dir, text)
  expect(git('log', '--merges', '--format=%s', `${project.head}..main`)).toBe('')
  expect(run).toMatchObject({ status: 'running' })
  expect(await processesLeft(events)).toEqual([])
})

test('other demos have no board workers to leave out, and no real agents play the feature', async () => {
  await expect(runDemo({ name: 'board', workers: false, out: pipe() })).rejects.toMatchObject({
    code: 'invalid_input',
  })
  await expect(runDemo({ name: 'feature', backend: 'claude', out: pipe() })).rejects.toThrow(
    'Allowed with --backend claude: direct.',
  )
})
