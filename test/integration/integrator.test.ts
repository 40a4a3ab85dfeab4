import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { approveMerge, refuseMerge, requestMerge } from '../../src/integration/requests.ts'
import { cancelItem } from '../../src/workers/commands.ts'
import { MAIN, QueueBench } from './queue-bench.ts'

const merged = { state: 'merged', ref: MAIN }

describe('work that fits', () => {
  test('AS-38 comes to the target in one merge commit with its trailers, and its change is merged', async () => {
    const bench = await QueueBench.open()
    const { shop } = bench
    const x = await bench.submit('x', { verify: ['test -f x.txt'] })
    const integrator = bench.integrator()
    await integrator.open()
    const settlement = await bench.settled(x)
    expect(settlement).toMatchObject({ ...merged, commit: bench.tip() })
    expect(shop.git('log', '-1', '--format=%P')).toBe(`${shop.git('rev-parse', 'main^1')} ${x.head}`)
    expect(shop.git('log', '-1', '--format=%B')).toBe(
      `Merge x: Do x\n\nAtelier-Item: x\nAtelier-Attempt: ${x.attempt}`,
    )
    // The project has main checked out: its files went along.
    expect(shop.read('x.txt')).toBe('x\n')
    expect(shop.git('status', '--porcelain')).toBe('')
    expect(await bench.change('x')).toMatchObject({ state: 'merged', merged: bench.tip(), merges: 1 })
    await integrator.ended()
    expect(shop.git('for-each-ref', 'refs/atelier/changes')).toBe('')
  })

  test('is merged when it is asked for while the integrator is open, and one after the other', async () => {
    const bench = await QueueBench.open()
    await bench.integrator().open()
    const x = await bench.submit('x')
    expect(await bench.settled(x)).toMatchObject(merged)
    const y = await bench.submit('y')
    expect(await bench.settled(y)).toMatchObject(merged)
    expect(bench.shop.git('log', '--first-parent', '--format=%s', '-n', '2')).toBe(
      'Merge y: Do y\nMerge x: Do x',
    )
  })

  test('is verified together, each command once, on the last of the stack', async () => {
    const bench = await QueueBench.open()
    const log = join(bench.shop.stateDir, 'ran')
    const verify = [`echo ran >> '${log}'; test -f x.txt && test -f y.txt`]
    const works = [await bench.submit('x', { verify }), await bench.submit('y', { verify })]
    await bench.integrator().open()
    for (const work of works) expect(await bench.settled(work)).toMatchObject(merged)
    expect(readFileSync(log, 'utf8')).toBe('ran\n')
    // Both were intended, moved and settled at once.
    expect(await bench.eventsOf('merge.intended')).toHaveLength(1)
    expect((await bench.eventsOf('merge.intended'))[0]?.data).toMatchObject({ ref: MAIN, new: bench.tip() })
  })

  test('that changed nothing is merged as it is', async () => {
    const bench = await QueueBench.open()
    const before = bench.tip()
    const attempt = await bench.claim('x')
    const facts = { item: 'x', attempt, change: 'x', target: MAIN, mode: 'auto', title: 'x' } as const
    const merge = await requestMerge(bench.team, { ...facts, head: before, verified: true })
    await bench.integrator().open()
    expect(await bench.settled({ merge })).toEqual({ state: 'merged', ref: MAIN, commit: before })
    expect(bench.tip()).toBe(before)
  })

  test('is refused at once where its branch was deleted, and says where the work is', async () => {
    const bench = await QueueBench.open()
    bench.shop.git('branch', 'release')
    const x = await bench.submit('x', { target: 'refs/heads/release' })
    bench.shop.git('branch', '-D', 'release')
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({
      state: 'rejected',
      error: { code: 'not_found', details: { target: 'release', item: 'x' } },
    })
    expect(await bench.eventsOf('merge.returned')).toEqual([])
  })

  test('comes to a branch that is not checked out, and nobody’s files change', async () => {
    const bench = await QueueBench.open()
    bench.shop.git('branch', 'release')
    bench.shop.write('a.txt', 'mine\n')
    const before = bench.shop.snapshot()
    const x = await bench.submit('x', { target: 'refs/heads/release' })
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({ state: 'merged', ref: 'refs/heads/release' })
    expect(bench.shop.git('show', 'release:x.txt')).toBe('x')
    expect(bench.shop.snapshot()).toBe(before)
  })
})

