/** Workflows in TypeScript, whose results have types: what the compiler knows, and what comes when they run. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import type { Json } from '../../src/json.ts'
import type { StageInput, StageOptions } from '../../src/workflow/input.ts'
import { stage, workflow } from '../../src/workflow/stage.ts'
import type { TypedStage } from '../../src/workflow/typed.ts'
import { openBoard } from '../workers/board.ts'
import { ENDED, promptsTo } from './shop.ts'

const PLAN = z.object({ tasks: z.array(z.string()) })
const plan = stage('plan', { agent: 'planner', title: 'Plan it', output: PLAN })

/** A stage as far as its type is concerned. */
function resultOf<Result>(_stage: TypedStage<string, Result>): Result {
  return undefined as Result
}

describe('the type of a stage', () => {
  it('is that of its schema, and without one that of its kind (A41, B01)', () => {
    expectTypeOf(resultOf(plan)).toEqualTypeOf<{ tasks: string[] }>()
    expectTypeOf(resultOf(stage('a', { agent: 'dev', title: 'Do it' }))).toEqualTypeOf<string>()
    expectTypeOf(resultOf(stage('a', { title: 'Do it' }))).toEqualTypeOf<string>()
    expectTypeOf(resultOf(stage('a', { run: 'npm test' }))).toEqualTypeOf<string>()
    expectTypeOf(resultOf(stage('a', { run: 'npm test', output: 'text' }))).toEqualTypeOf<string>()
    expectTypeOf(resultOf(stage('a', { run: 'npm test', output: 'json' }))).toEqualTypeOf<Json>()
    expectTypeOf(resultOf(stage('a', { agent: 'dev', output: { type: 'number' } }))).toEqualTypeOf<Json>()
    expectTypeOf(resultOf(stage('a', { gate: { person: 'Ok?' }, needs: 'plan' }))).toEqualTypeOf<Json>()
    expectTypeOf(resultOf(stage('a', { fn: 'score' }))).toEqualTypeOf<Json>()
  })

  it('of a loop is that of its last round, and of a map a list with a hole for what failed (A41)', () => {
    const loop = { until: 'score > 80' }
    const over = 'inputs.files'
    expectTypeOf(resultOf(stage('a', { agent: 'dev', loop, output: PLAN }))).toEqualTypeOf<{
      tasks: string[]
    }>()
    expectTypeOf(resultOf(stage('a', { agent: 'dev', loop }))).toEqualTypeOf<string>()
    expectTypeOf(resultOf(stage('a', { loop: { ...loop, stages: [plan] } }))).toEqualTypeOf<Json>()
    expectTypeOf(resultOf(stage('a', { agent: 'dev', map: { over } }))).toEqualTypeOf<
      readonly (string | null)[]
    >()
    expectTypeOf(resultOf(stage('a', { map: { over }, output: z.number() }))).toEqualTypeOf<
      readonly (number | null)[]
    >()
  })

  it('is anything where its options were written elsewhere (A41)', () => {
    const options: StageOptions = { agent: 'dev' }
    expectTypeOf(resultOf(stage('a', options))).toEqualTypeOf<Json>()
    expectTypeOf(stage('a', options)).toExtend<StageInput>()
  })

  it('refuses fields that stages do not have, at any depth (A41)', () => {
    // @ts-expect-error `rnu` is no field
    stage('a', { agent: 'dev', rnu: 'npm test' })
    // @ts-expect-error `onRejct` is no field
    stage('a', { gate: { reviewer: 'reviewer', onRejct: 'plan' } })
    // @ts-expect-error `nedes` is no field
    workflow('w', [['a', 'dev', 'Do it', { nedes: 'b', type: 'code' }]])
    // @ts-expect-error `nedes` is no field
    workflow('w', [{ id: 'a', agent: 'dev', nedes: 'b' }])
    // @ts-expect-error a tuple begins with id, agent and title
    workflow('w', [['a', 'dev']])
    // @ts-expect-error `concurency` is no field
    workflow('w', [plan], { concurency: 3 })
    expect.assertions(0)
  })
})

