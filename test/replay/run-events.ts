/** What happens to a run in which everything happens that there is an event for. */
import type { NewEvent } from '../../src/events.ts'
import { approval, branch, loop, map, reviewGate, wait, work, workflow } from '../workflow/example-stages.ts'
import { RowRun } from '../workflow/row-run.ts'

/** A run that is paused, sent back, escalated, signalled, fails, is retried and ends. */
function eventfulRun(): readonly NewEvent[] {
  const stages = [
    work('plan'),
    map('build', ['plan'], { over: 'stages.plan.result' }),
    reviewGate('review', ['build'], { onReject: 'build' }),
    loop('polish', ['review'], { onExhausted: 'escalate', maxRounds: 2 }),
    wait('release', ['review'], { for: 'signal', signal: 'go', timeoutMs: null }),
    approval('ok', ['release'], { onReject: null }),
    branch('kind', ['plan'], { large: 'size(stages.plan.result) > 5' }),
    work('docs', ['ok', 'polish'], { when: 'inputs.docs' }),
  ]
  const run = new RowRun(workflow(stages, { concurrency: 1 }), { docs: false })
  run.happen({ on: 'paused', reason: 'Lunch.' })
  run.done('plan', ['a', 'b', 'c'])
  run.happen({ on: 'resumed' })
  for (const round of [1, 2]) {
    run.done('build', 'A', 0)
    run.failed('build', 'It broke.', 1)
    run.done('build', 'C', 2)
    run.done('review', { verdict: round === 1 ? 'reject' : 'approve', score: 40 * round })
  }
  run.done('polish', { score: 10 })
  run.done('polish', { score: 20 })
  run.answer('polish', 'abort')
  run.happen({ on: 'retried', stage: 'polish' })
  run.done('polish', { score: 90 })
  run.happen({ on: 'signalled', signal: 'go', value: '"now"' })
  run.answer('ok', 'approve')
  return run.log.map(({ type, data }) => ({ type, data }) as NewEvent)
}

/** That run, and a second one that is forgotten. */
export function runEvents(): readonly NewEvent[] {
  const events = eventfulRun()
  const again = events.flatMap((event): NewEvent[] =>
    event.type === 'run.started' ? [{ ...event, data: { ...event.data, run: 'feature-2' } }] : [],
  )
  const warned: NewEvent = {
    type: 'run.warned',
    data: { run: 'feature-1', stage: 'plan', message: 'It has cost 70 % of its budget.' },
  }
  return [...events, warned, ...again, { type: 'run.removed', data: { run: 'feature-2', stages: [] } }]
}