describe('work that does not fit', () => {
  test('AS-38 goes back with its files and what it conflicts with, and the main tree is as before', async () => {
    const bench = await QueueBench.open()
    const parent = bench.tip()
    const x = await bench.submit('x', { files: { 'a.txt': 'x\n' }, parent })
    const y = await bench.submit('y', { files: { 'a.txt': 'y\n', 'b.txt': 'b\n' }, parent })
    const z = await bench.submit('z', { parent })
    const integrator = bench.integrator()
    await integrator.open()
    expect(await bench.settled(x)).toMatchObject(merged)
    expect(await bench.settled(z)).toMatchObject(merged)
    expect(await bench.settled(y)).toMatchObject({
      state: 'rejected',
      error: { code: 'merge_conflict', details: { files: ['a.txt'], with: 'x', target: 'main', item: 'y' } },
    })
    expect(bench.shop.git('status', '--porcelain')).toBe('')
    expect(bench.shop.read('a.txt')).toBe('x\n')
    await integrator.ended()
    // Its head is kept, for the next attempt.
    expect(await bench.change('y')).toMatchObject({ state: 'open', head: y.head })
    expect(bench.shop.git('for-each-ref', '--format=%(objectname)', 'refs/atelier/changes')).toBe(y.head)
  })

  test('names the commit where a person changed the file', async () => {
    const bench = await QueueBench.open()
    const parent = bench.tip()
    bench.shop.write('a.txt', 'mine\n')
    const mine = bench.shop.commit('my own change')
    const x = await bench.submit('x', { files: { 'a.txt': 'x\n' }, parent })
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({
      state: 'rejected',
      error: { code: 'merge_conflict', details: { with: mine, files: ['a.txt'] } },
    })
    expect(bench.tip()).toBe(mine)
  })

  test('is tried again where it only conflicts with work that turns out red', async () => {
    const bench = await QueueBench.open()
    const parent = bench.tip()
    const bad = await bench.submit('bad', {
      files: { 'a.txt': 'bad\n' },
      parent,
      verify: ['! grep bad a.txt'],
    })
    const good = await bench.submit('good', { files: { 'a.txt': 'good\n' }, parent })
    await bench.integrator().open()
    expect(await bench.settled(bad)).toMatchObject({ error: { code: 'verification_failed' } })
    expect(await bench.settled(good)).toMatchObject(merged)
    expect(bench.shop.read('a.txt')).toBe('good\n')
  })

  test('that shares no history says so', async () => {
    const bench = await QueueBench.open()
    const { shop } = bench
    const tree = shop.git('rev-parse', 'main^{tree}')
    shop.git('branch', 'alone', shop.git('commit-tree', tree, '-m', 'alone'))
    const x = await bench.submit('x', { parent: 'alone' })
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({
      error: { code: 'merge_conflict', details: { files: [] } },
    })
  })
})

describe('a red stack', () => {
  test('of five gives back the one to blame, with its log, and the others are merged', async () => {
    const bench = await QueueBench.open()
    const log = join(bench.shop.stateDir, 'ran')
    // Red in every stack that holds the fourth.
    const verify = [`git rev-parse HEAD >> '${log}'; ! test -f four.txt || { echo four is red; exit 3; }`]
    const works = []
    for (const item of ['one', 'two', 'three', 'four', 'five'])
      works.push(await bench.submit(item, { verify }))
    await bench.integrator().open()
    const [one, two, three, four, five] = await Promise.all(works.map((work) => bench.settled(work)))
    for (const other of [one, two, three, five]) expect(other).toMatchObject(merged)
    expect(four).toMatchObject({
      state: 'rejected',
      error: {
        code: 'verification_failed',
        details: { item: 'four', target: 'main', exitCode: 3, command: verify[0] },
      },
    })
    const details = four?.state === 'rejected' ? four.error.details : {}
    expect(details?.['tail']).toContain('four is red')
    expect(readFileSync(String(details?.['logFile']), 'utf8')).toContain('four is red')
    expect(existsSync(join(bench.shop.dir, 'four.txt'))).toBe(false)
    expect(bench.shop.git('log', '--first-parent', '--format=%s', '-n', '4')).toBe(
      ['five', 'three', 'two', 'one'].map((item) => `Merge ${item}: Do ${item}`).join('\n'),
    )
    // Each commit was verified once.
    const verified = readFileSync(log, 'utf8').trim().split('\n')
    expect(new Set(verified).size).toBe(verified.length)
    expect(verified.length).toBeLessThanOrEqual(5)
  })

  test('is nobody’s fault where the target is red by itself: it waits until that has moved', async () => {
    const bench = await QueueBench.open()
    bench.shop.write('broken.txt', '')
    bench.shop.commit('break main')
    const integrator = bench.integrator()
    await integrator.open()
    const x = await bench.submit('x', { verify: ['! test -f broken.txt'] })
    expect(await bench.settled(x)).toMatchObject({ state: 'held', reason: 'target_red' })
    await integrator.scan()
    await integrator.ended()
    expect(await bench.merge(x)).toMatchObject({ state: 'held' })
    bench.shop.git('rm', '-q', 'broken.txt')
    bench.shop.commit('mend main')
    await integrator.scan()
    await integrator.ended()
    expect(await bench.settled(x)).toMatchObject(merged)
  })

  test('is the item’s fault where it never was green by itself', async () => {
    const bench = await QueueBench.open()
    const x = await bench.submit('x', { verify: ['test -f never.txt'], verified: false })
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({
      state: 'rejected',
      error: { code: 'verification_failed' },
    })
  })
})

