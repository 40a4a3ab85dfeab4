import { describe, expect, test } from 'vitest'
import { baseFor } from '../../src/integration/base.ts'
import { advanceChange, tendChangeRefs } from '../../src/integration/changes.ts'
import { changeRef, pullRef } from '../../src/integration/ref-names.ts'
import { requestMerge, mergeSettled } from '../../src/integration/requests.ts'
import { claimItem, completeItem } from '../../src/workers/commands.ts'
import type { ItemRow } from '../../src/board/item.ts'
import { MAIN, QueueBench } from './queue-bench.ts'

async function advanced(
  bench: QueueBench,
  change: string,
  move: { readonly attempt: string; readonly from: string | null; readonly head: string },
): Promise<void> {
  const facts = { change, item: change, tree: 't', base: null, target: MAIN }
  await advanceChange(bench.team, bench.shop, { ...facts, ...move })
}

async function itemOf(bench: QueueBench, id: string): Promise<ItemRow> {
  return (await bench.item(id)) as ItemRow
}

describe('the head of a change', () => {
  test('is kept by a ref, so that git does not collect it', async () => {
    const bench = await QueueBench.open()
    const head = bench.shop.commitOn('main', { 'x.txt': '' })
    await advanced(bench, 'x', { attempt: 'att_1', from: null, head })
    expect(bench.tip(changeRef('x'))).toBe(head)
    bench.shop.git('reflog', 'expire', '--expire=now', '--all')
    bench.shop.git('gc', '--quiet', '--prune=now')
    expect(bench.shop.git('cat-file', '-t', head)).toBe('commit')
  })

  test('moves for one of two attempts that started from the same head; the other gets a conflict', async () => {
    const bench = await QueueBench.open()
    const heads = ['one', 'two'].map((name) => bench.shop.commitOn('main', { [name]: '' }))
    const ends = await Promise.allSettled(
      heads.map((head, n) => advanced(bench, 'x', { attempt: `att_${n}`, from: null, head })),
    )
    const winner = ends.findIndex(({ status }) => status === 'fulfilled')
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(ends[1 - winner]).toMatchObject({ reason: { code: 'conflict' } })
    expect(await bench.change('x')).toMatchObject({ head: heads[winner] })
    expect(bench.tip(changeRef('x'))).toBe(heads[winner])
    // The one that lost goes on from the head that won.
    const next = bench.shop.commitOn(heads[winner] as string, { three: '' })
    await advanced(bench, 'x', { attempt: 'att_3', from: heads[winner] as string, head: next })
    expect(await bench.change('x')).toMatchObject({ head: next })
  })

  test('has its ref again after a crash between the two', async () => {
    const bench = await QueueBench.open()
    const head = bench.shop.commitOn('main', { 'x.txt': '' })
    await advanced(bench, 'x', { attempt: 'att_1', from: null, head })
    bench.shop.git('update-ref', '-d', changeRef('x'))
    await tendChangeRefs(bench.team, bench.shop)
    expect(bench.tip(changeRef('x'))).toBe(head)
  })

  test('is not moved back by a host that read where it was before it moved', async () => {
    const bench = await QueueBench.open()
    const [first, second] = ['one', 'two'].map((name) => bench.shop.commitOn('main', { [name]: '' }))
    await advanced(bench, 'x', { attempt: 'att_1', from: null, head: first as string })
    bench.shop.git('update-ref', '-d', changeRef('x'))
    const { store } = bench.team
    let reads = 0
    const behind = new Proxy(store, {
      get(target, member) {
        if (member !== 'read') return (Reflect.get(target, member) as () => unknown).bind(target)
        return async (load: Parameters<typeof store.read>[0]): Promise<unknown> => {
          const seen = await store.read(load)
          // The second read is that of the row whose ref is going to be pointed.
          if (++reads === 2)
            await advanced(bench, 'x', { attempt: 'att_2', from: first as string, head: second as string })
          return seen
        }
      },
    })
    await tendChangeRefs({ ...bench.team, store: behind }, bench.shop)
    expect(bench.tip(changeRef('x'))).toBe(second)
  })

  test('has a ref of its own whatever the change is called', () => {
    const names = ['a', 'A', 'a/b', 'a b', 'a..b', '../x', '.lock', 'ü', '', 'x'.repeat(300), '-n']
    const refs = names.flatMap((name) => [changeRef(name), pullRef(name)])
    expect(new Set(refs.map((ref) => ref.toLowerCase())).size).toBe(refs.length - 1)
    for (const ref of refs) expect(ref).toMatch(/^refs\/[a-z/-]+\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,60}$/u)
  })
})

