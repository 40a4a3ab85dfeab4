import { describe, expect, it } from 'vitest'
import { gate, wait, work, workflow } from '../../test/workflow/example-stages.ts'
import { planOf, targetOf } from './plan.ts'
import { criticalPathOf, inOrder, wavesOf } from './schedule.ts'

const needs = (stages: Parameters<typeof workflow>[0], id: string): readonly string[] | undefined =>
  planOf(workflow(stages)).stages.get(id)?.needs

describe('a plan', () => {
  it('knows what needs what, each once', () => {
    const plan = planOf(workflow([work('a'), work('b', ['a', 'a']), work('c', ['b', 'a'])]))
    expect(plan.stages.get('b')?.needs).toEqual(['a'])
    expect(plan.stages.get('a')?.successors).toEqual(['b', 'c'])
    expect(plan.roots).toEqual(['a'])
  })

  it('leaves out what is not there, and a stage that names itself', () => {
    expect(needs([work('a', ['a', 'b'])], 'a')).toEqual([])
  })

  it('knows what an expression names', () => {
    const plan = planOf(workflow([work('a')]))
    const names = plan.names('stages.a.score > stages.nowhere.score && status == inputs.x')
    expect(names.stages).toEqual(['a'])
    expect(names).toEqual({ stages: ['a'], variables: new Set(['status', 'inputs']) })
    expect(plan.names('stages.a.score > stages.nowhere.score && status == inputs.x')).toBe(names)
  })

  it('finds what rests on a stage, and the way back of a gate', () => {
    const plan = planOf(
      workflow([
        work('a'),
        work('b', ['a']),
        work('c', ['a']),
        gate('g', ['b', 'c'], { onReject: 'a' }),
        work('x'),
      ]),
    )
    expect([...plan.descendants('a')].toSorted()).toEqual(['b', 'c', 'g'])
    expect(plan.descendants('a')).toBe(plan.descendants('a'))
    expect([...plan.descendants('nothing')]).toEqual([])
    expect(targetOf(plan, gate('g', [], { onReject: 'a' }))).toBe('a')
    expect(targetOf(plan, gate('g', [], { onReject: 'x' }))).toBeNull()
    expect(targetOf(plan, gate('g', [], { onReject: null }))).toBeNull()
  })

  it('knows who waits for a signal', () => {
    const signal = { for: 'signal', signal: 'go', timeoutMs: null } as const
    const plan = planOf(
      workflow([wait('a', [], signal), wait('b', [], signal), wait('c', [], { for: 'time', ms: 1 })]),
    )
    expect(plan.signals).toEqual(new Map([['go', ['a', 'b']]]))
  })
})

describe('the order of stages', () => {
  const ARCH = planOf(
    workflow([
      work('arch'),
      ...['fe', 'be', 'db'].map((id) => work(id, ['arch'])),
      work('integration', ['fe', 'be', 'db']),
    ]),
  )

  it('AS-101, D02: is arch, then fe, be and db together, then integration', () => {
    expect(wavesOf(ARCH)).toEqual([['arch'], ['fe', 'be', 'db'], ['integration']])
  })

  it('leaves out what is in a circle, and has no waves without stages', () => {
    expect(inOrder(planOf(workflow([work('a', ['b']), work('b', ['a'])])))).toEqual([])
    expect(wavesOf(planOf(workflow([])))).toEqual([])
  })

  it('D24: has the longest way through it as its critical path', () => {
    const ms: Readonly<Record<string, number>> = { arch: 10, fe: 5, be: 20, db: 7, integration: 3 }
    expect(criticalPathOf(ARCH, (stage) => ms[stage] ?? 0)).toEqual({
      stages: ['arch', 'be', 'integration'],
      ms: 33,
    })
    expect(criticalPathOf(ARCH, (stage) => (stage === 'db' ? 7 : 0))).toEqual({ stages: ['db'], ms: 7 })
    expect(criticalPathOf(planOf(workflow([])), () => 1)).toEqual({ stages: [], ms: 0 })
  })
})
