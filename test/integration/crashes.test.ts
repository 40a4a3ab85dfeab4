import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Failpoint } from '../../src/failpoints.ts'
import { startChild } from '../hosts/processes.ts'
import { MAIN, QueueBench } from './queue-bench.ts'

const CHILD = new URL('children/integrator.ts', import.meta.url).pathname

/** Runs an integrator in a process that is killed at a failpoint. */
async function killedAt(bench: QueueBench, failpoint: Failpoint | `${Failpoint}:${number}`): Promise<void> {
  const { dir, stateDir } = bench.shop
  const child = startChild(CHILD, [dir, stateDir, 'host_1'], { ATELIER_FAILPOINTS: failpoint })
  await child.ended
  expect({ killedBy: child.child.signalCode, said: child.stderr() }).toEqual({
    killedBy: 'SIGKILL',
    said: '',
  })
}

/** The next integrator finishes what the killed one began. */
async function recovered(bench: QueueBench): Promise<void> {
  await bench.team.feed.caughtUp()
  const next = bench.integrator('host_2')
  await next.open()
  await next.ended()
}

const POINTS: readonly Failpoint[] = [
  'merge.take.before-commit',
  'merge.take.after-commit',
  'git.candidate.before',
  'git.candidate.after',
  'merge.intend.before-commit',
  'merge.intend.after-commit',
  'git.update-ref.before',
  'git.update-ref.after',
  'merge.settle.before-commit',
  'merge.settle.after-commit',
]

describe('an integrator that is killed', () => {
  test.each(POINTS)('AS-129 at %s leaves nothing twice and nothing undone', async (point) => {
    const bench = await QueueBench.open()
    const verify = ['test -f x.txt']
    const works = [await bench.submit('x', { verify }), await bench.submit('y')]
    await killedAt(bench, point)
    await recovered(bench)
    for (const work of works) expect(await bench.settled(work)).toMatchObject({ state: 'merged', ref: MAIN })
    expect(bench.attemptsIn('main')).toEqual(Object.fromEntries(works.map(({ attempt }) => [attempt, 1])))
    expect(await bench.eventsOf('merge.completed')).toHaveLength(2)
    // Its owner finds the tree as the branch says it is.
    expect(bench.shop.git('status', '--porcelain')).toBe('')
    expect(bench.shop.read('x.txt') + bench.shop.read('y.txt')).toBe('x\ny\n')
    expect(await bench.change('x')).toMatchObject({ state: 'merged', merges: 1 })
    expect(bench.shop.git('for-each-ref', 'refs/atelier/changes')).toBe('')
  })

  test.each(['git.update-ref.before', 'git.update-ref.after', 'merge.settle.before-commit'] as const)(
    'at %s beside a dirty tree brings the work to it once that is clean',
    async (point) => {
      const bench = await QueueBench.open()
      const { shop } = bench
      shop.write('a.txt', 'mine\n')
      const before = shop.snapshot()
      const x = await bench.submit('x')
      await killedAt(bench, point)
      const next = bench.integrator('host_2')
      await next.open()
      await next.ended()
      expect(shop.snapshot()).toBe(before)
      expect(await bench.settled(x)).toMatchObject({ state: 'held', reason: 'main_tree_dirty' })
      shop.git('checkout', '--', 'a.txt')
      await next.scan()
      await next.ended()
      expect(await bench.settled(x)).toMatchObject({ state: 'merged', ref: MAIN })
      expect(bench.attemptsIn('main')).toEqual({ [x.attempt]: 1 })
    },
  )

  test.each(['git.update-ref.before', 'git.update-ref.after'] as const)(
    'at %s of the sync with a tree that is clean again finishes it',
    async (point) => {
      const bench = await QueueBench.open()
      const { shop } = bench
      shop.write('a.txt', 'mine\n')
      const first = bench.integrator()
      await first.open()
      const x = await bench.submit('x')
      expect(await bench.settled(x)).toMatchObject({ state: 'held' })
      await first.close()
      shop.git('checkout', '--', 'a.txt')
      await killedAt(bench, point)
      await recovered(bench)
      expect(await bench.settled(x)).toMatchObject({ state: 'merged', ref: MAIN })
      expect(bench.attemptsIn('main')).toEqual({ [x.attempt]: 1 })
      expect(shop.git('branch', '--list', 'atelier/*')).toBe('')
    },
  )

  test.each(['merge.intend.after-commit', 'git.update-ref.before', 'git.update-ref.after'] as const)(
    'at %s of a branch for a pull request leaves that branch once',
    async (point) => {
      const bench = await QueueBench.open()
      const x = await bench.submit('x', { mode: 'pr-branch' })
      await killedAt(bench, point)
      await recovered(bench)
      expect(await bench.settled(x)).toMatchObject({ state: 'merged', commit: x.head })
      expect(bench.tip('atelier-pr/x')).toBe(x.head)
    },
  )

  test('while it verifies leaves no checkout behind', async () => {
    const bench = await QueueBench.open()
    const { dir, stateDir } = bench.shop
    const gate = `${stateDir}/gate`
    const first = `test -f '${gate}' || { touch '${gate}'; exec sleep 600; }`
    const x = await bench.submit('x', { verify: [first] })
    const child = startChild(CHILD, [dir, stateDir, 'host_1'])
    await expect.poll(() => existsSync(gate), { timeout: 20_000 }).toBe(true)
    child.child.kill('SIGKILL')
    await child.ended
    expect(bench.shop.git('worktree', 'list').split('\n')).toHaveLength(2)
    await recovered(bench)
    expect(await bench.settled(x)).toMatchObject({ state: 'merged' })
    expect(bench.shop.git('worktree', 'list').split('\n')).toHaveLength(1)
  })

  test('or only frozen, and wakes up when another has merged its work, does nothing more', async () => {
    const bench = await QueueBench.open()
    const { dir, stateDir } = bench.shop
    const gate = `${stateDir}/gate`
    const first = `test -f '${gate}' || { touch '${gate}'; until test -f '${gate}.open'; do sleep 0.01; done; }`
    const x = await bench.submit('x', { verify: [first] })
    const child = startChild(CHILD, [dir, stateDir, 'host_1'])
    await expect.poll(() => existsSync(gate), { timeout: 20_000 }).toBe(true)
    child.child.kill('SIGSTOP')
    await recovered(bench)
    expect(await bench.settled(x)).toMatchObject({ state: 'merged' })
    const tip = bench.tip()
    bench.shop.write('.atelier/state/gate.open', '')
    child.child.kill('SIGCONT')
    expect(await child.ended).toBe(0)
    expect(child.stderr()).toBe('')
    expect(bench.tip()).toBe(tip)
    expect(bench.attemptsIn('main')).toEqual({ [x.attempt]: 1 })
  })

  test('when the target was moved by a person gets the work built anew on that', async () => {
    const bench = await QueueBench.open()
    bench.shop.git('branch', 'release')
    const x = await bench.submit('x', { target: 'refs/heads/release' })
    await killedAt(bench, 'git.update-ref.before')
    const mine = bench.shop.commitOn('release', { 'mine.txt': '' })
    bench.shop.git('update-ref', 'refs/heads/release', mine)
    await recovered(bench)
    expect(await bench.settled(x)).toMatchObject({ state: 'merged', commit: bench.tip('release') })
    expect(bench.tip('release^1')).toBe(mine)
    expect(bench.attemptsIn('release')).toEqual({ [x.attempt]: 1 })
  })
})
