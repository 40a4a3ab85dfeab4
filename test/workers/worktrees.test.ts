import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/agent-backends/scripted/script.ts'
import { cli } from '../cli/support.ts'
import { openBoard, SETTLED, type TestBoard } from './board.ts'
import { makeRepository } from './repository.ts'

const edit = (line: number, to: string): Step => ({
  edit: { path: 'notes.txt', find: `line ${line}\n`, replace: `${to}\n` },
})

async function finished(board: TestBoard): Promise<Awaited<ReturnType<TestBoard['shop']['boardSettled']>>> {
  return board.shop.boardSettled(SETTLED)
}

describe('a worker with worktrees', () => {
  it('works on two items that edit the same file at once, in two folders on two branches; both are merged (A39, AS-37, AS-38)', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'First', steps: [edit(2, 'two'), { say: 'Changed line 2.' }] },
          { match: 'Second', steps: [edit(15, 'fifteen'), { say: 'Changed line 15.' }] },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    await board.shop.boardWorker('dev', 'code', { concurrency: 2, worktree: true }).stored
    await board.shop.work([
      { id: 'one', title: 'First', type: 'code' },
      { id: 'two', title: 'Second', type: 'code' },
    ])
    expect((await finished(board)).summary).toMatchObject({ done: 2 })
    expect(new Set(board.backend.requests.map(({ cwd }) => cwd)).size).toBe(2)
    expect(board.backend.requests.every(({ cwd }) => cwd !== repository.dir)).toBe(true)
    expect([...repository.merged()].toSorted()).toEqual(['one', 'two'])
    expect(readFileSync(join(repository.dir, 'notes.txt'), 'utf8')).toContain('two\nline 3')
    expect(repository.git('status', '--porcelain')).toBe('')
    await expect.poll(() => repository.worktrees(), { timeout: 10_000 }).toEqual([])
    const item = await board.shop.item('one')
    expect(repository.git('merge-base', '--is-ancestor', item.commit ?? '', 'main')).toBe('')
  })

  it('shows a reviewer what was merged before, and discards what it writes', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'First', steps: [edit(2, 'two'), { say: 'Changed.' }] },
          {
            match: 'Review',
            steps: [{ run: 'sed -n 3p notes.txt; echo scribble > scribble.txt' }, { say: 'I see @LAST@' }],
          },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await board.shop.boardWorker('rev', 'review', { worktree: true }).stored
    board.shop.work('one', 'First', { type: 'code' })
    await board.shop.work('look', 'Review it', { type: 'review', dependsOn: ['one'] })
    await finished(board)
    expect((await board.shop.item('look')).result).toBe('I see two')
    expect(repository.merged()).toEqual(['one'])
    expect(existsSync(join(repository.dir, 'scribble.txt'))).toBe(false)
    await expect.poll(() => repository.worktrees(), { timeout: 10_000 }).toEqual([])
  })

  it('gives a conflict back with its files; the next attempt resolves it, and the main tree was never touched (AS-38)', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'First', steps: [edit(2, 'two'), { say: 'Changed.' }] },
          {
            match: /^Second[^]*does not merge with main: notes\.txt/u,
            steps: [
              {
                run: 'git merge -q main; git checkout -q --theirs notes.txt && git add . && git -c user.name=a -c user.email=a@b commit -qm resolve',
              },
              { say: 'Resolved.' },
            ],
          },
          // It begins from the same commit as the first, and ends when that is merged.
          {
            match: 'Second',
            steps: [
              edit(2, 'zwei'),
              { run: 'until git log main --oneline | grep -q First; do sleep 0.05; done' },
              { say: 'Changed too.' },
            ],
          },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    await board.shop.boardWorker('dev', 'code', { concurrency: 2, worktree: true }).stored
    await board.shop.work([
      { id: 'two', title: 'Second', type: 'code', retry: { attempts: 3, delays: [0] } },
      { id: 'one', title: 'First', type: 'code' },
    ])
    await finished(board)
    const rejected = await board.events('merge.rejected')
    expect(rejected.map(({ data }) => 'error' in data && data.error)).toMatchObject([
      { code: 'merge_conflict' },
    ])
    expect(repository.merged()).toEqual(['one', 'two'])
    expect(repository.git('status', '--porcelain')).toBe('')
    await expect.poll(() => repository.worktrees(), { timeout: 10_000 }).toEqual([])
  })

  it('verifies itself: red work is never merged, and the next attempt goes on with it and knows what failed', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          {
            match: 'is still missing',
            steps: [{ run: 'ls made.txt' }, { run: 'touch needed.txt' }, { say: 'Now it is there.' }],
          },
          { match: 'Make it', steps: [{ run: 'touch made.txt' }, { say: 'Everything works.' }] },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await board.shop.work('it', 'Make it', {
      type: 'code',
      verify: 'test -f needed.txt || { echo needed.txt is still missing; exit 3; }',
      retry: { attempts: 2, delays: [0] },
    })
    await finished(board)
    expect(await board.shop.item('it')).toMatchObject({
      state: 'done',
      verified: true,
      result: 'Now it is there.',
    })
    expect(
      (await board.events('attempt.ended')).map(({ data }) => 'error' in data && data.error),
    ).toMatchObject([{ code: 'verification_failed', details: { exitCode: 3, reason: 'exit' } }, null])
    expect(repository.merged()).toEqual(['it'])
    expect(existsSync(join(repository.dir, 'made.txt'))).toBe(true)
  })

  it('ends a verify command that hangs, with everything that it started', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      { steps: [{ run: 'touch made.txt' }, { say: 'Done.' }] },
      { dir: repository.dir, persistence: true },
    )
    await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await board.shop.work('it', 'Make it', {
      type: 'code',
      verify: [{ run: 'sleep 600 & sleep 600', timeout: 300 }],
      retry: 'none',
    })
    await board.shop.work('next', 'Next', { type: 'code' })
    await finished(board)
    expect(await board.shop.item('it')).toMatchObject({
      state: 'failed',
      error: { code: 'verification_failed', details: { reason: 'timeout' } },
    })
    expect(await board.shop.item('next')).toMatchObject({ state: 'done' })
  })

  it('keeps the work of an attempt that failed or was cancelled on a ref (AS-31)', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      { steps: [{ run: 'echo precious > precious.txt' }, { delay: '10m' }] },
      { dir: repository.dir, persistence: true },
    )
    await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await board.shop.work('it', 'Make it', { type: 'code' })
    await expect
      .poll(() => existsSync(join(board.backend.requests[0]?.cwd ?? '/nowhere', 'precious.txt')), {
        timeout: 10_000,
      })
      .toBe(true)
    await board.shop.cancel('it')
    await expect.poll(() => repository.worktrees(), { timeout: 10_000 }).toEqual([])
    const [saved = ''] = repository
      .git('for-each-ref', '--format=%(refname)', 'refs/atelier/saved')
      .split('\n')
    expect(repository.git('show', `${saved}:precious.txt`)).toBe('precious')
  })

  it('says before any turn that work has no branch to go to', async () => {
    const repository = await makeRepository()
    repository.git('checkout', '-q', '--detach')
    const board = await openBoard({}, { dir: repository.dir, persistence: true })
    await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await board.shop.work('it', 'Make it', { type: 'code' })
    await finished(board)
    expect(await board.shop.item('it')).toMatchObject({ state: 'failed', error: { code: 'unsupported' } })
    expect(board.backend.turns).toBe(0)
  })
})

