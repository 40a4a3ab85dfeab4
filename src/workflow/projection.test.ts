import { describe, expect, it } from 'vitest'
import { eventOf, lookup } from '../../test/replay/example-rows.ts'
import type { EventBodies } from '../events.ts'
import { applyWorkflow, startedRun, untouchedStage, workflowReads } from './projection.ts'

const STARTED: EventBodies['run.started'] = {
  run: 'feature-1',
  workflow: 'feature',
  definition: 'd'.repeat(64),
  inputs: '{}',
  change: 'feature-1',
  parentRun: null,
  parentStage: null,
  parentRound: null,
  parentIndex: null,
  total: 2,
}
const RUN = startedRun(eventOf('run.started', STARTED))
const WORKFLOW = { name: 'feature', definition: 'd'.repeat(64), shipped: 0, runs: 0, definedAt: 1 } as const
const FACT = { run: 'feature-1', stage: 'a', round: 1, position: 0, needs: 1 }

describe('the rows of workflows', () => {
  it('count the runs of a workflow, and not those of its stages', () => {
    const rows = lookup({ workflow: [WORKFLOW] })
    expect(applyWorkflow(eventOf('run.started', STARTED), rows)).toContainEqual(
      expect.objectContaining({ table: 'workflow', row: { ...WORKFLOW, runs: 1 } }),
    )
    const child = { ...STARTED, run: 'feature-1/build', parentRun: 'feature-1' }
    expect(applyWorkflow(eventOf('run.started', child), rows)).toHaveLength(1)
    expect(applyWorkflow(eventOf('run.started', STARTED), lookup({}))).toHaveLength(1)
  })

  it('keep the count of runs when a workflow is defined anew', () => {
    const data = { workflow: 'feature', definition: 'e'.repeat(64), shipped: true }
    const rows = lookup({ workflow: [{ ...WORKFLOW, runs: 3 }] })
    expect(applyWorkflow(eventOf('workflow.defined', data), rows)).toMatchObject([
      { row: { definition: 'e'.repeat(64), shipped: 1, runs: 3, definedAt: 9000 } },
    ])
    expect(applyWorkflow(eventOf('workflow.defined', { ...data, shipped: false }), rows)).toMatchObject([
      { row: { shipped: 0, runs: 3 } },
    ])
  })

  it('end with the run that is removed', () => {
    const event = eventOf('run.removed', { run: 'feature-1', stages: ['a', 'b'] })
    expect(workflowReads(event)).toEqual([])
    expect(applyWorkflow(event, lookup({}))).toEqual([
      { table: 'run', key: 'feature-1', row: null },
      { table: 'stage', key: 'feature-1/a', row: null },
      { table: 'stage', key: 'feature-1/b', row: null },
    ])
  })

  it('begin with the first event that touches a stage', () => {
    const event = eventOf('stage.met', { ...FACT, needs: 3, live: true, broken: true })
    expect(applyWorkflow(event, lookup({ run: [RUN] }))).toMatchObject([
      { table: 'run', row: { revision: 2 } },
      { table: 'stage', row: { id: 'feature-1/a', state: 'pending', unmet: 2, live: 1, broken: 1 } },
    ])
  })

  it('refuse what their lifecycles do not allow, and what nothing made', () => {
    const rows = lookup({ run: [RUN], stage: [untouchedStage('feature-1', 'a', 0, 1)] })
    expect(() => applyWorkflow(eventOf('stage.cancelled', FACT), rows)).toThrow(
      'The stage feature-1/a is pending',
    )
    expect(() => applyWorkflow(eventOf('run.resumed', { run: 'feature-1' }), rows)).toThrow(
      'The run feature-1 is running',
    )
    expect(() => applyWorkflow(eventOf('stage.queued', FACT), lookup({}))).toThrow(
      'which no earlier event made',
    )
    expect(() => applyWorkflow(eventOf('run.resumed', { run: 'feature-1' }), lookup({}))).toThrow(
      'The log names the run "feature-1"',
    )
  })
})