describe('the results of a workflow in TypeScript', () => {
  it('come as their types say, from stage(), tuples and objects, and runWorkflow takes it as a whole (A41, A42, B01)', async () => {
    const board = await openBoard({
      rules: [
        { match: 'Plan it', reply: 'Two tasks, I think.' },
        { match: 'has no JSON', reply: '```json\n{"tasks": ["cache", "docs"]}\n```' },
        { match: 'Count', reply: '2' },
        { match: 'Do', reply: 'DONE' },
      ],
    })
    const { shop } = board
    for (const name of ['planner', 'dev']) shop.agent(name, `You are ${name}.`)
    const flow = workflow('feature', [
      plan,
      ['implement', 'dev', 'Do the tasks', { from: 'plan' }],
      ['count', 'dev', 'Count the tasks', { from: 'plan', output: z.number() }],
      { id: 'say', run: 'echo said', needs: 'plan' },
      stage('left', { run: 'exit 1', when: 'false' }),
    ])
    const run = await shop.runWorkflow(flow)
    const result = await run.result(ENDED)
    expectTypeOf(result).toEqualTypeOf<{
      readonly plan?: { tasks: string[] }
      readonly implement?: string
      readonly count?: number
      readonly say?: string
      readonly left?: string
    }>()
    expect(result).toEqual({ implement: 'DONE', count: 2, say: 'said' })
    const made = await run.result('plan', ENDED)
    expectTypeOf(made).toEqualTypeOf<{ tasks: string[] }>()
    expect(made).toEqual({ tasks: ['cache', 'docs'] })
    expectTypeOf(run.result('count')).resolves.toEqualTypeOf<number>()
    expect([await run.result('implement'), await run.result('count')]).toEqual(['DONE', 2])
    // The answer that was no JSON was asked for once more.
    expect(promptsTo(board, 'planner')).toHaveLength(2)
    await expect(run.result('left')).rejects.toMatchObject({
      code: 'no_result',
      message: expect.stringContaining('"left" of feature-1 has no result; it is skipped') as string,
    })
    // @ts-expect-error no stage of the workflow
    await expect(run.result('implemnt')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Did you mean "implement"?') as string,
    })
  })

  it('are that of the stage that it names; by its name alone they are anything (A41, A42)', async () => {
    const { shop } = await openBoard({ reply: '{"tasks": []}' })
    shop.agent('planner', 'You plan.')
    const flow = workflow('named', [plan, stage('end', { noop: true, needs: 'plan' })], { result: 'plan' })
    shop.workflow(flow)
    const typed = await shop.runWorkflow(flow)
    const result = await typed.result(ENDED)
    expectTypeOf(result).toEqualTypeOf<{ tasks: string[] }>()
    expect(result.tasks).toEqual([])
    const untyped = await shop.runWorkflow('named')
    expectTypeOf(untyped.result()).resolves.toEqualTypeOf<Json>()
    expectTypeOf(untyped.result('plan')).resolves.toEqualTypeOf<Json>()
    expect(await untyped.result('plan', ENDED)).toEqual({ tasks: [] })
    await expect(shop.run('named-7').result('plan')).rejects.toMatchObject({ code: 'not_found' })
  })

  it('are refused with what is wrong where they cannot be: the schema, or the run (A41, B01)', async () => {
    const { shop } = await openBoard({ reply: 'no JSON' })
    shop.agent('planner', 'You plan.')
    const dated = workflow('dated', [stage('when', { agent: 'planner', output: z.date() })])
    await expect(shop.runWorkflow(dated)).rejects.toMatchObject({ code: 'unsupported' })
    const failing = workflow('failing', [stage('plan', { agent: 'planner', output: PLAN, retry: 'none' })])
    const run = await shop.runWorkflow(failing)
    await expect(run.result('plan', ENDED)).rejects.toThrow(/plan/u)
    expect((await run.status()).status).toBe('failed')
  })
})
