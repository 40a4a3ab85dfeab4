import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openBoard } from '../workers/board.ts'
import { loop, reviewGate, work, workflow } from '../workflow/example-stages.ts'
import { ENDED, promptsTo, stages, standing, turnOf } from './shop.ts'

/** The workflow of the sources: a plan without a type, done by its agent, and stages for board workers. */
const FEATURE = workflow(
  [
    work('plan', [], {
      title: 'Break this into tasks',
      from: [{ file: 'specs/feature.md' }],
      work: turnOf('planner'),
    }),
    work('implement', ['plan'], {
      title: 'Implement the plan',
      from: stages('plan'),
      work: turnOf('coder', { type: 'code' }),
    }),
    work('test', ['implement'], {
      title: 'Write tests',
      from: stages('implement'),
      work: turnOf('tester', { type: 'test' }),
    }),
    work('review', ['implement', 'test'], {
      title: 'Review all',
      from: stages('implement', 'test'),
      work: turnOf('reviewer', { type: 'review' }),
    }),
  ],
  { name: 'feature' },
)

describe('a run', () => {
  it('is the workflow of the sources: file, plan, implementation, tests and review, each with what it takes from (A41, A42, AS-44)', async () => {
    const board = await openBoard({
      rules: [
        { match: 'Break this', reply: 'PLAN: two tasks' },
        { match: 'Implement the plan', reply: 'IMPLEMENTED' },
        { match: 'Write tests', reply: 'TESTED' },
        { match: 'Review all', reply: 'REVIEWED' },
      ],
    })
    const { shop } = board
    await mkdir(join(shop.dir, 'specs'))
    await writeFile(join(shop.dir, 'specs', 'feature.md'), 'Users want a cache.')
    for (const name of ['planner', 'coder', 'tester', 'reviewer']) shop.agent(name, `You are ${name}.`)
    shop.workflow(FEATURE)
    const run = await shop.runWorkflow('feature')
    expect(await run.result(ENDED)).toEqual({ review: 'REVIEWED' })
    expect(promptsTo(board, 'planner')[0]).toContain(
      '## File specs/feature.md\n\n```\nUsers want a cache.\n```',
    )
    expect(promptsTo(board, 'coder')[0]).toContain('## Result from plan\n\n```\nPLAN: two tasks\n```')
    expect(promptsTo(board, 'reviewer')[0]).toMatch(
      /Result from implement[\s\S]*IMPLEMENTED[\s\S]*Result from test[\s\S]*TESTED/u,
    )
    expect(await standing(run)).toEqual({ plan: 'done', implement: 'done', test: 'done', review: 'done' })
    expect((await run.status()).status).toBe('completed')
  })

  it('is refused at its start where a file is missing, with its path, and calls no agent (AS-45)', async () => {
    const board = await openBoard()
    const { shop } = board
    for (const name of ['planner', 'coder', 'tester', 'reviewer']) shop.agent(name, `You are ${name}.`)
    shop.workflow(FEATURE)
    const failure = await shop.runWorkflow('feature').then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'not_found', details: { path: 'specs/feature.md' } })
    expect(String(failure)).toContain('specs/feature.md')
    expect(board.backend.requests).toEqual([])
    expect((await shop.workflows()).filter(({ source }) => source === 'defined')).toMatchObject([
      { name: 'feature', status: 'defined', runs: 0 },
    ])
  })

  it('reads the files of the runs within it, too, by name or not, or is refused with the path that is missing (AS-45)', async () => {
    const board = await openBoard({ reply: 'ok' })
    const { shop } = board
    shop.agent('dev', 'You work.')
    shop.workflow({
      name: 'inner',
      inputs: { area: { type: 'string' }, more: { type: 'string', default: '' } },
      stages: [{ id: 'read', agent: 'dev', from: ['rules.md', { file: 'specs/{{ inputs.area }}.md' }] }],
    })
    shop.workflow({
      name: 'outer',
      inputs: { area: { type: 'string' } },
      stages: [{ id: 'call', workflow: 'inner', inputs: { area: 'inputs.area' } }],
    })
    const start = async () => shop.runWorkflow('outer', { inputs: { area: 'cache' } })
    await expect(start()).rejects.toMatchObject({ code: 'not_found', details: { path: 'rules.md' } })
    await writeFile(join(shop.dir, 'rules.md'), 'Be brief.')
    await expect(start()).rejects.toMatchObject({ code: 'not_found', details: { path: 'specs/cache.md' } })
    expect((await shop.planWorkflow('outer', { inputs: { area: 'cache' } })).problems).toMatchObject([
      { code: 'not_found', details: { path: 'specs/cache.md' } },
    ])
    expect(board.backend.requests).toEqual([])
    await mkdir(join(shop.dir, 'specs'))
    await writeFile(join(shop.dir, 'specs', 'cache.md'), 'Users want a cache.')
    await (await start()).result(ENDED)
    expect(promptsTo(board, 'dev')[0]).toMatch(/Be brief\.[\s\S]*Users want a cache\./u)
    // What follows from a result is known too late, and its stage says so with the path.
    shop.workflow({
      name: 'late',
      stages: [
        { id: 'say', run: 'printf cache' },
        { id: 'call', workflow: 'inner', inputs: { area: 'stages.say.result' } },
      ],
    })
    await expect((await shop.runWorkflow('late')).result(ENDED)).rejects.toMatchObject({
      message: expect.stringContaining('The file specs/cache.md was not read when the run began') as string,
    })
    // A circle is bounded here as it is when it runs.
    shop.workflow({ name: 'round', stages: [{ id: 'again', workflow: 'round' }] })
    await expect((await shop.runWorkflow('round')).result(ENDED)).rejects.toMatchObject({
      code: expect.any(String) as string,
    })
  })

  it('runs a workflow that comes with Atelier as a stage, also before it has run itself (A41)', async () => {
    const { shop } = await openBoard({ reply: 'ok' })
    const body = [{ id: 'build', workflow: 'feature', inputs: { goal: '"A cache"' } }]
    shop.workflow({ name: 'all', stages: [{ id: 'each', map: { over: '[1]', stages: body } }] })
    const run = await shop.runWorkflow('all')
    await expect.poll(async () => (await shop.board()).items.length).toBe(1)
    expect((await shop.board()).items[0]?.title).toBe('Plan the feature')
    await run.cancel()
  })

  it('is refused where nobody can do a stage, with the nearest names, before anything runs (A41, D07)', async () => {
    const { shop, backend } = await openBoard()
    shop.agent('reviewer', 'You review.')
    shop.workflow(workflow([work('look', [], { work: turnOf('reviewr') })]))
    await expect(shop.runWorkflow('feature')).rejects.toMatchObject({
      code: 'no_capable_agent',
      details: { stage: 'look', agent: 'reviewr', nearest: ['reviewer'] },
    })
    await expect(shop.runWorkflow('fature')).rejects.toMatchObject({
      code: 'not_found',
      details: { nearest: ['feature'] },
    })
    expect(backend.requests).toEqual([])
  })

  it('runs again under another id, and not beside itself unless that is allowed (AS-47, A42, A44)', async () => {
    let go = Promise.withResolvers<void>()
    const { shop } = await openBoard({ reply: async () => (await go.promise, 'ok') })
    shop.agent('dev', 'You work.')
    const definition = workflow([work('a', [], { work: turnOf('dev') }), work('b', ['a'])])
    shop.workflow(definition)
    const first = await shop.runWorkflow('feature')
    await expect(shop.runWorkflow('feature')).rejects.toMatchObject({
      code: 'already_running',
      details: { run: 'feature-1' },
    })
    go.resolve()
    await first.result(ENDED)
    go = Promise.withResolvers()
    shop.workflow({ ...definition, concurrentRuns: true })
    const [second, third] = [await shop.runWorkflow('feature'), await shop.runWorkflow('feature')]
    go.resolve()
    await Promise.all([second.result(ENDED), third.result(ENDED)])
    expect([first.id, second.id, third.id]).toEqual(['feature-1', 'feature-2', 'feature-3'])
    expect((await shop.board()).items.map(({ id }) => id).toSorted()).toEqual(
      [1, 2, 3].flatMap((n) => [`feature-${n}/a`, `feature-${n}/b`]),
    )
  })

  it('fails with a stage that fails, when others have ended; it goes on from there, or begins anew (AS-49, A43, A44, B18)', async () => {
    const board = await openBoard({
      rules: [{ match: 'Test it', times: 2, steps: [{ fail: { kind: 'overloaded' } }] }],
    })
    const { shop } = board
    for (const name of ['planner', 'tester', 'other']) shop.agent(name, `You are ${name}.`)
    shop.workflow(
      workflow([
        work('plan', [], { work: turnOf('planner') }),
        work('test', ['plan'], { title: 'Test it', work: turnOf('tester') }),
        work('beside', ['plan'], { work: turnOf('other') }),
        work('review', ['test', 'beside'], { work: turnOf('planner') }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await expect(run.result(ENDED)).rejects.toMatchObject({
      message: expect.stringContaining('test') as string,
    })
    expect(await standing(run)).toMatchObject({
      plan: 'done',
      test: 'failed',
      beside: 'done',
      review: 'pending',
    })
    expect((await run.status()).status).toBe('failed')
    // Once more by hand, which fails again, and then it holds: nothing else is repeated.
    await run.retry()
    await expect(run.result(ENDED)).rejects.toMatchObject({ code: expect.any(String) as string })
    await run.retry('test')
    await run.result(ENDED)
    expect(promptsTo(board, 'other')).toHaveLength(1)
    expect(promptsTo(board, 'tester')).toHaveLength(3)
    expect(await shop.resetWorkflow('feature')).toEqual(['feature-1'])
    expect(await shop.workflowStatus('feature')).toBeNull()
    expect((await shop.board()).items).toEqual([])
    await (await shop.runWorkflow('feature')).result(ENDED)
  })

  it('runs as many stages at once as it may, and gives their results by id (AS-52, B02, B16)', async () => {
    let running = 0
    let most = 0
    const { shop } = await openBoard({
      reply: async ({ agent }) => {
        most = Math.max(most, ++running)
        for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve))
        running--
        return `by ${agent}`
      },
    })
    const names = ['a', 'b', 'c', 'd', 'e']
    for (const name of names) shop.agent(name, 'You work.')
    const parallel = names.map((name) => work(name, [], { work: turnOf(name) }))
    shop.configure({ concurrency: 8 })
    const mostWith = async (concurrency: number): Promise<number> => {
      most = 0
      shop.workflow(workflow(parallel, { name: `limit_${concurrency}`, concurrency }))
      const run = await shop.runWorkflow(`limit_${concurrency}`)
      const results = Object.fromEntries(names.map((name) => [name, `by ${name}`]))
      expect(await run.result(ENDED)).toEqual(results)
      return most
    }
    expect(await mostWith(8)).toBeGreaterThan(2)
    expect(await mostWith(2)).toBeLessThanOrEqual(2)
  })

  it('asks an expert first, whose word the agent gets; without one it begins all the same (AS-59, B05)', async () => {
    const board = await openBoard({
      rules: [
        { match: 'Another agent is about to do this task. Say', times: 1, reply: 'use bcrypt' },
        { match: 'Another agent is about to do this task. Say', steps: [{ fail: { kind: 'overloaded' } }] },
      ],
    })
    const { shop, events } = board
    for (const name of ['expert', 'dev']) shop.agent(name, `You are ${name}.`)
    const task = (id: string, needs: readonly string[]) =>
      work(id, needs, { title: 'Store passwords', work: turnOf('dev', { consult: 'expert' }) })
    shop.workflow(workflow([task('first', []), task('second', ['first'])]))
    await (await shop.runWorkflow('feature')).result(ENDED)
    const [first, second] = promptsTo(board, 'dev')
    expect(first).toContain('## Guidance of the expert expert\n\n```\nuse bcrypt\n```')
    expect(second).not.toContain('Guidance')
    expect((await events('run.warned')).map(({ data }) => 'message' in data && data.message)).toEqual([
      'The expert "expert" gave no guidance, so "feature-1/second" begins without it.',
    ])
  })

  it('starts nothing while it is paused, lets what runs end, and goes on; a stage may be left out (AS-72, B18)', async () => {
    const go = Promise.withResolvers<void>()
    const { shop, backend } = await openBoard({ reply: async () => (await go.promise, 'ok') })
    shop.agent('dev', 'You work.')
    shop.workflow(
      workflow([
        work('a', [], { work: turnOf('dev') }),
        work('b', [], { work: turnOf('dev') }),
        work('c', ['a'], { work: turnOf('dev') }),
        work('d', ['b', 'c']),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await expect.poll(() => backend.requests.length).toBe(1)
    await run.pause('lunch')
    go.resolve()
    await expect.poll(async () => (await standing(run))['a']).toBe('done')
    expect(await run.status()).toMatchObject({ status: 'paused', reason: 'lunch' })
    expect(await shop.item('feature-1/b')).toMatchObject({
      state: 'waiting',
      waiting: { for: 'run', id: 'feature-1' },
    })
    expect(backend.requests).toHaveLength(1)
    await run.skip('c')
    await run.resume()
    await run.result(ENDED)
    expect(await standing(run)).toEqual({ a: 'done', b: 'done', c: 'skipped', d: 'done' })
    expect(backend.requests).toHaveLength(2)
  })

  it('gives its stages to a running board worker of their type, rather to the named one (A45, D17)', async () => {
    const { shop, events } = await openBoard()
    for (const name of ['coder', 'other']) await shop.boardWorker(name, 'code').stored
    shop.agent('nobody', 'You are not asked.')
    shop.workflow(
      workflow([
        work('first', [], { work: turnOf('coder', { type: 'code' }) }),
        work('second', ['first'], { work: turnOf('nobody', { type: 'code' }) }),
      ]),
    )
    await (await shop.runWorkflow('feature')).result(ENDED)
    const owners = (await events('item.claimed')).map(({ data }) => 'owner' in data && data.owner)
    expect(owners[0]).toBe('coder')
    expect(['coder', 'other']).toContain(owners[1])
  })

  it('makes an agent from the profile that a stage names, and lets an orchestrator post work of its own (AS-126, A45)', async () => {
    const board = await openBoard({
      reply: async ({ agent, prompt }) => {
        if (agent !== 'lead') return `done: ${prompt.split('\n')[0] ?? ''}`
        await board.shop.work(['one', 'two', 'three'].map((id) => ({ id, title: `Do ${id}`, type: 'code' })))
        for (const id of ['one', 'two', 'three'])
          await expect.poll(async () => (await board.shop.item(id)).state).toBe('done')
        return 'all three are done'
      },
    })
    const { shop } = board
    await shop.boardWorker('dev', 'code').stored
    shop.profile('lead', 'You lead.')
    shop.workflow(workflow([work('lead', [], { work: turnOf(null, { profile: 'lead' }) })]))
    expect(await (await shop.runWorkflow('feature')).result(ENDED)).toEqual({ lead: 'all three are done' })
    expect(await shop.agents()).toContain('lead')
  })

  it('warns at 70 % of its budget, saves at 80 %, and pauses at 90 % until a person lets it go on (AS-99, C26)', async () => {
    const { shop, events } = await openBoard({ costUsd: 0.1 })
    shop.agent('dev', 'You work.')
    const line = Array.from({ length: 10 }, (_, index) =>
      work(`s${index}`, index === 0 ? [] : [`s${index - 1}`], { work: turnOf('dev') }),
    )
    shop.workflow(workflow(line, { budgetUsd: 1 }))
    const run = await shop.runWorkflow('feature')
    await expect.poll(async () => (await run.status()).status).toBe('paused')
    const { reason, costUsd, stages: seen } = await run.status()
    expect(reason).toBe('feature-1 has cost 0.90 USD, 90 % of its budget of 1.00.')
    expect(costUsd).toBeCloseTo(0.9)
    expect(seen.filter(({ status }) => status === 'done')).toHaveLength(9)
    const warned = (await events('run.warned')).map(({ data }) => ('message' in data ? data.message : ''))
    expect(warned.map((each) => /, (\d+) %/u.exec(String(each))?.[1])).toEqual(['70', '80', '90'])
    await run.resume()
    await run.result(ENDED)
  })

  it('tells who made what from what, and what each item has cost (B41)', async () => {
    const { shop } = await openBoard({ costUsd: 0.5 })
    for (const name of ['planner', 'dev']) shop.agent(name, `You are ${name}.`)
    shop.workflow(
      workflow([
        work('plan', [], { work: turnOf('planner') }),
        work('build', ['plan'], { from: stages('plan'), work: turnOf('dev') }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect(await shop.trace(run.id)).toMatchObject([
      { item: 'feature-1/plan', owner: 'planner', from: [], costUsd: 0.5, status: 'done' },
      { item: 'feature-1/build', owner: 'dev', from: ['plan#1'], costUsd: 0.5, status: 'done' },
    ])
    expect((await shop.trace(run.id)).map(({ feedback }) => feedback)).toEqual([null, null])
    expect((await run.status()).metrics).toMatchObject({
      workflow_id: 'feature-1',
      status: 'completed',
      progress: { total: 2, completed: 2, failed: 0, in_progress: 0, percentage: 100 },
      active_agents: 0,
      estimated_completion: 0,
    })
  })

  it('tells for each round what said what was to be better (B41, D05)', async () => {
    const { shop } = await openBoard({
      rules: [
        { match: 'Write', times: 1, reply: '{"score": 20, "issues": ["too short"]}' },
        { match: 'Write', reply: '{"score": 80}' },
        { match: 'Judge', times: 1, reply: '{"score": 30, "issues": ["wrong version"]}' },
        { match: 'Judge', reply: '{"score": 90}' },
      ],
    })
    for (const name of ['dev', 'judge']) shop.agent(name, `You are ${name}.`)
    const output = { type: 'object' } as const
    shop.workflow(
      workflow([
        loop('write', [], { title: 'Write it', until: 'score >= 70', work: turnOf('dev', { output }) }),
        work('wrap', ['write'], { work: turnOf('dev') }),
        reviewGate('check', ['wrap'], {
          title: 'Judge it',
          onReject: 'write',
          judge: { by: 'reviewer', pass: 'score >= 70', work: turnOf('judge') },
        }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect((await shop.trace(run.id)).map(({ item, feedback }) => [item, feedback])).toEqual([
      ['feature-1/write', null],
      ['feature-1/write#2', 'write#1'],
      ['feature-1/wrap', null],
      ['feature-1/check', null],
      ['feature-1/write#3', 'check#1'],
      ['feature-1/wrap#2', null],
      ['feature-1/check#2', null],
    ])
  })

  it('is found in the files of the project, as they stand when it starts', async () => {
    const { shop } = await openBoard()
    const folder = join(shop.dir, '.atelier', 'workflows')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'greet.yaml'), 'stages:\n  - id: say\n    run: echo hello\n')
    expect(await (await shop.runWorkflow('greet')).result(ENDED)).toEqual({ say: 'hello' })
    await writeFile(join(folder, 'greet.yaml'), 'stages:\n  - id: say\n    run: echo goodbye\n')
    expect(await (await shop.runWorkflow('greet')).result(ENDED)).toEqual({ say: 'goodbye' })
    await writeFile(join(folder, 'bad.yaml'), 'stages:\n  - id: say\n    rnu: echo hello\n')
    await expect(shop.runWorkflow('bad')).rejects.toThrow(/bad\.yaml:2:5: Stage "say"/u)
  })
})
