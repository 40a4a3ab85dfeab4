/** Workflows in files: what is wrong is told with file, line and column, and other files are read all the same. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { assertTrusted, trust, type Environment } from '../../src/loading/trust.ts'
import { loadWorkflow, loadWorkflows } from '../../src/loading/workflow-files.ts'
import { folderWith, refusal } from './files.ts'

const FEATURE = `# yaml-language-server: $schema=../../node_modules/atelier/schemas/workflow.schema.json
inputs: { spec: { type: string, default: specs/feature.md } }
worktree: true
stages:
  - id: plan
    agent: planner
    title: Break this into tasks
    from: specs/feature.md
  - id: implement
    type: code
    agent: impl
    from: plan
    verify: npm test
  - id: test
    run: npm test
    needs: implement
  - id: review
    gate: { reviewer: reviewer, pass: score >= 70, on_reject: implement, max_rounds: 3 }
    from: [implement, test]
`

/** A project with one workflow, and its file. */
function fileWith(text: string, name = 'w.yaml'): string {
  const path = `.atelier/workflows/${name}`
  return join(folderWith({ [path]: text }), path)
}

async function refused(
  text: string,
  name?: string,
): Promise<{ message: string; details: object; code: string }> {
  const file = fileWith(text, name)
  const error = await refusal(async () => await loadWorkflow(file))
  return { message: error.message.replaceAll(file, 'FILE'), details: error.details, code: error.code }
}

describe('a workflow in a file', () => {
  it('is read, with the name of its file where it has none of its own (B13, B14, B15)', async () => {
    const definition = await loadWorkflow(fileWith(FEATURE, 'feature.yaml'))
    expect(definition.name).toBe('feature')
    expect(definition.stages.map(({ id, kind, needs }) => [id, kind, needs])).toEqual([
      ['plan', 'work', []],
      ['implement', 'work', ['plan']],
      ['test', 'work', ['implement']],
      ['review', 'gate', ['implement', 'test']],
    ])
    const json = JSON.stringify({ name: 'other', stages: [['a', 'x', 'A']] })
    expect(await loadWorkflow(fileWith(json, 'x.json'))).toMatchObject({
      name: 'other',
      stages: [{ id: 'a' }],
    })
  })

  it('that cannot be parsed is refused with line and column: a tab, a broken line, an alias bomb (B15)', async () => {
    const tab = await refused('stages:\n\t- id: a\n')
    expect(tab).toMatchObject({ code: 'invalid_definition', details: { line: 2, column: 1 } })
    expect(tab.message).toBe(
      'FILE:2:1: This is not valid YAML: Tabs are not allowed as indentation. Indent with spaces.',
    )
    expect(await refused('stages: [\n')).toMatchObject({ details: { line: 2 } })
    expect((await refused('{"stages": [}', 'w.json')).message).toContain('This is not valid JSON')
    expect((await refused('stages: []\nstages: []\n')).message).toContain('Map keys must be unique')
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (const [index, name] of 'b c d e f g h'.split(' ').entries()) {
      const before = String.fromCodePoint(97 + index)
      bomb.push(`${name}: &${name} [${Array.from({ length: 9 }, () => `*${before}`).join(', ')}]`)
    }
    expect((await refused(`${bomb.join('\n')}\nstages: *h\n`)).message).toContain('Excessive alias count')
    expect((await refused('')).message).toContain(
      'a workflow is null; it must be an object with name and stages',
    )
  })

  it('of more than 1 MiB, or that is no text, is refused before it is parsed', async () => {
    const large = `stages:\n${'  - { id: a, agent: x }\n'.repeat(50_000)}`
    expect((await refused(large)).message).toMatch(
      /^FILE: The file cannot be read: it has \d+ bytes; the limit is 1048576\.$/u,
    )
    const binary = join(folderWith({ 'w.yaml': Uint8Array.of(0xff, 0xfe, 0) }), 'w.yaml')
    expect((await refusal(async () => await loadWorkflow(binary))).message).toContain('it is not UTF-8 text')
    expect((await refusal(async () => await loadWorkflow('/nowhere/w.yaml'))).details).toEqual({
      file: '/nowhere/w.yaml',
    })
  })

  it.each<readonly [string, string, object, string]>([
    [
      'an unknown field',
      'stages:\n  - id: a\n    agnt: x\n    agent: y\n',
      { line: 3, column: 5, stage: 'a', field: 'stages[0].agnt' },
      'agnt is not a known field. Did you mean agent?',
    ],
    [
      'a duplicate id',
      'stages:\n  - { id: a, agent: x }\n  - { id: a, agent: x }\n',
      { line: 3, column: 7, stage: 'a', field: 'stages[1].id' },
      'two stages have the id "a"',
    ],
    [
      'an unknown next',
      'stages:\n  - id: a\n    agent: x\n    next: [b, c]\n  - {id: b, agent: x}\n',
      { line: 4, column: 15, stage: 'a', field: 'stages[0].next[1]' },
      'it leads to "c", and there is no such stage. Did you mean a or b?',
    ],
    [
      'an unknown target of a rejection',
      'stages:\n  - {id: a, agent: x}\n  - id: g\n    needs: a\n    gate:\n      pass: "true"\n      on_reject: aa\n',
      { line: 7, column: 7, stage: 'g', field: 'stages[1].gate.on_reject' },
      'Did you mean a',
    ],
    [
      'a cycle',
      'stages:\n  - {id: a, agent: x, needs: b}\n  - {id: b, agent: x, needs: a}\n',
      { line: 3, column: 5, cycle: ['b', 'a'] },
      'these stages wait for each other',
    ],
    [
      'an expression',
      'stages:\n  - {id: a, agent: x}\n  - id: g\n    from: a\n    gate: score >= \n',
      { line: 5, column: 19, stage: 'g', field: 'stages[1].gate' },
      'unexpected token: EOF',
    ],
    [
      'a quoted expression',
      'stages:\n  - id: g\n    when: "stages.b.score > 1"\n    agent: x\n',
      { line: 3, column: 19 },
      'there is no stage "b"',
    ],
    [
      'a block',
      'stages:\n  - id: g\n    agent: x\n    spec: |\n      First this,\n      then {{ stages.b.result }}.\n',
      { line: 6, column: 22 },
      'there is no stage "b"',
    ],
    [
      'a tuple',
      'stages:\n  - [a, x, Do it]\n  - [b, x]\n',
      { line: 3, column: 5, index: 1 },
      'stage 1 is ["b", "x"]',
    ],
    [
      'a field in a tuple',
      'stages:\n  - [a, x, Do it, { on_failur: skip }]\n',
      { line: 2, column: 21, stage: 'a' },
      'Did you mean on_failure?',
    ],
    [
      'a field of the workflow',
      'name: w\nstage: []\nstages:\n  - [a, x, A]\n',
      { line: 2, column: 1, field: 'stage' },
      'Did you mean stages?',
    ],
  ])(
    '%s is told with file, line, column, stage and field (AS-68, AS-50, AS-67, B15)',
    async (_name, text, details, said) => {
      const error = await refused(text)
      expect(error.details).toMatchObject(details)
      const { line, column } = error.details as { line: number; column: number }
      expect(error.message).toContain(`FILE:${line}:${column}: `)
      expect(error.message).toContain(said)
    },
  )

  it('with several problems tells them in the order of their lines', async () => {
    const { message } = await refused(
      'result: c\nstages:\n  - {id: a, agent: x, when: "scor > 1"}\n  - {id: b, agnt: x, agent: y}\n',
    )
    expect(message.split('\n').map((line) => line.slice(0, 'FILE:3:30'.length))).toEqual([
      'FILE:3:30',
      'FILE:4:13',
    ])
  })
})

