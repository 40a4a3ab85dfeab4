import { describe, expect, it } from 'vitest'
import { work, workflow } from '../../test/workflow/example-stages.ts'
import { RowRun } from '../../test/workflow/row-run.ts'

describe('a run', () => {
  it('without stages is completed at once', () => {
    expect(new RowRun(workflow([])).run).toMatchObject({ state: 'completed', total: 0 })
  })

  it('never has more at work than its concurrency, and starts in the order of the definition', () => {
    const ids = ['a', 'b', 'c', 'd', 'e']
    const run = new RowRun(
      workflow(
        ids.map((id) => work(id)),
        { concurrency: 2 },
      ),
    )
    expect(run.run).toMatchObject({ busy: 2, queued: 3 })
    run.done('b')
    run.done('c')
    expect(run.open.map(({ stage }) => stage)).toEqual(['a', 'd'])
  })

  it('that has nothing left to start is told to be blocked instead of waiting for ever', () => {
    // No checked definition is like this: it is what a cycle would be.
    const run = new RowRun(workflow([work('a', ['b']), work('b', ['a'])]))
    expect(run.run).toMatchObject({ state: 'failed', error: { code: 'invalid_stage' } })
    expect(run.run.error?.message).toContain('Workflow blocked')
  })

  it('C23: has a checkpoint after each wave, whose checksum is that of its settled stages', () => {
    const run = new RowRun(workflow([work('a'), work('b', ['a']), work('c', ['a']), work('d', ['b', 'c'])]))
    run.done('a')
    run.done('b')
    expect(run.run.checkpoints).toBe(1)
    run.done('c')
    run.done('d')
    const checkpoints = run.log.filter(({ type }) => type === 'run.checkpointed')
    expect(checkpoints.map(({ data }) => data)).toEqual([
      { run: 'feature-1', number: 1, checksum: expect.stringMatching(/^[0-9a-f]{16}$/u) as string },
      { run: 'feature-1', number: 2, checksum: expect.any(String) as string },
      { run: 'feature-1', number: 3, checksum: run.run.checksum },
    ])
    const other = new RowRun(run.plan.definition)
    for (const stage of ['a', 'c', 'b', 'd']) other.done(stage)
    expect(other.run.checksum).toBe(run.run.checksum)
  })
})
