import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/agent-backends/scripted/script.ts'
import { openBoard, type TestBoard } from '../workers/board.ts'
import { makeRepository, type Repository } from '../workers/repository.ts'
import { join as joint, map as mapStage, reviewGate, work, workflow } from '../workflow/example-stages.ts'
import { command, ENDED, promptsTo, turnOf } from './shop.ts'

const edit = (line: number, to: string): Step => ({
  edit: { path: 'notes.txt', find: `line ${line}\n`, replace: `${to}\n` },
})
const VERIFIED = { worktree: true } as const

function changeRefs(repository: Repository): readonly string[] {
  return repository
    .git('for-each-ref', '--format=%(refname)', 'refs/atelier/changes/')
    .split('\n')
    .filter((ref) => ref !== '')
}

/** After a run: every change is settled by the log, and git has neither refs nor worktrees of one. */
async function leavesNothing(repository: Repository, { events }: TestBoard): Promise<void> {
  const open = new Set<string>()
  for (const { type, data } of await events('change.advanced', 'change.closed', 'merge.completed')) {
    if (type === 'change.advanced') open.add(data.change)
    if (type === 'change.closed' || type === 'merge.completed') open.delete(data.change)
  }
  expect([...open]).toEqual([])
  await expect.poll(() => changeRefs(repository), { timeout: 10_000 }).toEqual([])
  await expect.poll(() => repository.worktrees(), { timeout: 10_000 }).toEqual([])
}

