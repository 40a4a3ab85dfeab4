import { describe, expect, it } from 'vitest'
import { workflow } from './builders.ts'
import { parseWorkflow } from './definition-schema.ts'
import type { AgentWork, WorkStage } from './definition.ts'
import type { AnyStage } from './input.ts'
import { graphOf, whoDoes, type Graph } from './graph.ts'
import { mermaidOf, type DrawnState } from './mermaid.ts'
import { planOf } from './plan.ts'
import { stage, workflow as written } from './stage.ts'

function drawn(...stages: readonly AnyStage[]): Graph {
  return graphOf(planOf(workflow('feature', stages, { inputs: { parts: 'array' } })))
}

/** One stage of each kind, and each way to do one. */
const ALL: readonly AnyStage[] = [
  ['plan', 'planner', 'Break it down'],
  { id: 'code', profile: 'coder', needs: 'plan', when: 'stages.plan.status == "done"', onFailure: 'skip' },
  { id: 'docs', type: 'docs', needs: 'plan', onFailure: 'escalate' },
  { id: 'test', run: 'npm test', needs: 'code', loop: { until: 'score > 80', maxRounds: 1 } },
  { id: 'each', fn: 'check', needs: 'plan', map: { over: 'inputs.parts', limit: 2 } },
  { id: 'deploy', workflow: 'deploy', needs: 'test' },
  { id: 'own', map: { over: 'inputs.parts', stages: [{ id: 'x', noop: true }] }, needs: 'plan' },
  { id: 'mark', noop: true, needs: 'own' },
  { id: 'review', gate: { reviewer: 'reviewer', onReject: 'code', maxRounds: 2 }, needs: 'test' },
  { id: 'cheap', gate: 'score >= 50', needs: 'each' },
  { id: 'ok', gate: { person: 'Ship it?' }, needs: 'review' },
  {
    id: 'kind',
    branch: [{ name: 'big', when: 'true', to: 'wait' }],
    else: 'nap',
    needs: 'ok',
  },
  { id: 'wait', wait: { signal: 'deployed', timeout: '1h' } },
  { id: 'nap', wait: '5m' },
  { id: 'hold', wait: { signal: 'go' }, needs: 'mark' },
  { id: 'all', join: ['code', 'docs'] },
]

describe('a drawing', () => {
  it('says who does each stage and what is special about it, in the order of the waves', () => {
    const graph = drawn(...ALL)
    const told = Object.fromEntries(graph.nodes.map(({ id, who, notes }) => [id, [who, ...notes]]))
    expect(told).toEqual({
      plan: ['planner'],
      code: ['coder', 'when stages.plan.status == "done"', 'skipped if it fails'],
      docs: ['any docs', 'asks a person if it fails'],
      test: ['run: npm test', 'again until score > 80, at most 1 round'],
      each: ['function check', 'for each of inputs.parts, 2 at a time'],
      deploy: ['workflow deploy'],
      own: ['1 stage of its own', 'for each of inputs.parts, 8 at a time'],
      mark: ['nobody'],
      review: ['reviewer', 'passes if score >= 70', 'else back to code, at most 2 rounds'],
      cheap: ['an expression', 'passes if score >= 50'],
      ok: ['a person', 'Ship it?'],
      kind: ['an expression', 'big if true', 'else else'],
      wait: ['a signal', 'if kind says big', 'signal deployed, at most 1 h 0 m'],
      nap: ['the clock', 'if kind says else', 'for 5 m 0 s'],
      hold: ['a signal', 'signal go'],
      all: ['join'],
    })
    const waves = graph.nodes.map(({ wave }) => wave)
    expect(waves).toEqual(waves.toSorted((a, b) => a - b))
    expect(graph.waves[0]).toEqual(['plan'])
  })

  it('has the ways back from gates and the cases of branches beside what needs what', () => {
    const { edges } = drawn(...ALL)
    expect(edges).toContainEqual({ from: 'plan', to: 'code', kind: 'needs', label: null })
    expect(edges).toContainEqual({
      ...{ from: 'review', to: 'code', kind: 'reject' },
      label: 'rejected, at most 2 rounds',
    })
    expect(edges.filter(({ kind }) => kind === 'case').map(({ label }) => label)).toEqual(['big', 'else'])
  })

  it('says what somebody must be able to do, how many stages a body has, and a branch without an else', () => {
    const { nodes } = drawn(
      stage('any', { capability: 'security' }),
      stage('many', {
        loop: {
          until: 'round > 1',
          stages: [
            { id: 'x', noop: true },
            { id: 'y', noop: true },
          ],
        },
      }),
      stage('kind', { branch: [{ when: 'true', to: 'end' }] }),
      stage('end', { noop: true }),
    )
    const told = Object.fromEntries(nodes.map(({ id, who, notes }) => [id, [who, ...notes]]))
    expect(told).toMatchObject({
      any: ['can security'],
      many: ['2 stages of its own', 'again until round > 1, at most 3 rounds'],
      kind: ['an expression', 'end if true'],
    })
    const any = parseWorkflow(written('feature', [stage('some', { type: 'x' })]))
    const [some] = any.stages as [WorkStage]
    const nobody = { ...some, work: { ...(some.work as AgentWork), type: null } }
    expect(whoDoes(nobody)).toBe('any agent')
  })

  it('stands in waves: what is together could run together (AS-101, D02)', () => {
    const { waves } = drawn(
      { id: 'integration', noop: true, needs: ['fe', 'be', 'db'] },
      ...['fe', 'be', 'db'].map((id) => ({ id, noop: true, needs: 'arch' }) as const),
      { id: 'arch', noop: true },
    )
    expect(waves).toEqual([['arch'], ['fe', 'be', 'db'], ['integration']])
  })
})

describe('a flowchart', () => {
  it('has a shape for each kind, dotted ways back, and nothing of a text that is markup', () => {
    const chart = mermaidOf(drawn(...ALL, { id: 'odd', run: 'echo "<b>" && `x`; #1', needs: 'plan' }), null)
    expect(chart).toMatch(/^flowchart TD\n {2}s0\["<b>plan<\/b><br\/>planner"\]\n/u)
    expect(chart).toMatch(/\{\{"<b>review<\/b>/u)
    expect(chart).toMatch(/\(\["<b>nap<\/b>/u)
    expect(chart).toMatch(/ -\.->\|"rejected, at most 2 rounds"\| s\d+\n/u)
    expect(chart).toMatch(/ -->\|"big"\| s\d+\n/u)
    expect(chart).toContain('run: echo #34;#60;b#62;#34; #38;#38; #96;x#96;#59; #35;1')
    expect(chart).not.toContain('classDef')
  })

  it('of a run has the colour of each state, and the rounds', () => {
    const states = new Map<string, DrawnState>([
      ['plan', { state: 'done', round: 1 }],
      ['code', { state: 'open', round: 2 }],
    ])
    const chart = mermaidOf(drawn(...ALL.slice(0, 3)), states)
    expect(chart).toContain('<b>code</b> #35;2<br/>')
    expect(chart).toMatch(/ {2}classDef done .*\n {2}class s0 done\n/u)
    expect(chart).toContain('class s1 open')
    expect(chart).toContain('class s2 pending')
  })
})