describe('a dirty main tree', () => {
  test('is never touched: the work waits on a branch beside it, and comes when the tree is clean', async () => {
    const bench = await QueueBench.open()
    const { shop } = bench
    shop.write('a.txt', 'mine\n')
    const before = shop.snapshot()
    const integrator = bench.integrator()
    await integrator.open()
    const x = await bench.submit('x')
    const held = await bench.settled(x)
    expect(held).toMatchObject({ state: 'held', reason: 'main_tree_dirty' })
    expect(held.state === 'held' && held.message).toContain('a.txt')
    expect(shop.snapshot()).toBe(before)
    expect(shop.git('show', 'atelier/main:x.txt')).toBe('x')
    // More work stacks on what waits.
    const y = await bench.submit('y')
    expect(await bench.settled(y)).toMatchObject({ state: 'held' })
    expect(shop.git('show', 'atelier/main:y.txt')).toBe('y')
    await integrator.scan()
    await integrator.ended()
    expect(shop.snapshot()).toBe(before)

    shop.git('checkout', '--', 'a.txt')
    await integrator.scan()
    await integrator.ended()
    const [first, second] = [await bench.settled(x), await bench.settled(y)]
    expect([first, second]).toMatchObject([merged, { ...merged, commit: bench.tip() }])
    expect(shop.read('x.txt') + shop.read('y.txt')).toBe('x\ny\n')
    expect(shop.git('branch', '--list', 'atelier/*')).toBe('')
    expect(Object.values(bench.attemptsIn('main'))).toEqual([1, 1])
  })

  test('that its owner commits meanwhile gets the work built anew on that', async () => {
    const bench = await QueueBench.open()
    const { shop } = bench
    shop.write('a.txt', 'mine\n')
    const integrator = bench.integrator()
    await integrator.open()
    const x = await bench.submit('x')
    expect(await bench.settled(x)).toMatchObject({ state: 'held' })
    const mine = shop.commit('my work')
    await integrator.scan()
    await integrator.ended()
    expect(await bench.settled(x)).toMatchObject(merged)
    expect(bench.tip('main^1')).toBe(mine)
    expect(bench.attemptsIn('main')).toEqual({ [x.attempt]: 1 })
    expect(shop.git('branch', '--list', 'atelier/*')).toBe('')
  })

  test('of which the owner merges the waiting branch by hand is done', async () => {
    const bench = await QueueBench.open()
    const { shop } = bench
    shop.write('a.txt', 'mine\n')
    const integrator = bench.integrator()
    await integrator.open()
    const x = await bench.submit('x')
    await bench.settled(x)
    shop.commit('my work')
    shop.git('merge', '--quiet', '--no-edit', 'atelier/main')
    const tip = bench.tip()
    await integrator.scan()
    await integrator.ended()
    expect(await bench.settled(x)).toMatchObject({ ...merged, commit: (await bench.merge(x))?.commit })
    expect(bench.tip()).toBe(tip)
  })
})

