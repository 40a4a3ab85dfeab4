/** Step files, the form of another system, wherever a workflow file works: what is wrong is told with file, line and column. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  checkWorkflow,
  loadWorkflow,
  loadWorkflows,
  translateWorkflow,
} from '../../src/loading/workflow-files.ts'
import { folderWith, refusal } from './files.ts'

const GOOD = `workflow:
  id: feature
  schema_version: "2.0"
  settings: { context_tier_default: 2 }
  steps:
    - id: plan
      agent: planner
      action: create_stories
      context_tier: 1
      creates: [stories/]
    - id: review
      agent: reviewer
      action: review
      requires: [stories/]
      scoring:
        thresholds: { overall_min: 70 }
      gate: { condition: "scoring.passed", on_fail: plan }
`

function fileWith(text: string, name = 'w.yaml'): string {
  const path = `.atelier/workflows/${name}`
  return join(folderWith({ [path]: text }), path)
}

describe('a step file', () => {
  it('is read as a workflow beside those of our own form, from YAML and JSON (B13, B14)', async () => {
    const json = JSON.stringify({ workflow: { id: 'j', steps: [{ id: 'a', agent: 'x', action: 'y' }] } })
    const files = { 'a.yaml': GOOD, 'b.json': json, 'c.yaml': 'stages: [[a, x, A]]', 'd.yaml': GOOD }
    const dir = folderWith(
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`.atelier/workflows/${name}`, text])),
    )
    const { workflows, errors } = await loadWorkflows(dir)
    expect(workflows.map(({ definition }) => [definition.name, definition.stages.length])).toEqual([
      ...[
        ['feature', 3],
        ['j', 1],
        ['c', 1],
      ],
    ])
    expect(errors[0]?.message).toContain('The workflow is named "feature", as the one in')
  })

  it('says with line and column what of it has no effect (B13, B14)', async () => {
    const { problems, notes } = await checkWorkflow(fileWith(GOOD))
    expect(problems).toEqual([])
    expect(notes).toEqual([
      {
        ...{ line: 4, column: 15, stage: null, field: 'workflow.settings.context_tier_default' },
        message:
          'context_tier_default has no effect here: agents read what they need of the project themselves.',
      },
      {
        ...{ line: 9, column: 7, stage: 'plan', field: 'workflow.steps[0].context_tier' },
        message: 'context_tier has no effect here: agents read what they need of the project themselves.',
      },
    ])
    expect((await checkWorkflow(fileWith('stages: [[a, x, A]]'))).notes).toEqual([])
  })

  it.each<readonly [string, string, string, object, string]>([
    [
      'an unknown field',
      'creates:',
      'create:',
      { line: 10, column: 7, stage: 'plan', field: 'workflow.steps[0].create' },
      'Did you mean creates or gate?',
    ],
    [
      'a duplicate id',
      'id: review',
      'id: plan',
      { line: 11, column: 7, stage: 'plan', field: 'workflow.steps[1].id' },
      'ids are unique',
    ],
    [
      'an unknown target',
      'on_fail: plan',
      'on_fail: pln',
      { line: 17, column: 44, stage: 'review', field: 'workflow.steps[1].gate.on_fail' },
      'Did you mean plan?',
    ],
    [
      'a condition',
      '"scoring.passed"',
      '"scoring.passed > 3"',
      { line: 17, column: 27, stage: 'review' },
      'a truth cannot be compared with a number',
    ],
    [
      'a part of a condition',
      '"scoring.passed"',
      '"scoring.passed and green"',
      { line: 17, column: 46, stage: 'review' },
      'there is no green here',
    ],
    [
      'an artifact',
      'requires: [stories/]',
      'requires: [storys]',
      { line: 14, column: 18, stage: 'review', field: 'workflow.steps[1].requires[0]' },
      'which no other step creates',
    ],
    [
      'a cycle',
      'creates: [stories/]',
      'requires: [review]\n      creates: [stories/]',
      { line: 12, column: 7, stage: 'review' },
      'wait for each other',
    ],
  ])(
    'with %s is refused with file, line, column, step and field (B15, AS-68)',
    async (_name, from, to, details, said) => {
      const file = fileWith(GOOD.replace(from, to))
      const error = await refusal(async () => await loadWorkflow(file))
      expect(error.details).toMatchObject({ file, ...details })
      const { line, column } = error.details as { line: number; column: number }
      expect(error.message).toContain(`${file}:${line}:${column}: `)
      expect(error.message).toContain(said)
      const { problems, notes } = await checkWorkflow(file)
      expect([problems[0]?.line, notes]).toEqual([line, []])
    },
  )

  it('is the same in our form, which is read as the same definition (B13, B14)', async () => {
    const file = fileWith(GOOD)
    const { workflow, text } = await translateWorkflow(file)
    expect(workflow).toBe('feature')
    expect(text).toContain('on_reject: plan')
    expect(text).not.toMatch(/[&*]a1/u)
    const own = fileWith(text, 'own.yaml')
    expect(await loadWorkflow(own)).toEqual(await loadWorkflow(file))
    expect(await refusal(async () => await translateWorkflow(own))).toMatchObject({
      ...{ code: 'invalid_input', details: { file: own } },
    })
    expect((await refusal(async () => await translateWorkflow(fileWith('workflow: {}')))).message).toContain(
      'id is missing',
    )
  })
})