describe('an attempt starts', () => {
  test('from the tip of the target, and knows that its change has no head', async () => {
    const bench = await QueueBench.open()
    await bench.post('x')
    expect(await baseFor(bench.team, bench.shop, await itemOf(bench, 'x'))).toEqual({
      base: [{ commit: bench.tip() }],
      from: null,
      target: MAIN,
      goesOn: false,
    })
  })

  test('from the head of its change, as long as its target does not have it', async () => {
    const bench = await QueueBench.open()
    const x = await bench.submit('x')
    const item = await itemOf(bench, 'x')
    const before = await baseFor(bench.team, bench.shop, item)
    expect(before).toMatchObject({ base: [{ commit: x.head, item: 'x' }], from: x.head, goesOn: true })
    await bench.integrator().open()
    await bench.settled(x)
    expect(await baseFor(bench.team, bench.shop, item)).toMatchObject({
      base: [{ commit: bench.tip() }],
      from: x.head,
    })
  })

  test('from the target where a person has merged the change by hand', async () => {
    const bench = await QueueBench.open()
    const x = await bench.submit('x', { mode: 'manual' })
    bench.shop.git('merge', '--quiet', '--no-edit', x.head)
    expect(await baseFor(bench.team, bench.shop, await itemOf(bench, 'x'))).toMatchObject({
      base: [{ commit: bench.tip() }],
    })
  })

  test('with what it depends on and its target does not have: pull requests, also behind a review', async () => {
    const bench = await QueueBench.open()
    await bench.integrator().open()
    const pull = await bench.submit('pull', { mode: 'pr-branch' })
    const merged = await bench.submit('merged')
    for (const { merge } of [pull, merged]) await mergeSettled(bench.team, merge)
    await bench.post('review', {}, ['pull'])
    await bench.post('next', {}, ['review', 'merged', 'pull'])
    const done = { result: null, verified: false, commit: null }
    await completeItem(bench.team, 'pull', { ...done, attempt: pull.attempt })
    await completeItem(bench.team, 'merged', { ...done, attempt: merged.attempt })
    await completeItem(bench.team, 'review', {
      ...done,
      attempt: await claimItem(bench.team, 'review', 'reviewer'),
    })
    expect(await baseFor(bench.team, bench.shop, await itemOf(bench, 'next'))).toEqual({
      base: [{ commit: bench.tip() }, { commit: pull.head, item: 'pull' }],
      from: null,
      target: MAIN,
      goesOn: false,
    })
  })

  test('without the work of what is not done', async () => {
    const bench = await QueueBench.open()
    await bench.submit('x', { mode: 'manual' })
    await bench.post('next', {}, ['x'])
    expect(await baseFor(bench.team, bench.shop, await itemOf(bench, 'next'))).toMatchObject({
      base: [{ commit: bench.tip() }],
    })
  })

  test('from another branch where that is the target, and from a commit where no branch is checked out', async () => {
    const bench = await QueueBench.open()
    await bench.post('x')
    const other = bench.shop.commitOn('main', { other: '' })
    bench.shop.git('branch', 'release', other)
    const item = await itemOf(bench, 'x')
    expect(await baseFor(bench.team, bench.shop, item, { branch: 'release' })).toMatchObject({
      base: [{ commit: other }],
      target: 'refs/heads/release',
    })
    bench.shop.git('switch', '--quiet', '--detach', other)
    expect(await baseFor(bench.team, bench.shop, item)).toMatchObject({
      base: [{ commit: other }],
      target: null,
    })
  })
})

describe('an attempt', () => {
  test('that asks twice has one merge', async () => {
    const bench = await QueueBench.open()
    const x = await bench.submit('x')
    const facts = { item: 'x', attempt: x.attempt, change: 'x', target: MAIN, mode: 'auto' } as const
    expect(await requestMerge(bench.team, { ...facts, head: x.head, title: 'x', verified: true })).toBe(
      x.merge,
    )
    expect(await bench.eventsOf('merge.requested')).toHaveLength(1)
  })

  test('that waits no longer leaves its merge in the queue', async () => {
    const bench = await QueueBench.open()
    const x = await bench.submit('x')
    const stop = new AbortController()
    const settled = mergeSettled(bench.team, x.merge, stop.signal)
    stop.abort()
    await expect(settled).rejects.toMatchObject({ code: 'cancelled' })
    expect(await bench.merge(x)).toMatchObject({ state: 'queued' })
    await expect(mergeSettled(bench.team, 'mrg_none')).rejects.toMatchObject({ code: 'not_found' })
  })
})
