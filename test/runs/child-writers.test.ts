/** Work that child runs do beside each other comes to the branch with that of their run. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { WorkflowInput } from '../../src/workflow/input.ts'
import { openBoard } from '../workers/board.ts'
import { makeRepository } from '../workers/repository.ts'
import { ENDED } from './shop.ts'

const write = (id: string, file: string, more: object = {}): object => ({
  id,
  run: `echo ${id} > ${file}`,
  worktree: true,
  ...more,
})

async function filesAfter(stages: readonly object[]): Promise<(name: string) => boolean> {
  const repository = await makeRepository()
  const { shop } = await openBoard({}, { dir: repository.dir, persistence: true })
  shop.workflow({ name: 'outer', stages } as unknown as WorkflowInput)
  const run = await shop.runWorkflow('outer')
  await run.result(ENDED)
  expect(repository.merged()).toEqual(['outer-1/merge'])
  return (name) => existsSync(join(repository.dir, name))
}

test('of parallel writers in a child run that nothing joins (A42, B38)', async () => {
  const has = await filesAfter([
    { id: 'inner', workflow: { name: 'in', stages: [write('a', 'a.txt'), write('b', 'b.txt')] } },
  ])
  expect(['a.txt', 'b.txt'].filter(has)).toEqual(['a.txt', 'b.txt'])
})

test('of parallel writers in a child run, and the stage behind it sees it (A42, B38)', async () => {
  const has = await filesAfter([
    { id: 'inner', workflow: { name: 'in', stages: [write('a', 'a.txt'), write('b', 'b.txt')] } },
    { id: 'after', run: 'cat a.txt b.txt > c.txt', worktree: true, needs: 'inner' },
  ])
  expect(['a.txt', 'b.txt', 'c.txt'].filter(has)).toEqual(['a.txt', 'b.txt', 'c.txt'])
})

test('of child runs beside each other (A42, B38)', async () => {
  const child = (id: string): object => ({
    id,
    workflow: {
      name: `in-${id}`,
      stages: [write(`${id}1`, `${id}1.txt`), write(`${id}2`, `${id}2.txt`, { needs: `${id}1` })],
    },
  })
  const has = await filesAfter([child('a'), child('b')])
  expect(['a1.txt', 'a2.txt', 'b1.txt', 'b2.txt'].filter(has)).toHaveLength(4)
})

test('behind parallel writers: the child run begins with what they made (A42, B38)', async () => {
  const has = await filesAfter([
    write('a', 'a.txt'),
    write('b', 'b.txt'),
    {
      id: 'inner',
      needs: ['a', 'b'],
      workflow: { name: 'in', stages: [{ id: 'c', run: 'cat a.txt b.txt > c.txt', worktree: true }] },
    },
  ])
  expect(['a.txt', 'b.txt', 'c.txt'].filter(has)).toEqual(['a.txt', 'b.txt', 'c.txt'])
})
