/** The workflows that come with Atelier, in a project that has nothing but a backend. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ScriptRule as Rule } from '../../src/agent-backends/scripted/script.ts'
import { projection } from '../../src/projection.ts'
import { packDefinition } from '../../src/runs/definitions.ts'
import { openSqliteStore } from '../../src/stores/sqlite/store.ts'
import { systemClock } from '../../src/time/system-clock.ts'
import { work, workflow } from '../workflow/example-stages.ts'
import { loadClaudeAgents } from '../../src/loading/claude-agents.ts'
import { loadWorkflows } from '../../src/loading/workflow-files.ts'
import { ROLES } from '../../src/patterns/roles.ts'
import { readShipped } from '../../src/facade/shipped.ts'
import { openBoard, type TestBoard } from '../workers/board.ts'
import { makeRepository, type Repository } from '../workers/repository.ts'
import { ENDED, promptsTo, standing } from './shop.ts'

const REVIEWS: readonly Rule[] = [
  {
    agent: 'reviewer',
    times: 1,
    reply: '{"verdict": "request_changes", "score": 55, "issues": ["no expiry"]}',
  },
  { agent: 'reviewer', reply: '{"verdict": "approve", "score": 88, "issues": []}' },
]
const CODER: readonly Rule[] = [
  { agent: 'coder', times: 1, steps: [{ run: 'echo cache > cache.txt' }, { say: 'Done: cache.txt' }] },
  { agent: 'coder', steps: [{ run: 'echo expiry >> cache.txt' }, { say: 'Done: it expires' }] },
]
const TESTER: Rule = { agent: 'tester', steps: [{ run: 'echo ok > test.txt' }, { say: 'pass\n1 test' }] }

/** What an earlier version of Atelier has stored in a project, with which a run of it began. */
async function storeEarlier(dir: string): Promise<void> {
  const folder = join(dir, '.atelier', 'state')
  mkdirSync(folder, { recursive: true })
  const store = await openSqliteStore({ path: join(folder, 'atelier.db'), projection, clock: systemClock })
  const definition = workflow([work('old', [], { work: { kind: 'noop' } })], { name: 'feature' })
  const { hash, blobs } = packDefinition(definition)
  const data = { workflow: 'feature', definition: hash, shipped: true } as const
  await store.transact({
    name: 'workflow.define',
    keys: ['workflow:feature'],
    by: { actor: 'tester', via: 'library' },
    blobs,
    load: () => Promise.resolve(null),
    decide: () => ({ events: [{ type: 'workflow.defined', data }] }),
  })
  await store.close()
}

async function project(
  rules: readonly Rule[],
  prepare: (dir: string) => Promise<void> = () => Promise.resolve(),
): Promise<TestBoard & { readonly repository: Repository }> {
  const repository = await makeRepository()
  await prepare(repository.dir)
  const board = await openBoard({ rules: [...rules] }, { dir: repository.dir, persistence: true })
  return { ...board, repository }
}