describe('a target that a person moves while work is verified', () => {
  test('keeps the person’s commit, and the work is built anew on it', async () => {
    const bench = await QueueBench.open()
    bench.shop.git('branch', 'release')
    const mine = bench.shop.commitOn('release', { 'mine.txt': 'mine\n' })
    // The first verification is the moment in which it moves.
    const verify = [`git update-ref refs/heads/release ${mine}`]
    const x = await bench.submit('x', { target: 'refs/heads/release', verify })
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({ state: 'merged', commit: bench.tip('release') })
    expect(bench.tip('release^1')).toBe(mine)
    expect(await bench.merge(x)).toMatchObject({ round: 1 })
  })

  test('again and again gives the work back in the end', async () => {
    const bench = await QueueBench.open()
    bench.shop.git('branch', 'release')
    const move = 'git -c user.name=P -c user.email=p@example.org commit-tree -m moved'
    const verify = [`git update-ref refs/heads/release $(${move} -p release 'release^{tree}')`]
    const x = await bench.submit('x', { target: 'refs/heads/release', verify })
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({ state: 'rejected', error: { code: 'conflict' } })
  })
})

describe('work that is not merged into its target', () => {
  test('with pr-branch stands on a branch of its own, and the change stays open', async () => {
    const bench = await QueueBench.open()
    const before = bench.tip()
    const x = await bench.submit('x', { mode: 'pr-branch' })
    await bench.integrator().open()
    const ref = 'refs/heads/atelier-pr/x'
    expect(await bench.settled(x)).toEqual({ state: 'merged', commit: x.head, ref })
    expect(bench.tip(ref)).toBe(x.head)
    expect(bench.tip()).toBe(before)
    expect(await bench.change('x')).toMatchObject({ state: 'open', merges: 0 })
  })

  test('with pr-branch leaves a branch alone that has other commits', async () => {
    const bench = await QueueBench.open()
    const other = bench.shop.commitOn('main', { 'other.txt': '' })
    bench.shop.git('branch', 'atelier-pr/x', other)
    const x = await bench.submit('x', { mode: 'pr-branch' })
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({ state: 'rejected', error: { code: 'conflict' } })
    expect(bench.tip('atelier-pr/x')).toBe(other)
  })

  test('with manual waits until a person approves', async () => {
    const bench = await QueueBench.open()
    const integrator = bench.integrator()
    await integrator.open()
    const before = bench.tip()
    const x = await bench.submit('x', { mode: 'manual' })
    expect(await bench.settled(x)).toMatchObject({ state: 'held', reason: 'manual' })
    await integrator.scan()
    await integrator.ended()
    expect(bench.tip()).toBe(before)
    await approveMerge(bench.team, x.merge)
    expect(await bench.settled(x)).toMatchObject(merged)
    await expect(approveMerge(bench.team, x.merge)).rejects.toMatchObject({ code: 'invalid_transition' })
    await expect(approveMerge(bench.team, 'mrg_none')).rejects.toMatchObject({ code: 'not_found' })
  })

  test('with manual goes back when a person refuses it, with what they said', async () => {
    const bench = await QueueBench.open()
    await bench.integrator().open()
    const before = bench.tip()
    const x = await bench.submit('x', { mode: 'manual' })
    await refuseMerge(bench.team, x.merge, 'Use the other library.')
    expect(await bench.settled(x)).toMatchObject({ state: 'rejected', error: { code: 'gate_rejected' } })
    expect(bench.tip()).toBe(before)
    await expect(refuseMerge(bench.team, x.merge, '')).rejects.toMatchObject({ code: 'invalid_transition' })
  })

  test('because its item was cancelled is withdrawn', async () => {
    const bench = await QueueBench.open()
    const before = bench.tip()
    const x = await bench.submit('x')
    const held = await bench.submit('held', { mode: 'manual' })
    await cancelItem(bench.team, 'x', 'not needed')
    await cancelItem(bench.team, 'held', 'not needed')
    await bench.integrator().open()
    expect(await bench.settled(x)).toMatchObject({ state: 'rejected', error: { code: 'stale_claim' } })
    expect(bench.tip()).toBe(before)
    const unheld = await bench.merge(held)
    expect(unheld).toMatchObject({ state: 'rejected' })
  })

  test('because its item was cancelled while it was verified is left out', async () => {
    const bench = await QueueBench.open()
    const gate = join(bench.shop.stateDir, 'gate')
    const verify = [`touch '${gate}.open'; until test -f '${gate}'; do sleep 0.01; done`]
    const x = await bench.submit('x', { verify })
    const y = await bench.submit('y')
    await bench.integrator().open()
    await expect.poll(() => existsSync(`${gate}.open`), { timeout: 20_000 }).toBe(true)
    await cancelItem(bench.team, 'x', 'not needed')
    bench.shop.write('.atelier/state/gate', '')
    expect(await bench.settled(y)).toMatchObject(merged)
    expect(await bench.settled(x)).toMatchObject({ state: 'rejected', error: { code: 'stale_claim' } })
    expect(Object.keys(bench.attemptsIn('main'))).toEqual([y.attempt])
  })
})

