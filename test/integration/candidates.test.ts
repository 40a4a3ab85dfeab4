import { expect, test } from 'vitest'

import { mergedAttempts } from '../../src/git/commits.ts'
import { stackCandidates } from '../../src/integration/candidates.ts'
import { pending, project } from './support.ts'

test('AS-38: results that fit are stacked in order, each a merge that names its item and attempt (B38, C36)', async () => {
  const shop = project()
  const before = shop.snapshot()
  const tip = shop.git('rev-parse', 'main')
  const results = [pending(shop, 'x', { 'x.txt': 'x\n' }), pending(shop, 'y', { 'y ü.txt': 'y\n' })]
  const { candidates, conflicts, contained } = await stackCandidates(shop, tip, results)
  expect([conflicts, contained]).toEqual([[], []])
  expect(candidates.map(({ item, onto }) => [item, onto])).toEqual([
    ['x', tip],
    ['y', candidates[0]?.commit],
  ])
  const last = candidates[1]?.commit ?? ''
  expect(shop.git('ls-tree', '-r', '--name-only', '-z', last).split('\0')).toEqual(
    expect.arrayContaining(['x.txt', 'y ü.txt']),
  )
  expect(shop.git('log', '-1', '--format=%s', last)).toBe('Merge y: Do y')
  expect(await mergedAttempts(shop, { after: tip, to: last })).toEqual(
    new Map([
      ['att_y', last],
      ['att_x', candidates[0]?.commit],
    ]),
  )
  // Nothing points at them yet, and the user's files are as they were.
  expect(shop.snapshot()).toBe(before)
})

test('AS-38: a result that conflicts is left out with its files, and the others go on (B38, C36)', async () => {
  const shop = project()
  const before = shop.snapshot()
  const results = [
    pending(shop, 'x', { 'a.txt': 'x\n' }),
    pending(shop, 'y', { 'a.txt': 'y\n', 'sub folder/ü.txt': 'y\n' }),
    pending(shop, 'z', { 'z.txt': 'z\n' }),
  ]
  const { candidates, conflicts } = await stackCandidates(shop, 'main', results)
  expect(candidates.map(({ item }) => item)).toEqual(['x', 'z'])
  expect(conflicts).toMatchObject([
    { item: 'y', files: ['a.txt'], after: ['x'], messages: [expect.stringContaining('a.txt')] },
  ])
  expect(shop.snapshot()).toBe(before)
})

test('a result that the target has is found by its trailer, and not merged twice', async () => {
  const shop = project()
  const one = pending(shop, 'x', { 'x.txt': 'x\n' })
  const two = pending(shop, 'y', { 'y.txt': 'y\n' }, one.head)
  const first = await stackCandidates(shop, 'main', [one, two])
  const tip = first.candidates.at(-1)?.commit ?? ''
  const again = await stackCandidates(shop, tip, [one, two])
  expect(again.candidates).toEqual([])
  expect(again.contained.map(({ commit }) => commit)).toEqual(first.candidates.map(({ commit }) => commit))
  // One that changed nothing has nothing to be merged.
  const main = shop.git('rev-parse', 'main')
  const nothing = { item: 'n', attempt: 'att_n', title: '', head: main }
  expect((await stackCandidates(shop, main, [nothing])).contained).toEqual([{ ...nothing, commit: main }])
})

test('a trailer that an agent wrote into its own commits does not count as merged', async () => {
  const shop = project()
  const dir = `${shop.dir}/../forger`
  shop.git('worktree', 'add', '--quiet', '--detach', dir, 'main')
  shop.write('f.txt', 'f\n', dir)
  const head = shop.commit('Innocent\n\nAtelier-Attempt: att_other', dir)
  shop.git('worktree', 'remove', '--force', dir)
  const forged = { item: 'f', attempt: 'att_f', title: 'F', head }
  const { candidates } = await stackCandidates(shop, 'main', [forged])
  const merged = await mergedAttempts(shop, { to: candidates[0]?.commit ?? '' })
  expect([...merged.keys()]).toEqual(['att_f'])
})

test('a result of another history is a conflict without files', async () => {
  const shop = project()
  const tree = shop.git('rev-parse', 'main^{tree}')
  const head = shop.git('commit-tree', tree, '-m', 'from nowhere')
  const stack = await stackCandidates(shop, 'main', [{ item: 'o', attempt: 'att_o', title: '', head }])
  expect(stack.conflicts).toMatchObject([
    { item: 'o', files: [], messages: [expect.stringContaining('unrelated')] },
  ])
})