it('a reviewer without worktrees looks at the project folder while that is what it is to review, else at a checkout', async () => {
  const repository = await makeRepository()
  const { dir } = repository
  const board = await openBoard({ reply: 'ok' }, { dir, persistence: true })
  await board.shop.boardWorker('rev', 'review').stored
  await board.shop.work('clean', 'Look', { type: 'review' })
  await finished(board)
  repository.write('notes.txt', 'a person is in the middle of something\n')
  await board.shop.work('dirty', 'Look again', { type: 'review' })
  await finished(board)
  const [first = '', second = ''] = board.backend.requests.map(({ cwd }) => cwd)
  expect(first).toBe(dir)
  expect(second).not.toBe(dir)
  expect(readFileSync(join(dir, 'notes.txt'), 'utf8')).toBe('a person is in the middle of something\n')
})

describe('an item that is not merged by itself', () => {
  it('waits for a person, is merged when somebody approves, and its worker is free meanwhile', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      { rules: [{ match: 'First', steps: [edit(2, 'two'), { say: 'Changed.' }] }], reply: 'ok' },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    await shop.boardWorker('dev', 'code', { worktree: true }).stored
    await shop.work('it', 'First', { type: 'code', merge: 'manual' })
    await shop.work('next', 'Other', { type: 'code' })
    const rest = await finished(board)
    expect(rest.summary).toMatchObject({ done: 1 })
    expect(await shop.item('it')).toMatchObject({ waiting: { for: 'merge', reason: 'manual' } })
    expect(repository.merged()).toEqual([])
    await expect.poll(async () => (await shop.inbox()).length, { timeout: 10_000 }).toBe(1)
    const [request] = await shop.inbox()
    expect(request).toMatchObject({ kind: 'merge', about: { kind: 'item', id: 'it' } })
    await shop.approve(request?.id ?? '')
    await expect.poll(async () => (await shop.item('it')).state, { timeout: 10_000 }).toBe('done')
    expect((await shop.item('it')).result).toBe('Changed.')
    expect(repository.merged()).toEqual(['it'])
  })

  it('tells who decides that it changed what verifies it', async () => {
    const repository = await makeRepository()
    repository.write('package.json', '{"scripts":{"test":"true"}}\n')
    repository.git('add', '.')
    repository.git('commit', '-qm', 'Scripts')
    const edited = '{"scripts":{"test":"true || false"}}\n'
    const board = await openBoard(
      { steps: [{ edit: { path: 'package.json', content: edited } }, { say: 'Changed.' }] },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    await shop.boardWorker('dev', 'code', { worktree: true }).stored
    await shop.work('it', 'First', { type: 'code', merge: 'manual', verify: 'npm test' })
    await expect.poll(async () => (await shop.inbox()).length, { timeout: 20_000 }).toBe(1)
    expect((await shop.inbox())[0]?.question).toContain('It changed what "npm test" runs: package.json.')
    await finished(board)
    const shown = await cli(['board', '--once', '--dir', repository.dir])
    expect(shown.out).toContain('changed what "npm test" runs')
  })

  it('fails with the reason when somebody rejects it', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      { rules: [{ match: 'First', steps: [edit(2, 'two'), { say: 'Changed.' }] }] },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    await shop.boardWorker('dev', 'code', { worktree: true }).stored
    await shop.work('it', 'First', { type: 'code', merge: 'manual' })
    await expect.poll(async () => (await shop.inbox()).length, { timeout: 10_000 }).toBe(1)
    await finished(board)
    await shop.reject((await shop.inbox())[0]?.id ?? '', 'Not now.')
    await expect.poll(async () => (await shop.item('it')).state, { timeout: 10_000 }).toBe('failed')
    expect((await shop.item('it')).error).toMatchObject({ code: 'gate_rejected' })
    expect(repository.merged()).toEqual([])
    // Whoever tries it again is told what was said.
    await shop.retry('it')
    await expect.poll(() => board.backend.turns, { timeout: 10_000 }).toBe(2)
    expect(board.backend.requests[1]?.prompt).toContain('Not now.')
  })

  it('is done with a branch of its own where a pull request is wanted', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      { rules: [{ match: 'First', steps: [edit(2, 'two'), { say: 'Changed.' }] }] },
      { dir: repository.dir, persistence: true },
    )
    await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
    await board.shop.work('it', 'First', { type: 'code', merge: 'pr-branch' })
    await finished(board)
    expect(await board.shop.item('it')).toMatchObject({ state: 'done' })
    expect(repository.merged()).toEqual([])
    expect(repository.git('show', 'atelier-pr/it:notes.txt')).toContain('two')
  })
})
