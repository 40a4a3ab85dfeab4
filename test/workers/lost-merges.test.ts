import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Failpoint } from '../../src/failpoints.ts'
import { startChild } from '../hosts/processes.ts'
import { openBoard, SETTLED, type TestBoard } from './board.ts'
import { makeRepository, type Repository } from './repository.ts'

const WORKER = resolve(import.meta.dirname, 'children/worker-host.ts')
/** Every attempt leaves a line, whatever stands there: work that is done twice shows. */
const SCRIPT = { steps: [{ run: 'echo made >> made.txt' }, { say: 'Made it.' }] }

/** A board on which the only worker is killed at a failpoint; none is left. */
async function killedAt(point: Failpoint, rework = 3): Promise<{ repository: Repository; board: TestBoard }> {
  const repository = await makeRepository()
  const { dir } = repository
  const poster = await openBoard({}, { dir, persistence: true, host: 'none' })
  await poster.shop.work('it', 'Make it', { type: 'code', retry: { attempts: 3, delays: [0] }, rework })
  const args = [dir, join(dir, '.atelier', 'turns.log'), 'code', JSON.stringify(SCRIPT)]
  const worker = startChild(WORKER, args, { WORKTREE: '1', ATELIER_FAILPOINTS: point })
  await worker.ended
  expect(worker.child.signalCode).toBe('SIGKILL')
  return { repository, board: poster }
}

/** A host that can run items, and has the same agent do everything differently. */
async function nextHost({ dir }: Repository): Promise<TestBoard> {
  const board = await openBoard(SCRIPT, { dir, persistence: true })
  await board.shop.boardWorker('next', 'code', { worktree: true }).stored
  return board
}

describe('an item whose host dies when only its merge is missing', () => {
  it.each([
    'merge.request.after-commit',
    'merge.take.after-commit',
    'merge.intend.after-commit',
    'git.update-ref.after',
    'merge.settle.after-commit',
    'item.settle.before-commit',
  ] as const)('after %s is merged once, and no agent does its work again (AS-129)', async (point) => {
    const { repository } = await killedAt(point)
    const next = await nextHost(repository)
    expect((await next.shop.boardSettled(SETTLED)).summary).toMatchObject({ done: 1 })
    expect(next.backend.turns).toBe(0)
    expect(repository.merged()).toEqual(['it'])
    expect(readFileSync(join(repository.dir, 'made.txt'), 'utf8')).toBe('made\n')
    const item = await next.shop.item('it')
    expect(item).toMatchObject({ state: 'done', result: 'Made it.' })
    expect(repository.git('merge-base', '--is-ancestor', item.commit ?? '', 'main')).toBe('')
    await expect.poll(() => repository.worktrees(), { timeout: 10_000 }).toEqual([])
  })

  it('waits for an answer where the merge is refused and it has had its rounds', async () => {
    const { repository } = await killedAt('merge.request.after-commit', 0)
    repository.write('made.txt', 'mine\n')
    repository.git('add', '.')
    repository.git('commit', '-qm', 'Mine')
    const next = await nextHost(repository)
    await expect.poll(async () => (await next.shop.inbox()).length, { timeout: 20_000 }).toBe(1)
    const [request] = await next.shop.inbox()
    expect(await next.shop.item('it')).toMatchObject({ waiting: { for: 'answer', id: request?.id } })
    expect(next.backend.turns).toBe(0)
    await next.shop.answer(request?.id ?? '', 'try again')
    await expect.poll(() => next.backend.turns, { timeout: 20_000 }).toBe(1)
    expect(next.backend.requests[0]?.prompt).toContain('does not merge with main: made.txt')
  })

  it('is tried again, and told why, where the merge is refused', async () => {
    const { repository } = await killedAt('merge.request.after-commit')
    repository.write('made.txt', 'mine\n')
    repository.git('add', '.')
    repository.git('commit', '-qm', 'Mine')
    const next = await nextHost(repository)
    await expect.poll(() => next.backend.turns, { timeout: 20_000 }).toBeGreaterThan(0)
    expect(next.backend.requests[0]?.prompt).toContain('does not merge with main: made.txt')
  })
})

it('a worktree that a dead host left after its item was done is taken away by the next host (AS-129)', async () => {
  const { repository } = await killedAt('item.settle.after-commit')
  expect(repository.worktrees()).toHaveLength(1)
  const next = await openBoard({}, { dir: repository.dir, persistence: true })
  expect((await next.shop.item('it')).state).toBe('done')
  await expect.poll(() => repository.worktrees(), { timeout: 10_000 }).toEqual([])
})

it('work that an earlier attempt left and that needs no change is merged all the same', async () => {
  const repository = await makeRepository()
  const outside = join(repository.dir, '.git', 'outside')
  const board = await openBoard(
    {
      rules: [
        { match: 'Feedback', steps: [{ run: `touch '${outside}'` }, { say: 'It was right.' }] },
        { match: 'Make it', steps: [{ run: 'touch made.txt' }, { say: 'Made it.' }] },
      ],
    },
    { dir: repository.dir, persistence: true },
  )
  await board.shop.boardWorker('dev', 'code', { worktree: true }).stored
  // What it verifies fails for a reason that lies outside of the work.
  const retry = { attempts: 2, delays: [0] }
  await board.shop.work('it', 'Make it', { type: 'code', verify: `test -f '${outside}'`, retry })
  expect((await board.shop.boardSettled(SETTLED)).summary).toMatchObject({ done: 1 })
  expect(repository.merged()).toEqual(['it'])
  expect(existsSync(join(repository.dir, 'made.txt'))).toBe(true)
})
