/** What a stage's work has to hold, and when it comes to the branch: `verify` and `integrate: each`. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../direct/team.ts'
import { openBoard } from '../workers/board.ts'
import { makeRepository } from '../workers/repository.ts'
import { ENDED, promptsTo, standing } from './shop.ts'

const write = (file: string, text = file): { readonly run: string } => ({ run: `echo ${text} > ${file}` })

describe('integrate: each', () => {
  it('merges the work of each stage as it settles, so that what follows, and the branch, have it (A39, A41)', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'First', steps: [write('first.txt'), { say: 'ok' }] },
          {
            match: 'Second',
            // What the branch has when the second begins, and what its own checkout has.
            steps: [
              { run: 'git log -1 --format=%s main > second.txt && cat first.txt >> second.txt' },
              { say: 'ok' },
            ],
          },
          { match: 'Left', steps: [write('left.txt'), { say: 'ok' }] },
          { match: 'Right', steps: [write('right.txt'), { say: 'ok' }] },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    for (const name of ['dev', 'dev2']) shop.agent(name, `You are ${name}.`)
    shop.workflow(
      'each',
      [
        ['first', 'dev', 'First'],
        ['second', 'dev', 'Second', { needs: 'first' }],
        ['left', 'dev', 'Left', { needs: 'second' }],
        ['right', 'dev2', 'Right', { needs: 'second' }],
        { id: 'see', run: 'ls *.txt', worktree: true, needs: ['left', 'right'] },
        ['fails', 'dev', 'Fails', { needs: 'see', verify: 'false', retry: 'none' }],
      ],
      { worktree: true, integrate: 'each' },
    )
    const run = await shop.runWorkflow('each')
    await expect(run.result(ENDED)).rejects.toMatchObject({ code: 'verification_failed' })
    const merged = repository.merged()
    expect(merged.slice(0, 2)).toEqual(['each-1/first', 'each-1/second'])
    expect(merged.slice(2).toSorted()).toEqual(['each-1/left', 'each-1/right'])
    const [branch, own] = readFileSync(join(repository.dir, 'second.txt'), 'utf8').split('\n')
    expect(branch).toMatch(/First/u)
    expect(own).toBe('first.txt')
    expect((await shop.item('each-1/see')).result).toBe(
      'first.txt\nleft.txt\nnotes.txt\nright.txt\nsecond.txt',
    )
    // A stage that fails later takes nothing back.
    expect(await standing(run)).toMatchObject({ see: 'done', fails: 'failed' })
    expect(repository.git('status', '--porcelain')).toBe('')
  })

  it('is not the default: nothing comes to the branch before the last stage is done (A39)', async () => {
    const repository = await makeRepository()
    const { shop } = await openBoard(
      { rules: [{ match: 'First', steps: [write('first.txt'), { say: 'ok' }] }] },
      { dir: repository.dir, persistence: true },
    )
    shop.agent('dev', 'You work.')
    shop.workflow(
      'end',
      [['first', 'dev', 'First'], { id: 'log', run: 'git log --format=%s main', needs: 'first' }],
      { worktree: true },
    )
    const run = await shop.runWorkflow('end')
    await run.result(ENDED)
    expect((await shop.item('end-1/log')).result).toBe('Start')
    expect(repository.merged()).toEqual(['end-1/merge'])
  })
})

describe('verify of a stage', () => {
  it('is run by the engine on its work: a red one has another try, which is told what was red, and what rests on it waits for green (A41, B17)', async () => {
    const repository = await makeRepository()
    const board = await openBoard(
      {
        rules: [
          { match: 'Build', times: 1, steps: [write('made.txt', 'half'), { say: 'All tests pass!' }] },
          { match: 'Build', steps: [write('made.txt', 'whole'), { say: 'Now they do.' }] },
        ],
      },
      { dir: repository.dir, persistence: true },
    )
    const { shop, events } = board
    shop.agent('dev', 'You build.')
    shop.workflow('checked', [
      {
        ...{ id: 'build', title: 'Build', agent: 'dev', worktree: true },
        retry: { attempts: 2, delays: [0] },
        verify: ['cat made.txt', 'grep -q whole made.txt || (echo it is not whole; exit 3)'],
      },
      ['next', 'dev', 'Next', { needs: 'build' }],
    ])
    const run = await shop.runWorkflow('checked')
    await run.result(ENDED)
    const [first, second, third] = promptsTo(board, 'dev')
    expect(first).not.toContain('not whole')
    expect(second).toMatch(/Build[\s\S]*it is not whole/u)
    expect(third).toContain('Next')
    expect(promptsTo(board, 'dev')).toHaveLength(3)
    expect(await shop.item('checked-1/build')).toMatchObject({ state: 'done', verified: true })
    expect(await shop.item('checked-1/next')).toMatchObject({ state: 'done', verified: false })
    const happened = (await events('item.claimed', 'item.done')).flatMap(({ type, data }) =>
      'item' in data && data.item !== 'checked-1/merge' ? [`${type} ${data.item}`] : [],
    )
    expect(happened).toEqual([
      'item.claimed checked-1/build',
      'item.claimed checked-1/build',
      'item.done checked-1/build',
      'item.claimed checked-1/next',
      'item.done checked-1/next',
    ])
    expect(readFileSync(join(repository.dir, 'made.txt'), 'utf8')).toBe('whole\n')
  })

  it('fails the stage and the run where it stays red, and nothing of it comes to the branch; a retry goes on (A41, B17, B18)', async () => {
    const repository = await makeRepository()
    const gate = join(await temporaryFolder(), 'green')
    const board = await openBoard(
      { rules: [{ match: 'Build', steps: [write('made.txt'), { say: 'Done.' }] }] },
      { dir: repository.dir, persistence: true },
    )
    const { shop } = board
    shop.agent('dev', 'You build.')
    shop.workflow('red', [
      {
        ...{ id: 'build', title: 'Build', agent: 'dev', worktree: true, retry: 'none' },
        verify: [{ run: `test -e '${gate}'`, timeout: '10s' }],
      },
      ['next', 'dev', 'Next', { needs: 'build' }],
    ])
    const run = await shop.runWorkflow('red')
    await expect(run.result(ENDED)).rejects.toMatchObject({ code: 'verification_failed' })
    expect(await standing(run)).toEqual({ build: 'failed', next: 'pending' })
    expect(promptsTo(board, 'dev')).toHaveLength(1)
    expect(repository.merged()).toEqual([])
    expect(existsSync(join(repository.dir, 'made.txt'))).toBe(false)
    writeFileSync(gate, '')
    await run.retry('build')
    await run.result(ENDED)
    expect(repository.merged()).toEqual(['red-1/merge'])
    expect(await shop.item('red-1/build#2')).toMatchObject({ verified: true })
  })

  it('holds in the project folder, too (A41)', async () => {
    const board = await openBoard({
      rules: [{ match: 'Build', steps: [write('made.txt'), { say: 'Done.' }] }],
    })
    const { shop } = board
    shop.agent('dev', 'You build.')
    shop.workflow('folder', [
      ['good', 'dev', 'Build', { verify: 'test -e made.txt', retry: 'none' }],
      ['bad', 'dev', 'Build more', { needs: 'good', verify: 'test -e more.txt', retry: 'none' }],
    ])
    const run = await shop.runWorkflow('folder')
    await expect(run.result(ENDED)).rejects.toMatchObject({ code: 'verification_failed' })
    expect(await standing(run)).toEqual({ good: 'done', bad: 'failed' })
    expect(await shop.item('folder-1/good')).toMatchObject({ verified: true })
  })
})
