import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HOST_LEASE_MS } from '../../src/team/host.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { temporaryFolder } from '../direct/team.ts'
import { startChild, type TestProcess } from '../hosts/processes.ts'
import { openBoard, SETTLED } from './board.ts'
import { makeRepository } from './repository.ts'

function startWorker(dir: string, script: object, env: Readonly<Record<string, string>> = {}): TestProcess {
  const program = resolve(import.meta.dirname, 'children/worker-host.ts')
  return startChild(program, [dir, join(dir, 'turns.log'), 'code', JSON.stringify(script)], env)
}

describe('a worker whose process is killed', () => {
  it('has its item taken over, with one attempt more; the item is done once (AS-30)', async () => {
    const dir = await temporaryFolder()
    const first = startWorker(dir, { steps: [{ hang: true }] })
    await first.line('ready')
    const { shop, events } = await openBoard({ reply: 'taken over' }, { dir, persistence: true })
    await shop.work('it', 'Do it', { type: 'code' })
    await expect.poll(async () => (await shop.item('it')).state, { timeout: 10_000 }).toBe('running')
    await expect.poll(async () => (await events('turn.started')).length, { timeout: 10_000 }).toBe(1)
    first.child.kill('SIGKILL')
    await first.ended
    await shop.boardWorker('second', 'code').stored
    expect((await shop.boardSettled(SETTLED)).summary).toMatchObject({ done: 1 })
    const item = await shop.item('it')
    expect(item).toMatchObject({ state: 'done', result: 'taken over' })
    expect((await events('attempt.ended')).map(({ data }) => 'outcome' in data && data.outcome)).toEqual([
      'lost',
      'done',
    ])
    expect((await events('item.claimed')).map(({ data }) => 'number' in data && data.number)).toEqual([1, 2])
    // What the dead worker had asked its agent is not run by anybody any more.
    expect((await readFile(join(dir, 'turns.log'), 'utf8')).trim().split('\n')).toHaveLength(1)
  })

  it('gives up an item on which hosts die again and again', async () => {
    const dir = await temporaryFolder()
    const { shop } = await openBoard({}, { dir, persistence: true })
    await shop.work('deadly', 'Do it', { type: 'code' })
    for (let death = 1; death <= 5; death++) {
      const worker = startWorker(dir, { steps: [{ hang: true }] })
      await worker.line('ready')
      await expect.poll(async () => (await shop.item('deadly')).state, { timeout: 10_000 }).toBe('running')
      worker.child.kill('SIGKILL')
      await worker.ended
      await expect.poll(async () => (await shop.item('deadly')).state, { timeout: 10_000 }).toBe('ready')
    }
    await shop.boardWorker('dev', 'code').stored
    await shop.boardSettled(SETTLED)
    expect(await shop.item('deadly')).toMatchObject({ state: 'failed', error: { code: 'host_failed' } })
  })

  it('finishes what it runs on SIGTERM, and leaves the rest', async () => {
    const dir = await temporaryFolder()
    const worker = startWorker(dir, { steps: [{ delay: 300 }, { say: 'ok' }] })
    await worker.line('ready')
    const { shop } = await openBoard({}, { dir, persistence: true, host: 'none' })
    await shop.work('one', 'One', { type: 'code' })
    await shop.work('two', 'Two', { type: 'code' })
    await expect.poll(async () => (await shop.item('one')).state, { timeout: 10_000 }).toBe('running')
    worker.child.kill('SIGTERM')
    expect(await worker.ended).toBe(0)
    expect(await shop.item('one')).toMatchObject({ state: 'done', result: 'ok' })
    expect(await shop.item('two')).toMatchObject({ state: 'ready' })
  })
})

it('what a killed worker left in its worktree is saved, by the next attempt or by who prunes (AS-30, AS-129)', async () => {
  const repository = await makeRepository()
  const { dir } = repository
  const worker = startWorker(
    dir,
    { steps: [{ run: 'echo precious > precious.txt' }, { hang: true }] },
    { WORKTREE: '1' },
  )
  await worker.line('ready')
  const { shop } = await openBoard({ reply: 'done' }, { dir, persistence: true })
  await shop.work('it', 'Do it', { type: 'code' })
  await expect
    .poll(async () => await shop.worktrees(), { timeout: 10_000 })
    .toMatchObject([{ item: 'it', use: 'in_use', state: 'whole' }])
  const [tree] = await shop.worktrees()
  await expect.poll(() => existsSync(join(tree?.path ?? '', 'precious.txt')), { timeout: 10_000 }).toBe(true)
  worker.child.kill('SIGKILL')
  await worker.ended
  await expect.poll(async () => (await shop.item('it')).state, { timeout: 10_000 }).toBe('ready')
  expect(await shop.pruneWorktrees({ dryRun: true })).toMatchObject([{ use: 'left', removed: false }])
  expect(repository.worktrees()).toHaveLength(1)
  const [pruned] = await shop.pruneWorktrees()
  expect(pruned).toMatchObject({ removed: true })
  expect(repository.git('show', `${pruned?.saved[0]}:precious.txt`)).toBe('precious')
  expect(repository.worktrees()).toEqual([])
})

it('a worker that was frozen past its lease finds its item done by another, and its late result is refused (AS-29, AS-30)', async () => {
  const dir = await temporaryFolder()
  const frozen = new ManualClock()
  const awake = new ManualClock()
  const late = await openBoard(
    { steps: [{ delay: 1000 }, { say: 'late' }] },
    { dir, persistence: true, clock: frozen },
  )
  await late.shop.boardWorker('slow', 'code').stored
  await late.shop.work('it', 'Do it', { type: 'code' })
  await expect.poll(() => frozen.tick().then(() => late.backend.turns)).toBe(1)

  await awake.advance(HOST_LEASE_MS + 1)
  const quick = await openBoard({ reply: 'in time' }, { dir, persistence: true, clock: awake })
  await quick.shop.boardWorker('quick', 'code').stored
  await expect
    .poll(() => awake.advance(100).then(() => quick.shop.item('it')), { timeout: 10_000 })
    .toMatchObject({ state: 'done' })

  await frozen.advance(2000)
  await expect
    .poll(() => frozen.advance(100).then(async () => (await late.events('item.done')).length))
    .toBe(1)
  expect((await quick.shop.item('it')).result).toBe('in time')
  expect((await quick.events('attempt.ended')).map(({ data }) => 'outcome' in data && data.outcome)).toEqual([
    'lost',
    'done',
  ])
})