describe('an integrator', () => {
  test('that is closed while it verifies puts its merges back, for the next one', async () => {
    const bench = await QueueBench.open()
    const gate = join(bench.shop.stateDir, 'gate')
    const verify = [`touch '${gate}.open'; until test -f '${gate}'; do sleep 0.01; done`]
    const x = await bench.submit('x', { verify })
    const first = bench.integrator()
    await first.open()
    await expect.poll(() => existsSync(`${gate}.open`), { timeout: 20_000 }).toBe(true)
    expect(first.busy).toBe(true)
    await first.close()
    expect(await bench.merge(x)).toMatchObject({ state: 'queued', host: null, round: 0 })
    bench.shop.write('.atelier/state/gate', '')
    await bench.integrator('host_2').open()
    expect(await bench.settled(x)).toMatchObject(merged)
  })

  test('takes nothing of a target that another one has', async () => {
    const bench = await QueueBench.open()
    const gate = join(bench.shop.stateDir, 'gate')
    const verify = [`touch '${gate}.open'; until test -f '${gate}'; do sleep 0.01; done`]
    const host = { kind: 'background', state: 'running', machine: 'm', pid: 1, pidStart: '1' } as const
    const row = { ...host, id: 'host_1', backends: [], startedAt: 0, expiresAt: 1, idleExitMs: null }
    await bench.store.write([{ table: 'host', put: row }])
    const x = await bench.submit('x', { verify })
    await bench.integrator().open()
    await expect.poll(() => existsSync(`${gate}.open`), { timeout: 20_000 }).toBe(true)
    const y = await bench.submit('y')
    const second = bench.integrator('host_2')
    await second.open()
    await second.ended()
    expect(await bench.merge(y)).toMatchObject({ state: 'queued' })
    bench.shop.write('.atelier/state/gate', '')
    expect(await bench.settled(x)).toMatchObject(merged)
    expect(await bench.settled(y)).toMatchObject(merged)
    const taken = await bench.eventsOf('merge.taken')
    expect(taken.map(({ data }) => data.host)).toEqual(['host_1', 'host_1'])
  })

  test('of several hosts merges what another one did not take, each once', async () => {
    const bench = await QueueBench.open()
    const hosts = ['host_1', 'host_2', 'host_3']
    const facts = { kind: 'background', state: 'running', machine: 'm', pid: 1, pidStart: '1' } as const
    for (const id of hosts) {
      const row = { ...facts, id, backends: [], startedAt: 0, expiresAt: 1, idleExitMs: null }
      await bench.store.write([{ table: 'host', put: row }])
    }
    const integrators = hosts.map((host) => bench.integrator(host))
    for (const integrator of integrators) await integrator.open()
    bench.shop.git('branch', 'release')
    const works = []
    for (let n = 0; n < 6; n++) {
      const target = n % 2 === 0 ? MAIN : 'refs/heads/release'
      works.push(await bench.submit(`item-${n}`, { target, verify: [`test -f item-${n}.txt`] }))
    }
    for (const work of works) expect(await bench.settled(work)).toMatchObject({ state: 'merged' })
    const counts = { ...bench.attemptsIn('main'), ...bench.attemptsIn('release') }
    expect(counts).toEqual(Object.fromEntries(works.map(({ attempt }) => [attempt, 1])))
  })

  test('gives a merge back with git’s error when that fails again and again', async () => {
    const bench = await QueueBench.open()
    const attempt = await bench.claim('x')
    const facts = { item: 'x', attempt, change: 'x', target: MAIN, mode: 'auto', title: 'x' } as const
    // There is no such commit.
    const merge = await requestMerge(bench.team, { ...facts, head: 'd'.repeat(40), verified: true })
    const integrator = bench.integrator()
    await integrator.open()
    for (let look = 0; look < 12; look++) {
      await integrator.scan()
      await integrator.ended()
    }
    expect(await bench.settled({ merge })).toMatchObject({
      state: 'rejected',
      error: { code: 'workspace_failed' },
    })
    expect(bench.errors.splice(0).length).toBe(10)
  })
})