describe('feature', () => {
  it('runs where no agent is defined: plan, code, tests, a review that rejects once, and one merge (A41, B08, AS-44)', async () => {
    const board = await project([{ agent: 'planner', reply: 'PLAN' }, ...CODER, TESTER, ...REVIEWS])
    const { shop, repository } = board
    const run = await shop.runWorkflow('feature', { inputs: { goal: 'Add a cache' } })
    await run.result(ENDED)
    expect(await standing(run)).toEqual({
      plan: 'done',
      implement: 'done',
      test: 'done',
      verify: 'skipped',
      review: 'done',
    })
    expect(promptsTo(board, 'planner')).toEqual([
      expect.stringContaining('What is to be built: `Add a cache`'),
    ])
    expect(promptsTo(board, 'coder')[0]).toContain('PLAN')
    expect(promptsTo(board, 'coder')[1]).toContain('- no expiry')
    expect(promptsTo(board, 'reviewer')[1]).toContain('Done: it expires')
    expect(repository.merged()).toEqual(['feature-1/merge'])
    expect(readFileSync(join(repository.dir, 'cache.txt'), 'utf8')).toBe('cache\nexpiry\n')
  })

  it('takes a file, which is looked for before any agent is called (A41, AS-44, AS-45)', async () => {
    const board = await project([{ agent: 'planner', reply: 'PLAN' }, ...CODER, TESTER, ...REVIEWS.slice(1)])
    const { shop } = board
    for (const [inputs, path] of [
      [{}, 'specs/feature.md'],
      [{ file: 'cache.md' }, 'cache.md'],
    ] as const)
      await expect(shop.runWorkflow('feature', { inputs })).rejects.toMatchObject({
        code: 'not_found',
        details: { path },
        message: expect.stringContaining('may lead elsewhere: file, goal, verify.') as string,
      })
    expect(board.backend.requests).toEqual([])
    mkdirSync(join(shop.dir, 'specs'))
    writeFileSync(join(shop.dir, 'specs', 'feature.md'), 'Users want a cache.')
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect(promptsTo(board, 'planner')[0]).toMatch(/File specs\/feature\.md[\s\S]*Users want a cache\./u)
    expect((await shop.trace('feature')).map(({ from }) => from)[0]).toEqual(['specs/feature.md'])
  })

  it('runs the command that it is given, whose failure goes back to the coder (B08)', async () => {
    const board = await project([{ agent: 'planner', reply: 'PLAN' }, ...CODER, TESTER, ...REVIEWS.slice(1)])
    const { shop, repository } = board
    const inputs = {
      goal: 'Add a cache',
      verify: 'grep -q expiry cache.txt || { echo "no expiry yet"; exit 1; }',
    }
    const run = await shop.runWorkflow('feature', { inputs })
    await run.result(ENDED)
    expect(promptsTo(board, 'coder')).toHaveLength(2)
    expect(promptsTo(board, 'coder')[1]).toMatch(/Feedback on the last attempt[\s\S]*no expiry yet/u)
    expect(promptsTo(board, 'reviewer')).toHaveLength(1)
    expect(repository.merged()).toEqual(['feature-1/merge'])
    expect((await shop.trace(run.id)).flatMap(({ from }) => from)).not.toContain('')
  })

  it('gives its typed stages to running board workers, and its plan to the agent that it names (A41, A45, AS-44, D17)', async () => {
    const board = await project([
      { agent: 'planner', reply: 'PLAN' },
      { agent: 'impl', steps: [{ run: 'echo cache > cache.txt' }, { say: 'Done.' }] },
      { agent: 'tester_1', reply: 'pass' },
      { agent: 'critic', reply: '{"score": 90}' },
    ])
    const { shop, events, repository } = board
    for (const [name, type] of [
      ['impl', 'code'],
      ['tester_1', 'test'],
      ['critic', 'review'],
    ] as const)
      await shop.boardWorker(name, type, { worktree: true }).stored
    await (await shop.runWorkflow('feature', { inputs: { goal: 'Add a cache' } })).result(ENDED)
    const claims = (await events('item.claimed')).flatMap(({ type, data }) =>
      type === 'item.claimed' ? [`${data.item} ${data.owner}`] : [],
    )
    expect(claims.slice(0, 4)).toEqual([
      'feature-1/plan planner',
      'feature-1/implement impl',
      'feature-1/test tester_1',
      'feature-1/review critic',
    ])
    expect(repository.merged()).toEqual(['feature-1/merge'])
  })

  it('is listed with where it comes from, and planned before it runs (A44)', async () => {
    const { shop } = await project([])
    const sources = async () =>
      (await shop.workflows()).map(({ name, source, runs }) => `${name} ${source} ${runs}`)
    expect(await sources()).toEqual(['bug-fix shipped 0', 'feature shipped 0'])
    expect((await shop.workflowDefinition('feature')).stages.map(({ id }) => id)).toEqual([
      'plan',
      'implement',
      'test',
      'verify',
      'review',
    ])
    expect((await shop.planWorkflow('feature', { inputs: { goal: 'x' } })).problems).toEqual([])
    expect((await shop.planWorkflow('feature')).problems).toMatchObject([{ code: 'not_found' }])
    const run = await shop.runWorkflow('feature', { inputs: { goal: 'x' } })
    await run.cancel()
    expect(await sources()).toEqual(['bug-fix shipped 0', 'feature shipped 1'])
    await shop.workflow('bug-fix', [{ id: 'own', run: 'true' }]).stored
    await shop.exportWorkflow('feature')
    expect(await sources()).toEqual(['bug-fix defined 0', 'feature file 1'])
  })

  it('is that of this version where an earlier one had stored its own; what a user defined stays (A41, A44)', async () => {
    const { shop, events } = await project([], storeEarlier)
    const now = ['plan', 'implement', 'test', 'verify', 'review']
    const known = async () => (await shop.workflowDefinition('feature')).stages.map(({ id }) => id)
    expect(await known()).toEqual(now)
    expect((await shop.workflows()).find(({ name }) => name === 'feature')).toMatchObject({
      ...{ source: 'shipped', stages: 5 },
    })
    const run = await shop.runWorkflow('feature', { inputs: { goal: 'x' } })
    expect((await run.status()).stages.map(({ stage }) => stage)).toEqual(now)
    await run.cancel()
    await (await shop.runWorkflow('feature', { inputs: { goal: 'x' } })).cancel()
    expect(await events('workflow.defined')).toHaveLength(2)
    // The same by a call is the user's own from then on.
    await shop.workflow(await readShipped('feature')).stored
    expect((await shop.workflows()).find(({ name }) => name === 'feature')).toMatchObject({
      source: 'defined',
    })
    await shop.workflow('feature', [{ id: 'own', run: 'true' }]).stored
    expect(await known()).toEqual(['own'])
    // A program that defines nothing finds it so.
    const other = await openBoard({}, { dir: shop.dir, persistence: true })
    expect(await (await other.shop.runWorkflow('feature')).ended(ENDED)).toMatchObject({
      workflow: 'feature',
    })
    expect((await other.shop.workflowDefinition('feature')).stages.map(({ id }) => id)).toEqual(['own'])
    expect((await run.status()).stages.map(({ stage }) => stage)).toEqual(now)
  })

  it('is given way to by a file and by a definition of that name (A41)', async () => {
    const { shop } = await project([])
    mkdirSync(join(shop.dir, '.atelier', 'workflows'), { recursive: true })
    writeFileSync(
      join(shop.dir, '.atelier', 'workflows', 'feature.yaml'),
      'stages: [{ id: own, run: echo from the file }]\n',
    )
    expect(await (await shop.runWorkflow('feature')).result(ENDED)).toEqual({ own: 'from the file' })
    shop.workflow('bug-fix', [{ id: 'own', run: 'echo by a call' }])
    expect(await (await shop.runWorkflow('bug-fix')).result(ENDED)).toEqual({ own: 'by a call' })
  })
})

