import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/agent-backends/scripted/script.ts'
import { openBoard } from '../workers/board.ts'
import { makeRepository } from '../workers/repository.ts'
import { join as joint, reviewGate, work, workflow } from '../workflow/example-stages.ts'
import { command, ENDED, promptsTo, turnOf } from './shop.ts'

const edit = (line: number, to: string): Step => ({
  edit: { path: 'notes.txt', find: `line ${line}\n`, replace: `${to}\n` },
})
const VERIFIED = { worktree: true } as const

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
    expect(repository.merged()).toEqual(['feature-1/merge#2'])
  })
})
