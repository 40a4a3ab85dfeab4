import { expect, it } from 'vitest'
import type { WorkItem } from '../../src/facade/board-contract.ts'
import { openShop, refused } from './shop.ts'

/** A task as source 003 writes it. */
interface SourceTask {
  readonly id: string
  readonly title: string
  readonly description: string
  readonly agent_type: string
  /** 1 low, 2 medium, 3 high, 4 critical, 5 emergency. */
  readonly priority: 1 | 2 | 3 | 4 | 5
  readonly input_data: Readonly<Record<string, string>>
  readonly dependencies: readonly string[]
  /** Minutes. */
  readonly estimated_duration: number
  readonly deadline: string
  readonly max_retries: number
  readonly metadata: Readonly<Record<string, string>>
}

/** Five levels that rise there fall here. */
const PRIORITIES = { 1: 'low', 2: 'normal', 3: 'high', 4: 'critical', 5: 'emergency' } as const

function toItem(task: SourceTask): WorkItem {
  return {
    id: task.id,
    title: task.title,
    spec: task.description,
    type: task.agent_type,
    priority: PRIORITIES[task.priority],
    input: task.input_data,
    dependsOn: task.dependencies,
    estimate: `${task.estimated_duration}m`,
    deadline: task.deadline,
    retry: task.max_retries,
    metadata: task.metadata,
  }
}

const TASK: SourceTask = {
  id: 'auth',
  title: 'Implement auth',
  description: 'With tokens.',
  agent_type: 'developer',
  priority: 4,
  input_data: { file: 'src/auth.ts' },
  dependencies: ['design'],
  estimated_duration: 90,
  deadline: '2026-01-02T12:00:00Z',
  max_retries: 3,
  metadata: { ticket: 'A-1' },
}

it('D22: every field of a task of the source is one of an item, what was posted as what came of it', async () => {
  const { shop, clock } = await openShop()
  const posted = JSON.parse(
    JSON.stringify([{ ...TASK, id: 'design', dependencies: [] }, TASK]),
  ) as SourceTask[]
  await shop.work(posted.map(toItem))
  await shop.claim('design')
  await shop.complete('design', 'A design.')
  const created = clock.now()
  await clock.advance(1000)
  await shop.claim('auth', 'impl')
  await clock.advance(1000)
  await shop.start('auth', { as: 'impl' })
  await clock.advance(1000)
  await shop.complete('auth', 'It works.', { as: 'impl' })
  const item = await shop.item('auth')
  const source = {
    id: item.id,
    title: item.title,
    description: item.spec,
    agent_type: item.type,
    priority: item.priorityName,
    input_data: item.input,
    dependencies: item.dependsOn,
    estimated_duration: item.estimateMs / 60_000,
    deadline: item.deadline,
    retry_count: item.attempts - 1,
    max_retries: item.maxAttempts - 1,
    status: item.status,
    assigned_agent: item.claimedBy,
    created_at: item.createdAt,
    started_at: item.startedAt,
    completed_at: item.completedAt,
    result: item.result,
    error: item.error,
    metadata: item.metadata,
  }
  expect(JSON.parse(JSON.stringify(source))).toEqual({
    ...TASK,
    priority: 'critical',
    deadline: Date.UTC(2026, 0, 2, 12),
    retry_count: 0,
    status: 'done',
    assigned_agent: 'impl',
    created_at: created,
    started_at: created + 2000,
    completed_at: created + 3000,
    result: 'It works.',
    error: null,
  })
})

it('D22: priorities of the source go from low to emergency, the most urgent first', async () => {
  const { shop } = await openShop()
  const levels = [1, 2, 3, 4, 5] as const
  await shop.work(
    levels.map((priority) => toItem({ ...TASK, id: `p${priority}`, dependencies: [], priority })),
  )
  expect((await shop.ready('developer')).map(({ id }) => id)).toEqual(['p5', 'p4', 'p3', 'p2', 'p1'])
  await refused(shop.work('x', 'X', { dependsOn: ['nowhere'] }), 'unknown_dependency')
})