describe('the workflows of a project', () => {
  it('are all read; a bad one is an error of its own and keeps no other away', async () => {
    const dir = folderWith({
      '.atelier/workflows/b.yml': 'stages: [[a, x, A]]',
      '.atelier/workflows/a.yaml': 'stages: [[a, x, A]]',
      '.atelier/workflows/bad.json': '{"stages": [["a"]]}',
      '.atelier/workflows/twice.yaml': 'name: b\nstages: [[a, x, A]]',
      '.atelier/workflows/.hidden.yaml': 'no',
      '.atelier/workflows/notes.md': 'no',
    })
    const { workflows, errors } = await loadWorkflows(dir)
    expect(workflows.map(({ file, definition }) => [file.slice(dir.length), definition.name])).toEqual([
      ['/.atelier/workflows/a.yaml', 'a'],
      ['/.atelier/workflows/b.yml', 'b'],
    ])
    expect(errors.map(({ code, details }) => [code, String(details['file']).slice(dir.length)])).toEqual([
      ['invalid_stage', '/.atelier/workflows/bad.json'],
      ['invalid_definition', '/.atelier/workflows/twice.yaml'],
    ])
    expect(errors[1]?.message).toContain('The workflow is named "b", as the one in')
  })

  it('may be none, and are refused where there are too many or the folder is none', async () => {
    expect(await loadWorkflows(folderWith())).toEqual({ workflows: [], errors: [] })
    expect(await loadWorkflows(folderWith({ '.atelier/workflows': 'a file' }))).toEqual({
      workflows: [],
      errors: [],
    })
    const names = Array.from({ length: 1001 }, (_, index) => [`.atelier/workflows/w${index}.yaml`, ''])
    const error = await refusal(
      async () => await loadWorkflows(folderWith(Object.fromEntries(names) as Record<string, string>)),
    )
    expect(error).toMatchObject({ code: 'invalid_definition', details: { limit: 1000 } })
    const looped = folderWith()
    mkdirSync(join(looped, '.atelier'))
    symlinkSync('workflows', join(looped, '.atelier/workflows'))
    expect((await refusal(async () => await loadWorkflows(looped))).message).toContain('cannot be read')
  })

  it('are loaded by the CLI only where the user trusts the folder, as they can run commands', async () => {
    const user: Environment = { XDG_CONFIG_HOME: join(folderWith(), 'config') }
    const dir = folderWith({ '.atelier/workflows/w.yaml': 'stages: [{ id: a, run: rm -rf / }]' })
    const error = await refusal(() => {
      assertTrusted(dir, user)
    })
    expect(error).toMatchObject({ code: 'invalid_config', details: { folder: dir, reason: 'untrusted' } })
    expect(error.message).toContain('w.yaml was not loaded: a workflow can run commands on this machine')
    trust(dir, user)
    expect(() => {
      assertTrusted(dir, user)
    }).not.toThrow()
  })
})

it('a workflow of 10,000 stages is read whole', async () => {
  const stages = Array.from(
    { length: 10_000 },
    (_, index) => `  - { id: s${index}, noop: true${index === 0 ? '' : `, needs: s${index - 1}`} }`,
  )
  expect((await loadWorkflow(fileWith(`stages:\n${stages.join('\n')}\n`))).stages).toHaveLength(10_000)
})
