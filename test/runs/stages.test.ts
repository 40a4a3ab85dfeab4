import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/json.ts'
import { ManualClock } from '../../src/time/manual-clock.ts'
import { openBoard } from '../workers/board.ts'
import {
  approval,
  arm,
  branch,
  gate,
  loop,
  map,
  reviewGate,
  wait,
  work,
  workflow,
} from '../workflow/example-stages.ts'
import { command, ENDED, promptsTo, stages, standing, turnOf } from './shop.ts'

const VERDICT = (score: number, ...issues: readonly Json[]): string =>
  `I looked.\n\n\`\`\`json\n${JSON.stringify({ verdict: score >= 70 ? 'approve' : 'request_changes', score, issues })}\n\`\`\``

describe('stages of a run', () => {
  it('loops until its expression holds: each round gets the result of the last one and its issues (B04, AS-57)', async () => {
    const board = await openBoard({
      rules: [
        { match: 'Write it', times: 1, reply: '{"score": 40, "issues": ["no tests"], "text": "draft 1"}' },
        { match: 'Write it', reply: '{"score": 90, "issues": [], "text": "draft 2"}' },
      ],
    })
    const { shop } = board
    shop.agent('dev', 'You write.')
    const output = { type: 'object', properties: { score: { type: 'number' } }, required: ['score'] }
    shop.workflow(
      workflow([
        loop('write', [], { title: 'Write it', until: 'score >= 70', work: turnOf('dev', { output }) }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    expect(await run.result(ENDED)).toMatchObject({ write: { score: 90, text: 'draft 2' } })
    const [, second] = promptsTo(board, 'dev')
    expect(second).toContain('## Result of the last round')
    expect(second).toContain('draft 1')
    expect(second).toContain('- no tests')
    expect((await run.status()).stages[0]).toMatchObject({ round: 2, item: 'feature-1/write#2' })
  })

  it('repeats stages of its own, whose first round has no result before it, and which read files (B04)', async () => {
    const board = await openBoard({
      rules: [
        { match: 'Draft', times: 1, reply: 'draft 1' },
        { match: 'Draft', reply: 'draft 2' },
      ],
    })
    const { shop } = board
    shop.agent('dev', 'You write.')
    await writeFile(join(shop.dir, 'cache.md'), 'Users want a cache.')
    const body = [
      {
        id: 'write',
        agent: 'dev',
        title: 'Draft',
        spec: 'Before: {{ inputs.previous == null ? "none" : "some" }}',
        from: { file: '{{ inputs.area }}.md' },
      },
    ]
    const rounds = { until: 'round == 2', stages: body }
    shop.workflow({ name: 'drafts', inputs: { area: 'string' }, stages: [{ id: 'again', loop: rounds }] })
    await (await shop.runWorkflow('drafts', { inputs: { area: 'cache' } })).result(ENDED)
    const [first, second] = promptsTo(board, 'dev')
    expect(first).toMatch(/Before: `none`[\s\S]*Users want a cache\./u)
    expect(second).toMatch(/Before: `some`[\s\S]*Users want a cache\./u)
  })

  it('sends work back through a gate with the reviewer’s issues, and shows the review what it judges (D03, AS-66, AS-103)', async () => {
    const board = await openBoard({
      rules: [
        { match: 'Build it', times: 1, reply: 'v1' },
        { match: 'Build it', reply: 'v2' },
        {
          match: 'Judge it',
          times: 1,
          reply: VERDICT(50, 'off by one', { severity: 'high', location: 'a.ts:1', text: 'no test' }),
        },
        { match: 'Judge it', reply: VERDICT(95) },
      ],
    })
    const { shop } = board
    for (const name of ['dev', 'reviewer']) shop.agent(name, `You are ${name}.`)
    const judge = {
      by: 'reviewer',
      work: turnOf('reviewer', { access: 'read' }),
      pass: 'score >= 70',
    } as const
    shop.workflow(
      workflow([
        work('build', [], { title: 'Build it', work: turnOf('dev') }),
        reviewGate('check', ['build'], { title: 'Judge it', judge, onReject: 'build' }),
        work('ship', ['check'], { from: stages('build'), work: turnOf('dev') }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    const [first, again, ship] = promptsTo(board, 'dev')
    expect(first).not.toContain('Feedback')
    expect(again).toContain('- off by one\n- [high] a.ts:1: no test')
    expect(again).toContain('v1')
    expect(ship).toContain('v2')
    expect(promptsTo(board, 'reviewer')[1]).toContain('## Result from build\n\n```\nv2\n```')
    expect((await run.status()).stages.map(({ stage, round, scores }) => [stage, round, scores])).toEqual([
      ['build', 2, [null, null].slice(0, 0)],
      ['check', 2, [50, 95]],
      ['ship', expect.any(Number), []],
    ])
  })

  it('asks a person through the inbox, and goes on in the commit of the answer', async () => {
    const { shop, events } = await openBoard()
    shop.workflow(workflow([work('a'), approval('ok', ['a']), work('b', ['ok'])]))
    const run = await shop.runWorkflow('feature')
    await expect.poll(async () => (await shop.inbox()).length).toBe(1)
    const [request] = await shop.inbox()
    expect(request).toMatchObject({ id: 'feature-1/ok', kind: 'approval', question: 'Ship it?' })
    expect((await run.status()).stages[1]).toMatchObject({
      why: 'waits for your approval: Ship it?',
      help: 'atelier approve feature-1/ok',
    })
    await shop.approve('feature-1/ok')
    await run.result(ENDED)
    const seen = await events('inbox.answered', 'stage.done')
    expect(seen.map(({ type, data }) => `${type} ${'stage' in data ? data.stage : ''}`.trim())).toEqual([
      'stage.done a',
      'inbox.answered',
      'stage.done ok',
      'stage.done b',
    ])
    const second = await shop.runWorkflow('feature')
    await expect.poll(async () => (await shop.inbox()).length).toBe(1)
    await shop.reject('feature-2/ok', 'Not today.')
    await expect(second.result(ENDED)).rejects.toMatchObject({ code: 'gate_rejected' })
  })

  it('fills in what a person is asked, from inputs and results, also where it cannot all be filled in (A47)', async () => {
    const { shop } = await openBoard()
    shop.workflow({
      name: 'release',
      inputs: { version: { type: 'string' } },
      stages: [
        { id: 'test', run: 'echo "7 of 7"' },
        { id: 'ok', gate: { person: 'Ship {{ inputs.version }}? {{ stages.test.result }}' }, needs: 'test' },
        { id: 'late', wait: { approval: 'Now {{ size(inputs.version) }}? Round {{ round }}.' }, needs: 'ok' },
        { id: 'odd', gate: { person: 'Keep {{ stages.test.result.size }}?' }, needs: 'late' },
      ],
    })
    const run = await shop.runWorkflow('release', { inputs: { version: '1.2' } })
    const asked = async (stage: string): Promise<string | undefined> => {
      const id = `release-1/${stage}`
      await expect.poll(async () => (await shop.inbox()).map((request) => request.id)).toEqual([id])
      return (await shop.inbox())[0]?.question
    }
    expect(await asked('ok')).toBe('Ship `1.2`? `7 of 7`')
    expect((await run.status()).stages[1]?.why).toBe('waits for your approval: Ship `1.2`? `7 of 7`')
    await shop.approve('release-1/ok')
    expect(await asked('late')).toBe('Now 3? Round 1.')
    await shop.approve('release-1/late')
    expect(await asked('odd')).toMatch(/^Keep \{\{ stages\.test\.result\.size \}\}\?\n\nNot filled in: /u)
    await shop.approve('release-1/odd')
    await run.result(ENDED)
  })

  it('asks a person about a failure where it escalates: again, without it, or not at all (AS-71, B18)', async () => {
    const { shop } = await openBoard({
      rules: [{ match: 'Try', times: 1, steps: [{ fail: { kind: 'overloaded' } }] }],
    })
    shop.agent('dev', 'You work.')
    shop.workflow(workflow([work('try', [], { title: 'Try', onFailure: 'escalate', work: turnOf('dev') })]))
    const run = await shop.runWorkflow('feature')
    await expect.poll(async () => (await shop.inbox()).length).toBe(1)
    expect((await run.status()).stages[0]?.why).toContain('waits for a decision (retry, skip, abort)')
    const [request] = await shop.inbox()
    await shop.answer((request as { id: string }).id, 'retry')
    await run.result(ENDED)
    expect(await standing(run)).toEqual({ try: 'done' })
  })

  it('works on each element of a list, a window at a time, and gives the results in order (B02, B16)', async () => {
    const board = await openBoard({
      reply: ({ prompt }) => `did ${/"item": "(\w+)"/u.exec(prompt)?.[1] ?? '?'}`,
    })
    const { shop } = board
    shop.profile('dev', 'You work.')
    const inputs = { list: { description: null, schema: {}, default: ['x', 'y', 'z'] } }
    shop.workflow(
      workflow(
        [
          map('each', [], {
            title: 'Do one',
            work: turnOf(null, { profile: 'dev', spec: 'This is {{ item }}.' }),
          }),
        ],
        {
          inputs,
        },
      ),
    )
    const run = await shop.runWorkflow('feature')
    expect(await run.result(ENDED)).toEqual({ each: ['did x', 'did y', 'did z'] })
    expect(board.backend.requests.some(({ prompt }) => prompt.includes('This is `y`.'))).toBe(true)
    expect((await run.status()).stages[0]?.elements).toEqual({ size: 3, posted: 3, done: 3, failed: 0 })
  })

  it('completes in part where elements fail and that is allowed, and fails at once where it is not (AS-53, C05)', async () => {
    const { shop } = await openBoard()
    shop.fn('check', ({ inputs }) => {
      if (inputs['item'] === 2) throw new Error('two is bad')
      return inputs['item']
    })
    const inputs = { list: { description: null, schema: {}, default: [1, 2, 3] } }
    const check = { kind: 'fn', fn: 'check', retry: turnOf('x').retry, timeoutMs: null } as const
    shop.workflow(workflow([map('each', [], { work: check })], { inputs }))
    const run = await shop.runWorkflow('feature')
    expect(await run.result(ENDED)).toEqual({ each: [1, null, 3] })
    expect((await run.status()).status).toBe('partially_completed')
    shop.workflow(workflow([map('each', [], { work: check, policy: 'fail_fast', limit: 1 })], { inputs }))
    const second = await shop.runWorkflow('feature')
    await expect(second.result(ENDED)).rejects.toMatchObject({
      message: expect.stringContaining('two is bad') as string,
    })
    expect((await shop.board()).items.some(({ id }) => id === 'feature-2/each.2')).toBe(false)
  })

  it('takes the arm that a branch chooses, and skips the other', async () => {
    const { shop } = await openBoard()
    shop.workflow(
      workflow([
        work('ask', [], { work: command('echo \'{"big": true}\'', { output: 'json' }) }),
        branch('which', ['ask'], { big: 'result.big', small: '!result.big' }),
        arm(work('plan', ['which']), 'which', 'big'),
        arm(work('quick', ['which']), 'which', 'small'),
        work('end', ['plan', 'quick']),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await run.result(ENDED)
    expect(await standing(run)).toEqual({
      ask: 'done',
      which: 'done',
      plan: 'done',
      quick: 'skipped',
      end: 'done',
    })
  })

  it('runs a command in the project folder with its inputs as variables, and fails with what it printed', async () => {
    const { shop } = await openBoard()
    await writeFile(join(shop.dir, 'here.txt'), 'found')
    const values = [{ stage: 'first' }, { name: 'word', value: '"it\'s $(id)"' }] as const
    shop.workflow(
      workflow([
        work('first', [], { work: command('cat here.txt') }),
        work('second', ['first'], {
          from: values,
          work: command('printf "%s %s" "$ATELIER_RESULT_FIRST" "$ATELIER_INPUT"'),
        }),
        work('third', ['second'], { work: command('echo broken >&2; exit 3') }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await expect(run.result(ENDED)).rejects.toMatchObject({
      message: expect.stringContaining('ended with 3') as string,
    })
    const item = await shop.item('feature-1/second')
    expect(item.result).toBe('found {"word":"it\'s $(id)"}')
    expect((await shop.item('feature-1/third')).error).toMatchObject({
      code: 'turn_failed',
      details: { exitCode: 3, tail: 'broken' },
    })
  })

  it('asks once more for an answer that does not fit, in the same session, and then fails (invalid_output)', async () => {
    const output = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
    const board = await openBoard({
      rules: [
        { match: 'Your answer cannot be used', times: 1, reply: '```json\n{"n": 7}\n```' },
        { match: 'Your answer cannot be used', reply: '{"n": "eight"}' },
        { match: 'Count', reply: 'seven' },
      ],
    })
    const { shop, backend } = board
    shop.agent('dev', 'You count.')
    const count = (id: string, needs: readonly string[]) =>
      work(id, needs, { title: 'Count', work: turnOf('dev', { output }) })
    shop.workflow(workflow([count('first', []), count('second', ['first'])]))
    const run = await shop.runWorkflow('feature')
    await expect(run.result(ENDED)).rejects.toMatchObject({
      message: expect.stringContaining('/n') as string,
    })
    expect((await shop.item('feature-1/first')).result).toBe('{"n":7}')
    expect((await shop.item('feature-1/second')).error).toMatchObject({ code: 'invalid_output' })
    expect(backend.requests[0]?.resume).toBeUndefined()
    expect(backend.requests[1]?.resume).toBeDefined()
  })

  it('waits for a time and for a word from outside, also one that came before', async () => {
    const clock = new ManualClock()
    const { shop } = await openBoard({}, { clock })
    shop.workflow(
      workflow([
        wait('pause', [], { for: 'time', ms: 60_000 }),
        wait('word', ['pause'], { for: 'signal', signal: 'go', timeoutMs: null }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    expect((await run.status()).stages[0]?.why).toBe('goes on in 1 m 0 s')
    await run.signal('go', { by: 'kim' })
    await expect(run.signal('gone')).rejects.toMatchObject({ code: 'not_found' })
    await clock.advance(60_000)
    expect(await run.result({ timeout: 0 })).toEqual({ word: { by: 'kim' } })
  })

  it('runs a workflow as a stage, on inputs of its own, and takes its result and its failure', async () => {
    const { shop } = await openBoard()
    shop.workflow(
      workflow(
        [
          work('say', [], {
            work: command('printf %s "$ATELIER_INPUT"', { output: 'json' }),
            from: [{ name: 'x', value: 'inputs.x' }],
          }),
        ],
        {
          name: 'inner',
          inputs: { x: { description: null, schema: { type: 'number' } } },
          result: 'say',
        },
      ),
    )
    const child = (value: string) => ({ kind: 'workflow', workflow: 'inner', inputs: { x: value } }) as const
    shop.workflow(
      workflow([
        work('call', [], { work: child('1 + 2') }),
        work('bad', ['call'], { work: child('"three"') }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await expect(run.result(ENDED)).rejects.toMatchObject({ message: expect.stringContaining('x') as string })
    expect(await shop.run('feature-1/call').result(ENDED)).toEqual({ x: 3 })
    expect((await run.status()).children).toEqual(['feature-1/call'])
  })

  it('judges by an expression, bounded in its rounds (AS-67, B14)', async () => {
    const { shop } = await openBoard()
    shop.workflow(
      workflow([
        work('try', [], { work: command('echo \'{"score": 10}\'', { output: 'json' }) }),
        gate('good', ['try'], { maxRounds: 2 }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await expect(run.result(ENDED)).rejects.toMatchObject({ code: 'max_iterations' })
    expect((await shop.board()).items.map(({ id }) => id).toSorted()).toEqual([
      'feature-1/try',
      'feature-1/try#2',
    ])
  })

  it('ends what is open when it is cancelled: items, questions and runs within it', async () => {
    const { shop, backend } = await openBoard({ steps: [{ delay: '10m' }] })
    shop.agent('dev', 'You work.')
    const inner = workflow([approval('ok', [])], { name: 'inner' })
    shop.workflow(
      workflow([
        work('long', [], { work: turnOf('dev') }),
        work('child', [], { work: { kind: 'workflow', workflow: inner, inputs: {} } }),
      ]),
    )
    const run = await shop.runWorkflow('feature')
    await expect.poll(() => backend.requests.length).toBe(1)
    expect(await shop.inbox()).toHaveLength(1)
    await run.cancel('No more.')
    await expect(run.result(ENDED)).rejects.toMatchObject({ code: 'cancelled' })
    expect(await shop.inbox()).toEqual([])
    expect(await shop.item('feature-1/long')).toMatchObject({ state: 'cancelled' })
    expect((await shop.run('feature-1/child').status()).status).toBe('cancelled')
    await expect.poll(async () => (await shop.info('dev')).status).toBe('idle')
  })

  it('reads long inputs, results and words from outside in the commit that stores them', async () => {
    const long = 'x'.repeat(10_000)
    const { shop } = await openBoard({ reply: () => JSON.stringify({ score: 90, long }) })
    shop.agent('dev', 'You work.')
    const inner = workflow([work('last')], {
      name: 'inner',
      inputs: { text: { description: null, schema: {} } },
    })
    const child = { kind: 'workflow', workflow: inner, inputs: { text: 'inputs.text' } } as const
    shop.workflow(
      workflow(
        [
          loop('a', [], {
            until: `score > 80 && size(result.long) == 10000 && size(inputs.text) == 10000`,
            work: turnOf('dev', { output: { type: 'object' } }),
          }),
          work('b', ['a'], { work: child }),
          wait('c', ['b'], { for: 'signal', signal: 'go', timeoutMs: null }),
          work('d', ['c'], { when: 'size(stages.c.result) == 10000' }),
        ],
        { inputs: { text: { description: null, schema: {} } } },
      ),
    )
    const run = await shop.runWorkflow('feature', { inputs: { text: long } })
    await expect.poll(async () => (await standing(run))['c']).toBe('open')
    await run.signal('go', long)
    await run.result(ENDED)
    expect(await standing(run)).toEqual({ a: 'done', b: 'done', c: 'done', d: 'done' })
    expect((await run.status()).stages[0]).toMatchObject({ round: 1 })
  })
})