describe('bug-fix', () => {
  it('reproduces, fixes, tests and reviews on one change (A41)', async () => {
    const board = await project([
      { agent: 'tester', times: 1, steps: [{ run: 'echo red > test.txt' }, { say: 'It fails: REPRODUCED' }] },
      { agent: 'coder', steps: [{ run: 'cat test.txt && echo fixed > fix.txt' }, { say: 'Fixed.' }] },
      { agent: 'tester', reply: 'pass' },
      { agent: 'reviewer', reply: '{"score": 95}' },
    ])
    const { shop, repository } = board
    const run = await shop.runWorkflow('bug-fix', { inputs: { bug: 'Sums are off by one' } })
    await run.result(ENDED)
    expect(promptsTo(board, 'tester')[0]).toContain('What goes wrong: `Sums are off by one`')
    expect(promptsTo(board, 'coder')[0]).toContain('It fails: REPRODUCED')
    expect(repository.merged()).toEqual(['bug-fix-1/merge'])
    expect(readFileSync(join(repository.dir, 'fix.txt'), 'utf8')).toBe('fixed\n')
  })
})

describe('a workflow that comes with Atelier, written to files', () => {
  it('reads the same from there, with its roles, and leaves what is there (A41)', async () => {
    const { shop } = await openBoard()
    mkdirSync(join(shop.dir, '.claude', 'agents'), { recursive: true })
    const own = '---\nname: coder\ndescription: Ours\n---\n\nYou code.\n'
    writeFileSync(join(shop.dir, '.claude', 'agents', 'coder.md'), own)
    expect(await shop.exportWorkflow('feature')).toEqual({
      workflow: 'feature',
      written: [
        '.atelier/workflows/feature.yaml',
        ...['planner', 'tester', 'reviewer'].map((role) => `.claude/agents/${role}.md`),
      ],
      kept: ['.claude/agents/coder.md'],
      text: null,
    })
    const { workflows, errors } = await loadWorkflows(shop.dir)
    expect(errors).toEqual([])
    expect(workflows.map(({ definition }) => definition)).toEqual([await readShipped('feature')])
    const { profiles, warnings } = await loadClaudeAgents(shop.dir)
    expect(warnings).toEqual([])
    const { planner, tester, reviewer } = ROLES
    expect(Object.fromEntries(profiles.map(({ name, profile }) => [name, profile]))).toEqual({
      coder: { description: 'Ours', role: 'You code.', fields: {} },
      ...{ planner, tester, reviewer },
    })
    expect((await shop.exportWorkflow('feature')).written).toEqual([])
  })

  it('is refused by a name that there is not, with the nearest (A41)', async () => {
    const { shop } = await openBoard()
    await expect(shop.exportWorkflow('featur')).rejects.toMatchObject({
      code: 'not_found',
      details: { nearest: ['feature'] },
    })
    await expect(shop.exportWorkflow('zzz')).rejects.toThrow('These do: bug-fix, feature.')
  })
})