describe('a run in worktrees', () => {
  it('works on one change from stage to stage and merges it once, at its end (A39)', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'Build', times: 1, steps: [edit(2, 'two'), { say: 'Changed.' }] },
          { match: 'Build', steps: [edit(3, 'three'), { say: 'Changed more.' }] },
          {
            match: 'Judge',
            times: 1,
            steps: [
              { run: 'grep -c two notes.txt' },
              { say: '{"score": 30, "issues": ["line 3, too"], "twos": @LAST@}' },
            ],
          },
          { match: 'Judge', reply: '{"score": 90}' },
          { match: 'Test', steps: [{ run: 'echo tested > test.txt' }, { say: 'Tested.' }] },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    for (const name of ['dev', 'judge']) shop.agent(name, `You are ${name}.`)
    const review = turnOf('judge', { worktree: true, access: 'read' })
    shop.workflow(
      workflow([
        work('build', [], { title: 'Build', work: turnOf('dev', VERIFIED) }),
        reviewGate('check', ['build'], {
          title: 'Judge',
          onReject: 'build',
          judge: { by: 'reviewer', pass: 'score >= 70', work: review },
        }),
        work('count', ['check'], { work: command('grep -c "^t" notes.txt; echo made > made.txt', VERIFIED) }),
        work('test', ['count'], { title: 'Test', work: turnOf('dev', VERIFIED) }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect((await shop.item('feature-1/count')).result).toBe('2')
    expect(repository.merged()).toEqual(['feature-1/merge'])
    expect(readFileSync(join(repository.dir, 'notes.txt'), 'utf8')).toContain('two\nthree\n')
    for (const file of ['made.txt', 'test.txt']) expect(existsSync(join(repository.dir, file))).toBe(true)
    expect(repository.git('status', '--porcelain')).toBe('')
    expect(promptsTo(board, 'dev')[1]).toContain('- line 3, too')
    await expect.poll(() => repository.worktrees(), { timeout: 10_000 }).toEqual([])
  })

  it('gives parallel writers a change each, and joins them before the next stage (B02)', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'One', steps: [edit(2, 'two'), { say: 'ok' }] },
          { match: 'Other', steps: [edit(15, 'fifteen'), { say: 'ok' }] },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    for (const name of ['dev', 'dev2']) shop.agent(name, `You are ${name}.`)
    shop.workflow(
      workflow([
        work('one', [], { title: 'One', work: turnOf('dev', VERIFIED) }),
        work('other', [], { title: 'Other', work: turnOf('dev2', VERIFIED) }),
        joint('both', ['one', 'other']),
        work('see', ['both'], { work: command('sed -n "3p;16p" notes.txt', VERIFIED) }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect((await shop.item('feature-1/see')).result).toBe('two\nfifteen')
    expect(repository.merged()).toEqual(['feature-1/merge'])
    await leavesNothing(repository, board)
  })

  it('leaves no change, ref or worktree of writers that nothing joined, and sets aside what no longer counts (B38)', async () => {
    const repository = await makeRepository()
    const add = (name: string): Step => ({ run: `echo ${name} > ${name}.txt` })
    const board = await openBoard(
      {
        rules: [
          { match: 'List', times: 1, reply: '["a", "b"]' },
          { match: 'List', reply: '["a"]' },
          { match: 'Write', times: 1, steps: [add('first'), { say: 'ok' }] },
          { match: 'Write', times: 1, steps: [add('second'), { say: 'ok' }] },
          { match: 'Write', steps: [add('third'), { say: 'ok' }] },
          { match: 'Judge', times: 1, reply: '{"score": 30}' },
          { match: 'Judge', reply: '{"score": 90}' },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    for (const name of ['dev', 'dev2', 'judge', 'lister']) shop.agent(name, `You are ${name}.`)
    const list = { ...turnOf('lister'), output: { type: 'array' } } as const
    shop.workflow(
      workflow([
        work('list', [], { title: 'List', work: list }),
        mapStage('each', ['list'], {
          title: 'Write',
          over: 'stages.list.result',
          limit: 2,
          work: turnOf(null, { profile: 'writer', ...VERIFIED }),
        }),
        reviewGate('check', ['each'], {
          title: 'Judge',
          onReject: 'list',
          judge: { by: 'reviewer', pass: 'score >= 70', work: turnOf('judge') },
        }),
      ]),
    )
    shop.profile('writer', 'You write.')
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect(repository.merged()).toEqual(['feature-1/merge'])
    await leavesNothing(repository, board)
    const [closed] = (await board.events('change.closed')).flatMap(({ type, data }) =>
      type === 'change.closed' && data.commit === null ? [data] : [],
    )
    expect(closed?.change).toBe('feature-1/each.1')
    expect(repository.git('for-each-ref', '--format=%(objectname)', 'refs/atelier/saved/')).toBe(closed?.head)
  })

  it('keeps what a failed run has written, so that it can be tried again, until the run is forgotten', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'One', steps: [edit(2, 'two'), { say: 'ok' }] },
          { match: 'Other', steps: [edit(15, 'fifteen'), { say: 'ok' }] },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    for (const name of ['dev', 'dev2']) shop.agent(name, `You are ${name}.`)
    shop.workflow(
      workflow([
        work('one', [], { title: 'One', work: turnOf('dev', VERIFIED) }),
        work('other', [], { title: 'Other', work: turnOf('dev2', VERIFIED) }),
        work('see', ['one', 'other'], { work: command('exit 1', VERIFIED) }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await expect(run.result(ENDED)).rejects.toMatchObject({ details: { stage: 'see' } })
    expect(changeRefs(repository)).toHaveLength(2)
    await shop.resetWorkflow('feature')
    await leavesNothing(repository, board)
    expect(repository.git('for-each-ref', 'refs/atelier/saved/*-change').split('\n')).toHaveLength(2)
  })

  it('begins its last writer again where the merge is refused, and tells it why', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          {
            match: 'Build',
            times: 1,
            steps: [edit(2, 'mine'), { say: 'Changed.' }],
          },
          {
            match: 'Build',
            steps: [{ run: 'git merge -q -X ours -m Resolve main' }, { say: 'Resolved.' }],
          },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    shop.agent('dev', 'You build.')
    shop.fn('disturb', ({ round }) => {
      if (round > 1) return
      repository.write('notes.txt', 'all else\n')
      execFileSync('git', ['commit', '-qam', 'Disturb'], { cwd: repository.dir })
    })
    const disturb = { kind: 'fn', fn: 'disturb', retry: turnOf('x').retry, timeoutMs: null } as const
    shop.workflow(
      workflow([
        work('build', [], { title: 'Build', work: turnOf('dev', VERIFIED) }),
        work('disturb', ['build'], { work: disturb }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect(promptsTo(board, 'dev')[1]).toMatch(/Feedback on the last attempt[\s\S]*does not merge with main/u)
    expect((await run.status()).stages[0]?.round).toBe(2)
    expect((await shop.trace(run.id)).map(({ feedback }) => feedback)).toEqual([null, null, 'merge#1', null])
    expect(repository.merged()).toEqual(['feature-1/merge#2'])
    await leavesNothing(repository, board)
  })

  it('does not let pass a verdict on work that somebody has changed meanwhile: it is judged again (D05)', async () => {
    const repository = await makeRepository()
    const board: TestBoard = await openBoard(
      {
        rules: [
          { match: 'Build', steps: [edit(2, 'two'), { say: 'Changed.' }] },
          { match: 'Patch', steps: [edit(15, 'fifteen'), { say: 'Patched.' }] },
          { match: 'Judge', times: 1, reply: patchFirst },
          {
            match: 'Judge',
            steps: [{ run: 'sed -n 16p notes.txt' }, { say: '{"score": 90, "saw": "@LAST@"}' }],
          },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    async function patchFirst(): Promise<string> {
      await shop.work([{ id: 'patch', title: 'Patch', type: 'code', change: 'feature-1' }])
      await expect.poll(async () => (await shop.item('patch')).status, { timeout: 20_000 }).toBe('done')
      return '{"score": 95}'
    }
    for (const name of ['dev', 'judge']) shop.agent(name, `You are ${name}.`)
    await shop.boardWorker('fixer', 'code', { worktree: true }).stored
    shop.workflow(
      workflow([
        work('build', [], { title: 'Build', work: turnOf('dev', VERIFIED) }),
        reviewGate('check', ['build'], {
          title: 'Judge',
          judge: {
            by: 'reviewer',
            pass: 'score >= 70',
            work: turnOf('judge', { worktree: true, access: 'read' }),
          },
        }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    const [first, second] = promptsTo(board, 'judge')
    expect(second).toBe(first?.replace('Judge', 'Judge, round 2'))
    expect((await shop.item('feature-1/check#2')).result).toContain('fifteen')
    const [rewound] = await board.events('stage.rewound')
    expect(rewound?.data).toMatchObject({ stage: 'check', round: 2, outdated: 1 })
    expect((await run.status()).stages).toMatchObject([{ round: 1 }, { round: 2, status: 'done' }])
  })
})
